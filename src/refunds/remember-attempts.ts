import type { Kysely } from 'kysely';
import { countAttemptsOn, listRetriableLegs, type RetriableLeg } from '../db/forgotten.ts';
import { findRefund, listLegShares } from '../db/legs.ts';
import type { LockedPayment } from '../db/payments.ts';
import { releaseProviderRefund } from '../db/provider-refunds.ts';
import type { Database } from '../db/tables.ts';
import type { RefundFacts } from '../providers/provider.ts';
import type { FactContext } from './apply-facts.ts';
import { attemptsLookedFor, hasOurFormat } from './forgotten-keys.ts';
import { openAttempt } from './open-attempt.ts';
import { deriveProviderKey } from './provider-key.ts';

/**
 * After a restore: a leg that was retried in the time that is forgotten has a provider refund under the key of an
 * attempt that has no row. Its attempts are counted on to that one, so that the provider refund binds by its
 * reference like any other, and the attempt before is never sent again. Under the payment's lock.
 */
export async function rememberAttempts(
  tx: Kysely<Database>,
  context: Pick<FactContext, 'connection' | 'by'>,
  payment: LockedPayment,
  refunds: readonly RefundFacts[],
): Promise<void> {
  if (payment.epoch.number === 1) return;
  const references = new Set(refunds.map((refund) => refund.ourReference).filter(hasOurFormat));
  if (references.size === 0) return;
  for (const leg of await listRetriableLegs(tx, payment.id)) {
    const last = lastAttemptOf(leg, references);
    if (last > leg.attempt) await rememberUpTo(tx, context, payment, leg, last);
  }
}

/** The last attempt that the provider knows, among the next ones after the one that we know. */
function lastAttemptOf(leg: RetriableLeg, references: ReadonlySet<string | null>): number {
  for (let attempt = leg.attempt + attemptsLookedFor; attempt > leg.attempt; attempt -= 1)
    if (references.has(keyOf(leg, attempt))) return attempt;
  return leg.attempt;
}

const keyOf = (leg: RetriableLeg, attempt: number): string =>
  deriveProviderKey({
    merchantCode: leg.merchant_code,
    idempotencyKey: leg.idempotency_key,
    legName: leg.name,
    attempt,
  });

async function rememberUpTo(
  tx: Kysely<Database>,
  { connection, by }: Pick<FactContext, 'connection' | 'by'>,
  payment: LockedPayment,
  leg: RetriableLeg,
  last: number,
): Promise<void> {
  const refund = await findRefund(tx, leg.merchant_id, leg.refund_id);
  if (refund === undefined) throw new Error(`refund ${leg.refund_id} has vanished`);
  const shares = await listLegShares(tx, leg.merchant_id, [leg.id]);
  await releaseProviderRefund(tx, leg);
  const { merchant_code: merchantCode, idempotency_key: idempotencyKey } = leg;
  for (let attempt = leg.attempt + 1; attempt <= last; attempt += 1)
    await openAttempt(tx, {
      connection,
      merchantCode,
      idempotencyKey,
      refund,
      payment,
      leg,
      shares,
      attempt,
    });
  await countAttemptsOn(tx, leg, last, by);
}
