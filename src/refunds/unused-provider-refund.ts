import type { Kysely } from 'kysely';
import { findAttemptBehind } from '../db/legs.ts';
import { listProviderRefunds, type ProviderRefund } from '../db/provider-refunds.ts';
import type { PaymentId } from '../ids.ts';
import type { Database } from '../db/tables.ts';
import type { UnclearLeg } from '../db/unclear-legs.ts';
import { invalidInput, type Problem } from '../errors.ts';
import type { Money } from '../money.ts';
import { verdictPath, whyNotSucceeded } from './resolvable.ts';

/**
 * Why a provider refund of a payment cannot be the one that executed this leg: it is another's, of another amount,
 * or did not succeed. Undefined when it can. Under the payment's lock.
 */
export async function whyNotOfThisLeg(
  tx: Kysely<Database>,
  row: ProviderRefund,
  leg: UnclearLeg,
  amount: Money,
): Promise<Problem | undefined> {
  const path = [...verdictPath, 'returned', 'providerRefundId'];
  const made = await findAttemptBehind(tx, row.payment_id, {
    providerRefundId: row.provider_refund_id,
    ourReference: row.our_reference,
  });
  const isAnothers = row.leg_id !== null || (made !== undefined && made.leg.id !== leg.id);
  if (isAnothers) return invalidInput(path, 'That refund of the provider belongs to another refund here.');
  if (row.amount_minor !== amount.minor || row.currency !== amount.currency)
    return invalidInput(path, 'That refund of the provider is of another amount than you state.');
  return whyNotSucceeded(row.status);
}

/** Statuses of provider refunds that lower what is refundable while they are nobody's. */
const counted: readonly string[] = ['PENDING', 'SUCCEEDED', 'UNRECOGNISED'];

/**
 * Why a refund cannot be called returned without an id: the provider has shown one of this amount that is nobody's, and
 * the money would be counted twice, as refunded and as not attributed. Under the payment's lock.
 */
export async function whyNotWithoutId(
  tx: Kysely<Database>,
  paymentId: PaymentId,
  amount: Money,
): Promise<Problem | undefined> {
  const shown = (await listProviderRefunds(tx, paymentId)).some(
    (row) =>
      row.leg_id === null &&
      counted.includes(row.status) &&
      row.amount_minor === amount.minor &&
      row.currency === amount.currency,
  );
  if (!shown) return undefined;
  return invalidInput(
    [...verdictPath, 'returned', 'noProviderId'],
    'The provider has shown a refund of this amount that belongs to no refund here. Name its id as `providerRefundId`.',
  );
}
