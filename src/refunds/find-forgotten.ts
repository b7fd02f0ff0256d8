import type { Kysely } from 'kysely';
import { listIdsByReference } from '../db/forgotten.ts';
import type { LockedPayment, PaymentSource } from '../db/payments.ts';
import { listProviderRefunds } from '../db/provider-refunds.ts';
import type { Database } from '../db/tables.ts';
import type { Viewer } from '../context.ts';
import type { RefundFacts } from '../providers/provider.ts';
import type { Forgotten } from './adopt.ts';
import { forgottenKeys } from './forgotten-keys.ts';

/** A read of the payment that the caller has just made: what the provider listed, and when it was asked. */
export interface FreshRefunds {
  readonly refunds: readonly RefundFacts[];
  readonly asOf: Date;
}

/**
 * What this key made at the provider before a restore (MONEY section 10), in the words of a fresh read. One statement,
 * and none before the first restore. Under the payment's lock, for a key that no refund has.
 *
 * @returns undefined when something was made that `fresh` does not show: the payment has to be read first
 */
export async function findForgotten(
  tx: Kysely<Database>,
  viewer: Viewer,
  idempotencyKey: string,
  payment: LockedPayment,
  sources: readonly PaymentSource[],
  fresh: FreshRefunds | undefined,
): Promise<readonly Forgotten[] | undefined> {
  if (payment.epoch.number === 1) return [];
  const sellers = sources.map((source) => source.seller);
  const keys = forgottenKeys(viewer.merchantCode, idempotencyKey, sellers);
  const made = (fresh?.refunds ?? []).filter((facts) => keys.has(facts.ourReference ?? ''));
  const stored = await listIdsByReference(tx, payment.id, [...keys.keys()]);
  const isShown = (id: string) => made.some((facts) => facts.providerRefundId === id);
  if (!stored.every(isShown)) return undefined;
  if (made.length === 0) return [];
  const rows = await listProviderRefunds(tx, payment.id);
  return made.map((facts) => {
    const row = rows.find((known) => known.provider_refund_id === facts.providerRefundId);
    return { ...keys.get(facts.ourReference!)!, facts, isCounted: row !== undefined && row.leg_id !== null };
  });
}
