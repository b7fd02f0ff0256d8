import type { Kysely } from 'kysely';
import { listLegs, listOpenLegs } from '../db/legs.ts';
import { clearOvercommitment, lockPaymentForUpdate, type Payment } from '../db/payments.ts';
import type { Database } from '../db/tables.ts';
import type { Failure } from '../errors.ts';
import type { RefundId } from '../ids.ts';
import type { FactContext } from './apply-facts.ts';
import { moveLeg } from './move-leg.ts';

const noLongerLeft: Failure = {
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
  context: Pick<FactContext, 'log' | 'by'>,
  before: Payment,
): Promise<RefundId[]> {
  const payment = await lockPaymentForUpdate(tx, before.merchant_id, before.id);
  if (payment === undefined || !payment.overcommitted) return [];
  let excessMinor = payment.refunded_minor + payment.reserved_minor - payment.captured_minor;
  if (!before.overcommitted)
    context.log.error(
      { alert: 'PAYMENT_OVERCOMMITTED', paymentId: payment.id, excessMinor: excessMinor.toString() },
      'refunds of this payment add up to more than was captured',
    );
  const failed: RefundId[] = [];
  for (const leg of (await listOpenLegs(tx, payment.id)).toReversed()) {
    if (excessMinor <= 0n || leg.status !== 'QUEUED') continue;
    await moveLeg(tx, payment, await listLegs(tx, leg.refund_id), leg, {
      to: 'FAILED',
      cause: 'evidence',
      source: 'SERVICE',
      by: context.by,
      patch: { failure: noLongerLeft },
    });
    excessMinor -= leg.amount_minor;
    failed.push(leg.refund_id);
  }
  await clearOvercommitment(tx, payment.id);
  return failed;
}
