import type { IdempotencyRow } from '../db/idempotency.ts';
import { refuse, succeed, type Problem, type Result } from '../errors.ts';
import type { PaymentId, RefundId } from '../ids.ts';
import { contentHash } from './content-hash.ts';
import type { CreateRefundCommand, RefundCreated } from './create-refund.ts';
import type { AmountWish } from './refund-wish.ts';

/** What makes two createRefund inputs the same: everything but the key itself and `waitMs`. */
export const refundContentHash = (command: CreateRefundCommand, paymentId: PaymentId): Buffer =>
  contentHash({
    mutation: 'createRefund',
    paymentId,
    amount: amountContent(command.amount),
    feeBearer: command.feeBearer,
    speed: command.speed,
    expectedRefundable: command.expectedRefundable,
    replaces: command.replaces,
    reason: command.reason,
    note: command.note,
    reference: command.reference,
    metadata: Object.keys(command.metadata).length > 0 ? command.metadata : null,
    receipt: command.receipt,
  });

const amountContent = (amount: AmountWish): unknown => {
  if (amount.kind === 'remaining') return 'remaining';
  if (amount.kind === 'money') return { minor: amount.money.minor, currency: amount.money.currency };
  if (amount.kind === 'items') return amount.items.toSorted((a, b) => (a.item < b.item ? -1 : 1));
  return amount.sources.toSorted((a, b) => (a.seller < b.seller ? -1 : 1));
};

/**
 * A key that is known answers with the refund it made, or is refused: the content is another. Undefined where the key
 * is that of an operation which this refund goes on from, and which has made none yet.
 *
 * @param paymentId of the payment that the command names; undefined: it is not stored
 */
export function replayOf(
  command: CreateRefundCommand,
  earlier: IdempotencyRow,
  paymentId: PaymentId | undefined,
): Result<RefundCreated> | undefined {
  if (command.continues != null && earlier.operation_id === command.continues)
    return earlier.refund_id === null ? undefined : succeed({ refundId: earlier.refund_id, replayed: true });
  const refundId = earlier.refund_id;
  if (refundId === null || paymentId === undefined) return refuse(sameKeyOtherContent(refundId));
  return earlier.content_hash.equals(refundContentHash(command, paymentId))
    ? succeed({ refundId, replayed: true })
    : refuse(sameKeyOtherContent(refundId));
}

export const sameKeyOtherContent = (existingRefundId: RefundId | null): Problem => ({
  type: 'IdempotencyKeyReused',
  code: 'IDEMPOTENCY_KEY_REUSED',
  message: 'This key was used with other content. Nothing was done; use a new key for a new intention.',
  path: ['input', 'idempotencyKey'],
  retry: 'NEVER',
  existingRefundId,
});
