import type { Leg, LegShareRow, Refund } from '../db/legs.ts';
import type { Payment, PaymentSource } from '../db/payments.ts';
import type { Problem } from '../errors.ts';
import type { LegId } from '../ids.ts';
import { toCurrency } from '../money.ts';
import type { Capabilities } from '../providers/provider.ts';
import { whyNotAgain } from './decide-refund.ts';
import { feeRestOf } from './platform-fee.ts';
import { restOf } from './plan-split.ts';
import { whyAmountDoesNotFit, whyNotRefundable } from './refundability.ts';

/** Everything that decides whether a refund may be retried now. */
export interface RetrySituation {
  readonly refund: Pick<Refund, 'status' | 'origin'>;
  readonly legs: readonly Pick<Leg, 'id' | 'status' | 'amount_minor'>[];
  /** The shares of its legs. */
  readonly shares: readonly Pick<LegShareRow, 'leg_id' | 'amount_minor' | 'platform_fee_minor' | 'source'>[];
  readonly payment: Payment;
  /** Of its account's provider; undefined where the account is not configured. */
  readonly capabilities: Capabilities | undefined;
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
  retryAfterMs: 5_000,
};

/** Why the failed legs of a refund may not be sent again now; undefined when they may. Pure. */
export function whyNotRetryable(situation: RetrySituation): Problem | undefined {
  const { refund, legs, payment, capabilities, now } = situation;
  const isFailed = refund.status === 'FAILED' || refund.status === 'PARTIALLY_SUCCEEDED';
  const failed = legs.filter((leg) => leg.status === 'FAILED');
  if (refund.origin === 'EXTERNAL' || !isFailed || failed.length === 0) return notRetryable();
  if (situation.isReplaced)
    return notRetryable('Another refund has taken the place of this one. Look at that.');
  const amountMinor = failed.reduce((sum, leg) => sum + leg.amount_minor, 0n);
  const problem =
    whyNotRefundable(payment, now) ??
    whyAmountDoesNotFit(payment, amountMinor) ??
    (capabilities && whyNotAgain({ payment, capabilities })) ??
    whySharesDoNotFit(situation, new Set(failed.map((leg) => leg.id))) ??
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
