import { expect } from 'vitest';
import { cancelPayment } from '../../../src/refunds/cancel-payment.ts';
import { createRefund, type CreateRefundCommand } from '../../../src/refunds/create-refund.ts';
import { watchRequests } from '../../support/rules.ts';
import type { Model, RefundPromise } from './model.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';

export const otherContents = ['reason', 'amount', 'payment', 'void'] as const;

/** A key that made a refund comes back with other content: a conflict, and nothing happens. */
export class Conflict extends Step {
  readonly #of: { on: number; which: number; other: (typeof otherContents)[number] };

  constructor(of: { on: number; which: number; other: (typeof otherContents)[number] }) {
    super();
    this.#of = of;
  }

  override check(model: Readonly<Model>): boolean {
    return model.refunds.size > 0;
  }

  protected async act(model: Model, system: System): Promise<void> {
    const promise = model.promise(this.#of.which)!;
    const requests = await Promise.all(
      ['yookassa', 'razorpay'].map((provider) => watchRequests(system.t, provider)),
    );
    const world = system.world(this.#of.on);
    const result =
      this.#of.other === 'void'
        ? await cancelPayment(world, system.caller, { ...voidOf(promise.command), ifCaptured: 'REFUSE' })
        : await createRefund(world, system.caller, otherContent(model, promise, this.#of.other));
    expect(result, 'I4: other content is a conflict').toMatchObject({
      ok: false,
      problems: [{ type: 'IdempotencyKeyReused', existingRefundId: promise.refundId ?? expect.anything() }],
    });
    for (const since of requests)
      expect(await since('createRefund', 'cancelPayment'), 'without effect').toEqual([]);
  }

  override toString(): string {
    return `Conflict(on ${this.#of.on}, ${this.#of.which}, other ${this.#of.other})`;
  }
}

function otherContent(
  model: Model,
  { command, payment }: RefundPromise,
  other: 'reason' | 'amount' | 'payment',
): CreateRefundCommand {
  if (other === 'reason') return { ...command, reason: 'FRAUDULENT' };
  if (other === 'amount') {
    const money = { minor: payment.amountMinor - 1n, currency: payment.currency };
    return { ...command, amount: { kind: 'money', money } };
  }
  const elsewhere = model.payments.find(({ paymentId }) => paymentId !== payment.paymentId)!;
  return { ...command, payment: { account: elsewhere.account, paymentId: elsewhere.paymentId } };
}

const voidOf = ({ idempotencyKey, payment, reason, note, feeBearer, waitMs }: CreateRefundCommand) => ({
  idempotencyKey,
  payment,
  reason,
  note,
  feeBearer,
  waitMs,
});
