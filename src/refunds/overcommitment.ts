import type { Kysely } from 'kysely';
import { listLegs, listLegShares, listOpenLegs, type Leg } from '../db/legs.ts';
import {
  clearOvercommitment,
  listPaymentSources,
  lockPaymentForUpdate,
  type Payment,
  type PaymentSource,
} from '../db/payments.ts';
import type { Database } from '../db/tables.ts';
import type { Failure } from '../errors.ts';
import type { LegId, RefundId } from '../ids.ts';
import type { FactContext } from './apply-facts.ts';
import { moveLeg } from './move-leg.ts';

export const noLongerLeft: Failure = {
  code: 'AMOUNT_EXCEEDS_REFUNDABLE',
  message: 'A refund that was made elsewhere took the money that this one was to return. It was never sent.',
  retry: 'NEVER',
  providerCode: null,
};

/**
 * After a provider's facts were recorded (MONEY section 6): where they broke the sum, an alarm is raised and what
 * was not sent fails, newest first, until the sum holds again. Where it holds, the mark is taken away. Under the
 * payment's lock.
 *
 * @param before the payment as it was before the facts
 * @returns the refunds that failed
 */
export async function settleOvercommitment(
  tx: Kysely<Database>,
  context: Pick<FactContext, 'alerts' | 'by'>,
  before: Payment,
): Promise<RefundId[]> {
  const payment = await lockPaymentForUpdate(tx, before.merchant_id, before.id);
  if (payment === undefined || !payment.overcommitted) return [];
  let excessMinor = payment.refunded_minor + payment.reserved_minor - payment.captured_minor;
  if (!before.overcommitted && excessMinor > 0n)
    context.alerts.raise(
      'PAYMENT_OVERCOMMITTED',
      { paymentId: payment.id, excessMinor: excessMinor.toString() },
      'refunds of this payment add up to more than was captured',
    );
  const failed: RefundId[] = [];
  for (const leg of (await listOpenLegs(tx, payment.id)).toReversed()) {
    if (excessMinor <= 0n || leg.status !== 'QUEUED') continue;
    await failUnsent(tx, context, payment, leg);
    excessMinor -= leg.amount_minor;
    failed.push(leg.refund_id);
  }
  await clearOvercommitment(tx, payment.id);
  return failed;
}

/**
 * The same for each seller of a split payment: where a fact broke its sum, or that of its commission, legs
 * that were never sent fail until it holds again. The payment's own sum may be whole all the while.
 *
 * @param before the sources as they were before the facts: what was broken then was told then
 * @returns the refunds that lost a leg
 */
export async function settleSources(
  tx: Kysely<Database>,
  context: Pick<FactContext, 'alerts' | 'by'>,
  payment: Payment,
  before: readonly PaymentSource[],
): Promise<RefundId[]> {
  const broken = (await listPaymentSources(tx, payment.id)).filter((source) => source.overcommitted);
  if (broken.length === 0) return [];
  const unsent = (await listOpenLegs(tx, payment.id)).filter((leg) => leg.status === 'QUEUED').toReversed();
  const unsentIds = unsent.map((leg) => leg.id);
  const shares = unsent.length === 0 ? [] : await listLegShares(tx, payment.merchant_id, unsentIds);
  const failed = new Map<LegId, RefundId>();
  const wasBroken = new Set(before.filter((source) => source.overcommitted).map(({ id }) => id));
  for (const source of broken) {
    let excessMinor = source.refunded_minor + source.reserved_minor - source.captured_minor;
    let excessFeeMinor =
      source.fee_returned_minor + source.fee_reserved_minor - (source.platform_fee_minor ?? 0n);
    // The only source of a payment is the payment, which was told of already.
    const isTold = before.length === 1 ? excessMinor > 0n : wasBroken.has(source.id);
    if (!isTold)
      context.alerts.raise(
        'SELLER_OVERCOMMITTED',
        { paymentId: payment.id, excessMinor: excessMinor.toString() },
        'refunds of one seller of this payment add up to more than was captured or withheld',
      );
    for (const leg of unsent) {
      const share = shares.find((row) => row.leg_id === leg.id && row.source.id === source.id);
      if (share === undefined || (excessMinor <= 0n && excessFeeMinor <= 0n)) continue;
      if (!failed.has(leg.id)) await failUnsent(tx, context, payment, leg);
      failed.set(leg.id, leg.refund_id);
      excessMinor -= share.amount_minor;
      excessFeeMinor -= share.platform_fee_minor ?? 0n;
    }
  }
  return [...failed.values()];
}

/** Nothing of the leg was ever executed, so that its failure is definite. */
export async function failUnsent(
  tx: Kysely<Database>,
  context: Pick<FactContext, 'by'>,
  payment: Payment,
  leg: Leg,
  failure: Failure = noLongerLeft,
): Promise<void> {
  await moveLeg(tx, payment, await listLegs(tx, leg.refund_id), leg, {
    to: 'FAILED',
    cause: 'evidence',
    source: 'SERVICE',
    by: context.by,
    patch: { failure },
    evidence: { code: failure.code },
  });
}
