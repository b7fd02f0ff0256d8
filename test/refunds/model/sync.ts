import { expect } from 'vitest';
import { syncRefund } from '../../../src/refunds/sync-refund.ts';
import type { Model } from './model.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';

/** Somebody asks what became of a refund, perhaps in two processes at once. */
export class Sync extends Step {
  readonly #of: { on: number; which: number; twice: boolean };

  constructor(of: { on: number; which: number; twice: boolean }) {
    super();
    this.#of = of;
  }

  override check(model: Readonly<Model>): boolean {
    return model.known(0) !== undefined;
  }

  protected async act(model: Model, system: System): Promise<void> {
    const { refundId } = model.known(this.#of.which, 'QUEUED', 'PENDING', 'UNKNOWN', 'MANUAL_REVIEW')!;
    const sync = (on: number) => syncRefund(system.world(on), system.caller, { refundId, waitMs: 10_000 });
    const results = await Promise.all(
      this.#of.twice ? [sync(this.#of.on), sync(this.#of.on + 1)] : [sync(this.#of.on)],
    );
    for (const result of results) expect(result.ok).toBe(true);
  }

  override toString(): string {
    return `Sync(on ${this.#of.on}, ${this.#of.which}${this.#of.twice ? ', twice' : ''})`;
  }
}
