import { sql, type Kysely } from 'kysely';
import type { AccountId, MerchantId, PaymentId } from '../ids.ts';
import type { Money } from '../money.ts';
import { fromAppNow } from './sql-time.ts';
import type { Database, SweepPosition } from './tables.ts';

type Db = Kysely<Database>;

/** A refund as a list of the provider shows it. */
export interface ListedAtProvider {
  readonly providerPaymentId: string;
  readonly providerRefundId: string;
  readonly status: string;
  readonly amount: Money;
}

/** A sweep that this process, and no other, makes until its lease ends. */
export interface SweepClaim {
  readonly account_id: AccountId;
  readonly swept_until: Date | null;
  readonly sweep_position: SweepPosition | null;
  /** The token of this claim. */
  readonly sweep_lease_until: Date;
  readonly now: Date;
  /** When the first payment of the account was seen here; null: none was. */
  readonly first_used_at: Date | null;
}

/** Claims the sweep of an account that is due. Primary key, and payments_by_account for the first use. */
export async function claimSweep(
  db: Db,
  merchantId: MerchantId,
  accountId: AccountId,
  leaseMs: number,
): Promise<SweepClaim | undefined> {
  const { rows } = await sql<SweepClaim>`
    UPDATE accounts SET sweep_lease_until = date_trunc('milliseconds', ${fromAppNow(leaseMs)!})
    WHERE id = ${accountId}
      AND (next_sweep_at IS NULL OR next_sweep_at <= (SELECT app_now()))
      AND (sweep_lease_until IS NULL OR sweep_lease_until <= (SELECT app_now()))
    RETURNING id AS account_id, swept_until, sweep_position, sweep_lease_until, app_now() AS now,
      (SELECT min(created_at) FROM payments
       WHERE merchant_id = ${merchantId} AND account_id = ${accountId}) AS first_used_at`.execute(db);
  return rows[0];
}

/** Where a sweep stands; `sweptUntil` only moves forward. */
export interface SweepProgress {
  readonly sweptUntil: Date | null;
  readonly position: SweepPosition | null;
  readonly nextSweepInMs: number;
}

/** Ends a sweep, unless its lease has run out and somebody else sweeps. Primary key. */
export async function endSweep(db: Db, claim: SweepClaim, progress: SweepProgress): Promise<void> {
  await db
    .updateTable('accounts')
    .set({
      swept_until: sql<Date | null>`GREATEST(swept_until, ${progress.sweptUntil})`,
      sweep_position: progress.position && JSON.stringify(progress.position),
      next_sweep_at: fromAppNow(progress.nextSweepInMs),
      sweep_lease_until: null,
    })
    .where('id', '=', claim.account_id)
    .where('sweep_lease_until', '=', claim.sweep_lease_until)
    .execute();
}

/**
 * Makes those payments due that we know, and of which the provider lists a refund that we do not know, or know with
 * another status or amount; what was stored after the list was asked for is newer than the list. One statement;
 * payments_of_account and provider_refunds_pkey.
 *
 * @returns the payments
 */
export async function markDifferingPayments(
  db: Db,
  accountId: AccountId,
  listed: readonly ListedAtProvider[],
  asOf: Date,
): Promise<PaymentId[]> {
  if (listed.length === 0) return [];
  const columns = [
    listed.map(({ providerPaymentId }) => providerPaymentId),
    listed.map(({ providerRefundId }) => providerRefundId),
    listed.map(({ status }) => status),
    listed.map(({ amount }) => amount.minor.toString()),
    listed.map(({ amount }) => amount.currency),
  ] as const;
  const { rows } = await sql<{ id: PaymentId }>`
    UPDATE payments SET next_look_at = LEAST(next_look_at, app_now())
    FROM (SELECT DISTINCT payment.id
          FROM unnest(${columns[0]}::text[], ${columns[1]}::text[], ${columns[2]}::text[], ${columns[3]}::bigint[],
                      ${columns[4]}::text[]) AS listed (payment_id, refund_id, status, amount_minor, currency)
          JOIN payments payment
            ON payment.account_id = ${accountId} AND payment.provider_payment_id = listed.payment_id
          LEFT JOIN provider_refunds known
            ON known.account_id = ${accountId} AND known.provider_refund_id = listed.refund_id
          WHERE known.account_id IS NULL
            OR (known.as_of < ${asOf}
                AND (known.status, known.amount_minor, known.currency::text)
                  IS DISTINCT FROM (listed.status, listed.amount_minor, listed.currency))) differing
    WHERE payments.id = differing.id
    RETURNING payments.id`.execute(db);
  return rows.map(({ id }) => id);
}
