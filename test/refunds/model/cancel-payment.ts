import { expect } from 'vitest';
import { cancelPayment } from '../../../src/refunds/cancel-payment.ts';
import type { RefundId } from '../../../src/ids.ts';
import { newKey } from '../../support/rules.ts';
import { commandOf } from './create.ts';
import type { Model, VoidPromise } from './model.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';

/** A hold is released, or a captured payment refunded instead, with a new key or one that was used. */
export class CancelPayment extends Step {
  readonly #of: { on: number; payment: number; again: boolean; ifCaptured: 'REFUND' | 'REFUSE' };

  constructor(of: { on: number; payment: number; again: boolean; ifCaptured: 'REFUND' | 'REFUSE' }) {
    super();
    this.#of = of;
  }

  protected async act(model: Model, system: System): Promise<void> {
    const earlier = this.#of.again ? [...model.voids.values()].at(-1) : undefined;
    const promise = earlier ?? this.#newPromise(model);
    const { command, payment } = promise;
    const result = await cancelPayment(system.world(this.#of.on), system.caller, command);
    const outcome = result.ok ? result.value.outcome : 'REFUSED';
    if (promise.outcome === 'VOIDED') expect(outcome, 'what was released stays released').toBe('VOIDED');
    const { voided } = await system.t.ledgerOf(payment.paymentId);
    if (outcome === 'VOIDED') expect(voided, 'VOIDED, and the hold is released').toBe(true);
    if (!result.ok || outcome === 'NOTHING_TO_CANCEL') {
      if (earlier === undefined) model.voids.delete(command.idempotencyKey);
      return;
    }
    promise.outcome = outcome;
    if (outcome === 'REFUND_CREATED') this.#noteRefund(model, promise, result.value.refundId!);
    else model.voids.set(command.idempotencyKey, promise);
  }

  #newPromise(model: Model): VoidPromise {
    const payment = model.payment(this.#of.payment);
    const command = {
      idempotencyKey: newKey(),
      payment: { account: payment.account, paymentId: payment.paymentId },
      reason: 'REQUESTED_BY_CUSTOMER' as const,
      note: null,
      ifCaptured: this.#of.ifCaptured,
      feeBearer: payment.kind === 'split' ? ('PLATFORM' as const) : null,
      waitMs: 10_000,
    };
    return { command, payment, outcome: null };
  }

  /** From then on the key is a refund like any other. */
  #noteRefund(model: Model, { command, payment }: VoidPromise, refundId: RefundId): void {
    const { ifCaptured: _, ...same } = command;
    model.refunds.set(command.idempotencyKey, {
      payment,
      refundId,
      command: commandOf(payment, { ...same, amount: { kind: 'remaining' } }),
    });
  }

  override toString(): string {
    const { on, payment, again, ifCaptured } = this.#of;
    return `CancelPayment(on ${on}, ${again ? 'again' : `payment ${payment}, ifCaptured ${ifCaptured}`})`;
  }
}
