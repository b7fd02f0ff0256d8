import { expect } from 'vitest';
import { retryRefund } from '../../../src/refunds/retry-refund.ts';
import { refundRow } from '../../support/rules.ts';
import type { Model } from './model.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';

/** Somebody retries a refund, perhaps twice with one click. */
export class Retry extends Step {
  readonly #of: { on: number; which: number; twice: boolean };

  constructor(of: { on: number; which: number; twice: boolean }) {
    super();
    this.#of = of;
  }

  override check(model: Readonly<Model>): boolean {
    return model.known(0) !== undefined;
  }

  protected async act(model: Model, system: System): Promise<void> {
    const { refundId } = model.known(this.#of.which, 'FAILED', 'PARTIALLY_SUCCEEDED')!;
    const before = await refundRow(system.t, refundId);
    const command = { refundId, expectedRetries: before.retries, waitMs: 10_000 };
    const retry = (on: number) => retryRefund(system.world(on), system.caller, command);
    const results = await Promise.all(
      this.#of.twice ? [retry(this.#of.on), retry(this.#of.on + 1)] : [retry(this.#of.on)],
    );
    const after = await refundRow(system.t, refundId);
    const took = results.filter((result) => result.ok && !result.value.replayed).length;
    expect(took, 'a retry happens once').toBe(after.retries - before.retries);
    expect(after.retries - before.retries, 'a retry happens once').toBeLessThanOrEqual(1);
    // What was open may turn out to have failed while it is read, and is retried then.
    if (['SUCCEEDED', 'CANCELED'].includes(before.status))
      expect(took, `${before.status} was retried`).toBe(0);
  }

  override toString(): string {
    return `Retry(on ${this.#of.on}, ${this.#of.which}${this.#of.twice ? ', twice' : ''})`;
  }
}
