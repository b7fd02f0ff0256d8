import type { Leg, LegShareRow, Refund } from '../db/legs.ts';
import type { LegItemRow } from '../db/payment-items.ts';
import type { Payment, PaymentSource } from '../db/payments.ts';
import type { Problem } from '../errors.ts';
import type { LegId } from '../ids.ts';
import { toCurrency } from '../money.ts';
import { feeRestOf } from './platform-fee.ts';
import { restOf } from './plan-split.ts';
import { retryAfterMs } from './refund-situation.ts';
import { refundableOfItem } from './refundable-items.ts';
import { whyAmountDoesNotFit, whyNotRefundable } from './refundability.ts';

/** Everything that decides whether a refund may be retried now. */
export interface RetrySituation {
  readonly refund: Pick<Refund, 'status' | 'origin'>;
  readonly legs: readonly Pick<Leg, 'id' | 'status' | 'amount_minor'>[];
  /** The shares of its legs. */
  readonly shares: readonly Pick<LegShareRow, 'leg_id' | 'amount_minor' | 'platform_fee_minor' | 'source'>[];
  readonly payment: Payment;
  /** What its legs take of the cart; empty where the provider knows no items. */
  readonly items: readonly LegItemRow[];
  /** False where the provider refunds a payment once. */
  readonly takesSeveral: boolean;
  readonly isReplaced: boolean;
  /** True while a cancelPayment of the payment is not finished. */
  readonly isBeingCanceled: boolean;
  readonly now: Date;
}

const path = ['input', 'refund'];

export const notRetryable = (
  message = 'Only a refund with a definitely failed part can be retried. Make a new refund instead.',
): Problem => ({ type: 'NotRetryable', code: 'NOT_RETRYABLE', message, path, retry: 'NEVER' });

const beingCanceled: Problem = {
  type: 'OperationInProgress',
  code: 'ANOTHER_OPERATION_IN_PROGRESS',
  message: 'The payment is being canceled. Wait for that to end.',
  path,
  retry: 'WAIT',
  existingRefundId: null,
  retryAfterMs,
};

/** Why the failed legs of a refund may not be sent again now; undefined when they may. Pure. */
export function whyNotRetryable(situation: RetrySituation): Problem | undefined {
  const { refund, legs, payment, now } = situation;
  const isFailed = refund.status === 'FAILED' || refund.status === 'PARTIALLY_SUCCEEDED';
  const failed = legs.filter((leg) => leg.status === 'FAILED');
  if (refund.origin === 'EXTERNAL' || !isFailed || failed.length === 0) return notRetryable();
  if (situation.isReplaced)
    return notRetryable('Another refund has taken the place of this one. Look at that.');
  const amountMinor = failed.reduce((sum, leg) => sum + leg.amount_minor, 0n);
  const problem =
    whyNotRefundable(payment, now) ??
    whyAmountDoesNotFit(payment, amountMinor) ??
    whySharesDoNotFit(situation, new Set(failed.map((leg) => leg.id))) ??
    whyItemsDoNotFit(situation, new Set(failed.map((leg) => leg.id))) ??
    whyNotOnlyOne(situation) ??
    (situation.isBeingCanceled ? beingCanceled : undefined);
  if (problem === undefined) return undefined;
  // What can be retried is never made anew: the amount may be free again later.
  const retry = problem.retry === 'NEW_REQUEST' ? 'RETRY_REFUND' : problem.retry;
  return { ...problem, path, retry };
}

/** Each seller must still have what its failed legs return, and the platform what it gives back with them. */
function whySharesDoNotFit(
  { shares, payment }: RetrySituation,
  failed: ReadonlySet<LegId>,
): Problem | undefined {
  const wanted = new Map<
    PaymentSource['id'],
    { source: PaymentSource; amountMinor: bigint; feeMinor: bigint }
  >();
  for (const share of shares) {
    if (!failed.has(share.leg_id)) continue;
    const sum = wanted.get(share.source.id) ?? { source: share.source, amountMinor: 0n, feeMinor: 0n };
    sum.amountMinor += share.amount_minor;
    sum.feeMinor += share.platform_fee_minor ?? 0n;
    wanted.set(share.source.id, sum);
  }
  for (const { source, amountMinor, feeMinor } of wanted.values()) {
    if (amountMinor > restOf(source))
      return {
        type: 'AmountExceedsRefundable',
        code: 'AMOUNT_EXCEEDS_REFUNDABLE',
        message: 'More than is left of a seller of this refund. Make a new refund of at most "refundable".',
        path,
        retry: 'NEW_REQUEST',
        refundable: { minor: restOf(source), currency: toCurrency(payment.currency) },
      };
    if (feeMinor > feeRestOf(source))
      return notRetryable(
        'Too little is left of the commission that this refund gives back. Make a new refund instead.',
      );
  }
  return undefined;
}

/** Each line of the cart must still have what the failed legs take of it. */
function whyItemsDoNotFit(
  { items, payment }: RetrySituation,
  failed: ReadonlySet<LegId>,
): Problem | undefined {
  const wanted = Map.groupBy(
    items.filter((part) => failed.has(part.leg_id)),
    (part) => part.line.id,
  );
  for (const parts of wanted.values()) {
    const left = refundableOfItem(parts[0]!.line);
    const hundredths = parts.reduce((sum, part) => sum + part.quantity_hundredths, 0n);
    const minor = parts.reduce((sum, part) => sum + part.amount_minor, 0n);
    if (hundredths > left.hundredths || minor > left.minor)
      return {
        type: 'AmountExceedsRefundable',
        code: 'AMOUNT_EXCEEDS_REFUNDABLE',
        message: 'More than is left of an item of this refund. Make a new refund instead.',
        path,
        retry: 'NEW_REQUEST',
        refundable: { minor: left.minor, currency: toCurrency(payment.currency) },
      };
  }
  return undefined;
}

/** Where a payment is refunded once, another refund of it has taken the place of this one. */
function whyNotOnlyOne({ takesSeveral, payment }: RetrySituation): Problem | undefined {
  const isRefunded = payment.refunded_minor > 0n || payment.reserved_minor > 0n || payment.unbound_minor > 0n;
  return takesSeveral || !isRefunded
    ? undefined
    : notRetryable('The provider refunds a payment once, and another refund of this one was made.');
}
