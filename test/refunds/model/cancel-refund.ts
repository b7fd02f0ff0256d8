import { expect } from 'vitest';
import { cancelRefund } from '../../../src/refunds/cancel-refund.ts';
import { refundRow } from '../../support/rules.ts';
import type { Model } from './model.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';

/** Somebody stops a refund: what was never sent ends, and nothing else. */
export class CancelRefund extends Step {
  readonly #on: number;
  readonly #which: number;

  constructor({ on, which }: { on: number; which: number }) {
    super();
    this.#on = on;
    this.#which = which;
  }

  override check(model: Readonly<Model>): boolean {
    return model.known(0) !== undefined;
  }

  protected async act(model: Model, system: System): Promise<void> {
    const { refundId } = model.known(this.#which, 'QUEUED')!;
    const before = await refundRow(system.t, refundId);
    const result = await cancelRefund(system.world(this.#on), system.caller, { refundId });
    const after = await refundRow(system.t, refundId);
    const queued = before.legs.filter(({ status }) => status === 'QUEUED');
    const isCanceled = before.legs.every(({ status }) => status === 'CANCELED');
    expect(result.ok, 'only what was never sent is canceled').toBe(queued.length > 0 || isCanceled);
    for (const leg of before.legs)
      expect(after.legs.find(({ id }) => id === leg.id)!.status).toBe(
        queued.includes(leg) ? 'CANCELED' : leg.status,
      );
  }

  override toString(): string {
    return `CancelRefund(on ${this.#on}, ${this.#which})`;
  }
}
