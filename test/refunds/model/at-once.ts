import { expect } from 'vitest';
import { createRefund } from '../../../src/refunds/create-refund.ts';
import { newKey } from '../../support/rules.ts';
import { described, noteCreated, type Creation } from './create.ts';
import type { Model } from './model.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';
import { planWish } from './wish.ts';

/** Two processes are asked for the same at once, with one key or with two. */
export class AtOnce extends Step {
  readonly #of: Creation & { readonly sameKey: boolean };

  constructor(of: Creation & { readonly sameKey: boolean }) {
    super();
    this.#of = of;
  }

  protected async act(model: Model, system: System): Promise<void> {
    const payment = model.payment(this.#of.payment);
    const planned = await planWish(system, payment, this.#of.wish);
    if (planned === undefined) return;
    const { command } = planned;
    const twin = this.#of.sameKey ? command : { ...command, idempotencyKey: newKey() };
    const [one, other] = await Promise.all([
      createRefund(system.world(0), system.caller, command),
      createRefund(system.world(1), system.caller, twin),
    ]);
    if (planned.isTooMuch)
      expect([one.ok, other.ok], 'more than is left was accepted').toEqual([false, false]);
    if (!this.#of.sameKey) {
      noteCreated(model, payment, command, one);
      noteCreated(model, payment, twin, other);
      return;
    }
    if (one.ok && other.ok) {
      expect(other.value.refundId, 'I4: one key at once is one refund').toBe(one.value.refundId);
      expect(one.value.replayed, 'one of the two made it').not.toBe(other.value.replayed);
    }
    const winner = [one, other].find((each) => each.ok && !each.value.replayed) ?? one;
    noteCreated(model, payment, command, winner);
  }

  override toString(): string {
    return `AtOnce(${described(this.#of)}, ${this.#of.sameKey ? 'one key' : 'two keys'})`;
  }
}
