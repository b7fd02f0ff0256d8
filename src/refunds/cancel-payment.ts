import { findIdempotency } from '../db/idempotency.ts';
import { findOperation } from '../db/operations.ts';
import type { Payment } from '../db/payments.ts';
import { refuse, succeed, type Problem, type Result } from '../errors.ts';
import { failpoint } from '../failpoints.ts';
import type { OperationId, PaymentId, RefundId } from '../ids.ts';
import type { FeeBearer, RefundReason } from '../vocabulary.ts';
import { readClocks } from './claim.ts';
import { contentHash } from './content-hash.ts';
import { createRefund, type CreateRefundCommand, type RefundCreated } from './create-refund.ts';
import { whyNotYet } from './decide-refund.ts';
import { findStoredPayment } from './find-payment.ts';
import { locatePayment, type LocatedPayment } from './locate-payment.ts';
import type { PaymentRef } from './payment-ref.ts';
import { refundContentHash, sameKeyOtherContent } from './replay.ts';
import { refundableOf } from './refundability.ts';
import { canBeStopped, openVoid, type StoppablePayment } from './open-void.ts';
import { concludeVoid, resumeVoid, type VoidConclusion } from './run-void.ts';
import { seePayment } from './see-payment.ts';
import type { Caller, World } from './world.ts';

export interface CancelPaymentCommand {
  readonly idempotencyKey: string;
  readonly payment: PaymentRef;
  readonly reason: RefundReason;
  readonly note: string | null;
  /** What to do with a payment that was captured: refuse, or refund what remains. */
  readonly ifCaptured: 'REFUSE' | 'REFUND';
  /** For the refund of a captured split payment. */
  readonly feeBearer: FeeBearer | null;
  readonly waitMs: number;
}

export type CancelOutcome = 'VOIDED' | 'IN_PROGRESS' | 'REFUND_CREATED' | 'NOTHING_TO_CANCEL';

export interface PaymentCanceled {
  readonly outcome: CancelOutcome;
  readonly paymentId: PaymentId;
  readonly refundId: RefundId | null;
  readonly replayed: boolean;
}

const path = ['input', 'payment'];

const notCancelable = (message: string): Problem => ({
  type: 'NotCancelable',
  code: 'NOT_CANCELABLE',
  message,
  path,
  retry: 'NEW_REQUEST',
});

/**
 * Stops a payment before its money moves: a hold is released at the provider, an unpaid payment is closed where the
 * provider can. A captured payment is refused, or, when asked for, refunded like by createRefund under the same key,
 * also where it was captured while it was being stopped. The same key again finds out how a void whose answer was lost
 * has ended (MONEY section 8).
 */
export async function cancelPayment(
  world: World,
  caller: Caller,
  command: CancelPaymentCommand,
): Promise<Result<PaymentCanceled>> {
  const earlier = await findEarlier(world, caller, command);
  if (earlier !== undefined) return earlier;
  const located = await locatePayment(world, caller, command.payment);
  if (!located.ok) return located;
  const payment = await freshPayment(world, located.value);
  if (!payment.ok) return payment;
  if (payment.value.state !== 'AUTHORIZED') {
    // The same key may have been at work in another request while this one was reading the payment.
    const raced = await findEarlier(world, caller, command);
    if (raced !== undefined) return raced;
  }
  const { state } = payment.value;
  switch (state) {
    case 'AUTHORIZED':
    case 'PENDING':
      return voidPayment(world, caller, command, { ...located.value, payment: { ...payment.value, state } });
    case 'CAPTURED':
      return orOfSameKey(world, caller, command, await refundInstead(world, caller, command, payment.value));
    case 'CANCELED':
    case 'FAILED':
      return succeed(nothingToCancel(payment.value));
  }
}

const nothingToCancel = (payment: Payment): PaymentCanceled => ({
  outcome: 'NOTHING_TO_CANCEL',
  paymentId: payment.id,
  refundId: null,
  replayed: false,
});

/** What a void is decided on is always read now: a hold may have been captured or released a moment ago. */
async function freshPayment(world: World, located: LocatedPayment): Promise<Result<Payment>> {
  if (located.isFresh) return succeed(located.payment);
  const sight = await seePayment(world, located.connection, located.payment.provider_payment_id);
  if (sight.kind === 'seen') return succeed(sight.payment);
  return refuse(
    sight.kind === 'absent'
      ? notCancelable('The provider does not know this payment any more.')
      : { type: 'ProviderProblem', ...sight.failure, path, retry: 'SAME_KEY' },
  );
}

async function refundInstead(
  world: World,
  caller: Caller,
  command: CancelPaymentCommand,
  payment: Payment,
  continues: OperationId | null = null,
): Promise<Result<PaymentCanceled>> {
  if (payment.refunded_minor >= payment.captured_minor) return succeed(nothingToCancel(payment));
  if (command.ifCaptured === 'REFUSE')
    return refuse(notCancelable('The payment was captured. Refund it, or ask with ifCaptured: REFUND.'));
  if (refundableOf(payment) === 0n && payment.reserved_minor > 0n) return succeed(nothingToCancel(payment));
  return refundCreated(
    payment.id,
    await createRefund(world, caller, { ...refundCommand(command), continues }),
  );
}

function refundCreated(paymentId: PaymentId, created: Result<RefundCreated>): Result<PaymentCanceled> {
  if (!created.ok) return created;
  const { refundId, replayed } = created.value;
  return succeed({ outcome: 'REFUND_CREATED', paymentId, refundId, replayed });
}

