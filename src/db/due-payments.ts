import { sql, type Kysely } from 'kysely';
import type { AccountId, PaymentId } from '../ids.ts';
import { claimUntil, dueRows } from './due.ts';
import { fromAppNow } from './sql-time.ts';
import { isDueRow } from './open-status.ts';
import type { Database } from './tables.ts';

type Db = Kysely<Database>;

/** A payment that this process, and no other, looks at until its lease ends. */
export interface DuePayment {
  readonly id: PaymentId;
  readonly provider_payment_id: string;
  readonly look_failures: number;
  /** The token of this claim. */
  readonly look_lease_until: Date;
}

/**
 * Claims the payments of an account about which something is not explained and whose time has come, the longest due
 * first, without waiting for those that somebody has locked. Index payments_due.
 */
export function claimDuePayments(
  db: Db,
  accountId: AccountId,
  limit: number,
  leaseMs: number,
): Promise<DuePayment[]> {
  return db
    .with('due', (cte) => dueRows(cte, 'payments', accountId, limit))
    .updateTable('payments')
    .set({ look_lease_until: claimUntil(leaseMs) })
    .where(isDueRow('payments.id'))
    .returning([
      'payments.id',
      'provider_payment_id',
      'look_failures',
      sql<Date>`look_lease_until`.as('look_lease_until'),
    ])
    .execute();
}

/** Ends a claim, whatever became of it; one that has run out and was taken by another stays. Primary key. */
export async function releasePayment(db: Db, claimed: DuePayment): Promise<void> {
  await db
    .updateTable('payments')
    .set({ look_lease_until: null })
    .where('id', '=', claimed.id)
    .where('look_lease_until', '=', claimed.look_lease_until)
    .execute();
}

/** Ends a claim whose look was not answered; the next one comes after `gapMs`. Primary key. */
export async function postponePayment(db: Db, claimed: DuePayment, gapMs: number): Promise<void> {
  await db
    .updateTable('payments')
    .set({
      look_lease_until: null,
      look_failures: sql<number>`look_failures + 1`,
      next_look_at: fromAppNow(gapMs),
    })
    .where('id', '=', claimed.id)
    .where('look_lease_until', '=', claimed.look_lease_until)
    .execute();
}

/** What is left to explain about a payment after a look. */
export interface Unexplained {
  readonly mismatchLooks: number;
  readonly nextLookAt: Date | null;
}

/** Stores it; a look that was answered ends the count of those that were not. Needs the payment's lock. */
export async function setUnexplained(tx: Db, id: PaymentId, unexplained: Unexplained): Promise<void> {
  await tx
    .updateTable('payments')
    .set({
      mismatch_looks: unexplained.mismatchLooks,
      next_look_at: unexplained.nextLookAt,
      look_failures: 0,
      version: sql<number>`version + 1`,
      updated_at: sql<Date>`app_now()`,
    })
    .where('id', '=', id)
    .execute();
}

/** When the oldest provider refund that belongs to nobody was seen first (provider_refunds_by_payment). */
export async function findUnboundSince(db: Db, paymentId: PaymentId): Promise<Date | undefined> {
  const row = await db
    .selectFrom('provider_refunds')
    .select('first_seen_at')
    .where('payment_id', '=', paymentId)
    .where('leg_id', 'is', null)
    .where('status', 'in', ['PENDING', 'SUCCEEDED', 'UNRECOGNISED'])
    .orderBy('first_seen_at')
    .limit(1)
    .executeTakeFirst();
  return row?.first_seen_at;
}

/** What came back of a payment, in minor units (refunds_by_payment, refund_legs_name_unique). */
export async function sumReversed(db: Db, paymentId: PaymentId): Promise<bigint> {
  const row = await db
    .selectFrom('refunds')
    .innerJoin('refund_legs as leg', 'leg.refund_id', 'refunds.id')
    .select(sql<bigint>`COALESCE(SUM(leg.amount_minor), 0)::bigint`.as('minor'))
    .where('refunds.payment_id', '=', paymentId)
    .where('leg.status', '=', 'REVERSED')
    .executeTakeFirstOrThrow();
  return row.minor;
}
