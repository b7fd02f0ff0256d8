import type fc from 'fast-check';
import { expectInvariants } from './invariants.ts';
import type { Model } from './model.ts';
import type { System } from './system.ts';

/** One thing that happens, and everything that must hold after it. */
export abstract class Step implements fc.AsyncCommand<Model, System> {
  check(_model: Readonly<Model>): boolean {
    return true;
  }

  async run(model: Model, system: System): Promise<void> {
    await this.act(model, system);
    await system.idle();
    await expectInvariants(model, system);
  }

  protected abstract act(model: Model, system: System): Promise<void>;

  abstract toString(): string;
}