const refundCommand = (command: CancelPaymentCommand): CreateRefundCommand => ({
  idempotencyKey: command.idempotencyKey,
  payment: command.payment,
  amount: { kind: 'remaining' },
  reason: command.reason,
  note: command.note,
  reference: null,
  metadata: {},
  receipt: null,
  feeBearer: command.feeBearer,
  speed: null,
  expectedRefundable: null,
  replaces: null,
  waitMs: command.waitMs,
});

/** What makes two cancelPayment inputs the same; `waitMs` is no part of it. */
const voidContentHash = (command: CancelPaymentCommand, paymentId: PaymentId): Buffer =>
  contentHash({
    mutation: 'cancelPayment',
    paymentId,
    reason: command.reason,
    note: command.note,
    ifCaptured: command.ifCaptured,
    feeBearer: command.feeBearer,
  });

async function findEarlier(
  world: World,
  caller: Caller,
  command: CancelPaymentCommand,
): Promise<Result<PaymentCanceled> | undefined> {
  const { merchantId } = caller.viewer;
  const earlier = await findIdempotency(world.db, merchantId, command.idempotencyKey);
  if (earlier === undefined) return undefined;
  const payment = await findStoredPayment(world, merchantId, command.payment);
  if (payment === undefined) return refuse(sameKeyOtherContent(earlier.refund_id));
  if (earlier.operation_id === null) {
    const isSame =
      command.ifCaptured === 'REFUND' &&
      earlier.content_hash.equals(refundContentHash(refundCommand(command), payment.id));
    if (!isSame) return refuse(sameKeyOtherContent(earlier.refund_id));
    // What the key has made is told, whatever the payment is now.
    return refundCreated(payment.id, await createRefund(world, caller, refundCommand(command)));
  }
  if (!earlier.content_hash.equals(voidContentHash(command, payment.id)))
    return refuse(sameKeyOtherContent(earlier.refund_id));
  if (earlier.refund_id !== null)
    return succeed({
      outcome: 'REFUND_CREATED',
      paymentId: payment.id,
      refundId: earlier.refund_id,
      replayed: true,
    });
  const conclusion = await resumeVoid(world, merchantId, earlier.operation_id, command.waitMs);
  return toPayload(world, caller, command, conclusion, earlier.operation_id, payment.id, true);
}

async function voidPayment(
  world: World,
  caller: Caller,
  command: CancelPaymentCommand,
  located: LocatedPayment & { readonly payment: StoppablePayment },
): Promise<Result<PaymentCanceled>> {
  const { payment, connection } = located;
  const { adapter } = connection;
  if (!canBeStopped(adapter.capabilities, payment.state)) {
    const isNotYetRefundable = adapter.isNotYetRefundable?.(payment.raw_status) ?? false;
    return refuse(whyNotYet({ isNotYetRefundable }) ?? cannotStop[payment.state]);
  }
  const hash = voidContentHash(command, payment.id);
  const since = readClocks(world);
  const opened = await openVoid(world, caller, command, connection, payment, hash);
  // A state is never left for an earlier one, so that this ends.
  if (opened === 'changed') return cancelPayment(world, caller, command);
  if (!opened.ok) return orOfSameKey(world, caller, command, opened);
  failpoint('void.after-intent');
  const operation = await findOperation(world.db, caller.viewer.merchantId, opened.value);
  if (operation === undefined) throw new Error(`operation ${opened.value} has vanished`);
  const conclusion = await concludeVoid(world, connection, operation, since, command.waitMs);
  return toPayload(world, caller, command, conclusion, operation.id, payment.id, false);
}

/** The same key may have been first in another request of this moment: then that is what it has done. */
async function orOfSameKey(
  world: World,
  caller: Caller,
  command: CancelPaymentCommand,
  result: Result<PaymentCanceled> | Extract<Result<never>, { ok: false }>,
): Promise<Result<PaymentCanceled>> {
  const isTaken = !result.ok && result.problems.some(({ type }) => type === 'IdempotencyKeyReused');
  return (isTaken ? await findEarlier(world, caller, command) : undefined) ?? result;
}

const cannotStop: Record<StoppablePayment['state'], Problem> = {
  AUTHORIZED: {
    type: 'CapabilityMissing',
    code: 'CAPABILITY_MISSING',
    message: 'This provider cannot release a hold.',
    path,
    retry: 'NEVER',
    capability: 'voidAuthorized',
    alternative: 'The hold ends by itself.',
  },
  PENDING: {
    type: 'CapabilityMissing',
    code: 'CAPABILITY_MISSING',
    message: 'The payment is not paid yet, and this provider cannot close it before.',
    path,
    retry: 'NEVER',
    capability: 'cancelUnpaid',
    alternative: 'It ends by itself when it is not paid; once it is paid, refund it.',
  },
};

async function toPayload(
  world: World,
  caller: Caller,
  command: CancelPaymentCommand,
  conclusion: VoidConclusion,
  operationId: OperationId,
  paymentId: PaymentId,
  replayed: boolean,
): Promise<Result<PaymentCanceled>> {
  switch (conclusion.kind) {
    case 'done':
      return succeed({ outcome: conclusion.outcome, paymentId, refundId: null, replayed });
    case 'refunded':
      return succeed({ outcome: 'REFUND_CREATED', paymentId, refundId: conclusion.refundId, replayed });
    case 'captured':
      if (command.ifCaptured === 'REFUSE') return refuse(conclusion.problem);
      return refundInstead(world, caller, command, conclusion.payment, operationId);
    case 'refused':
      return refuse(conclusion.problem);
  }
}
