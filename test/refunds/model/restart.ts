import type { Model } from './model.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';

/** A process ends after its work, and another begins with nothing but the database. */
export class Restart extends Step {
  readonly #on: number;

  constructor({ on }: { on: number }) {
    super();
    this.#on = on;
  }

  protected async act(_model: Model, system: System): Promise<void> {
    await system.restart(this.#on);
  }

  override toString(): string {
    return `Restart(${this.#on})`;
  }
}
