import type { Kysely } from 'kysely';
import { findAttemptBehind } from '../db/legs.ts';
import type { ProviderRefund } from '../db/provider-refunds.ts';
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
