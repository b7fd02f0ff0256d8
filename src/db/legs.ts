import { sql, type Kysely, type Selectable } from 'kysely';
import type { AccountId, LegId, MerchantId, PaymentId, RefundId } from '../ids.ts';
import type { Database, LegAttemptTable, RefundLegTable, RefundTable } from './tables.ts';

export type Leg = Selectable<RefundLegTable>;
export type Refund = Selectable<RefundTable>;
export type Attempt = Selectable<LegAttemptTable>;
type Db = Kysely<Database>;

/** Primary key. */
export function findRefund(db: Db, merchantId: MerchantId, id: RefundId): Promise<Refund | undefined> {
  return db
    .selectFrom('refunds')
    .selectAll()
    .where('id', '=', id)
    .where('merchant_id', '=', merchantId)
    .executeTakeFirst();
}

/** Index refund_legs_name_unique. */
export function listLegs(db: Db, refundId: RefundId): Promise<Leg[]> {
  return db.selectFrom('refund_legs').selectAll().where('refund_id', '=', refundId).orderBy('name').execute();
}

/** Primary key. */
export function listLegsById(db: Db, merchantId: MerchantId, ids: readonly LegId[]): Promise<Leg[]> {
  return db
    .selectFrom('refund_legs')
    .selectAll()
    .where('id', 'in', [...ids])
    .where('merchant_id', '=', merchantId)
    .execute();
}

/** Primary key. */
export async function getAttempt(db: Db, legId: LegId, attempt: number): Promise<Attempt> {
  return db
    .selectFrom('leg_attempts')
    .selectAll()
    .where('leg_id', '=', legId)
    .where('attempt', '=', attempt)
    .executeTakeFirstOrThrow();
}

/** The leg whose attempt has this provider key (leg_attempts_provider_key_unique). */
export function findLegByProviderKey(
  db: Db,
  accountId: AccountId,
  providerKey: string,
): Promise<Leg | undefined> {
  return db
    .selectFrom('refund_legs')
    .selectAll()
    .where('id', '=', (eb) =>
      eb
        .selectFrom('leg_attempts')
        .select('leg_id')
        .where('account_id', '=', accountId)
        .where('provider_key', '=', providerKey),
    )
    .executeTakeFirst();
}

/** Legs of a payment that are not final (refund_legs_open), oldest first. */
export function listOpenLegs(db: Db, paymentId: PaymentId): Promise<(Leg & { lease_is_live: boolean })[]> {
  return db
    .selectFrom('refund_legs')
    .selectAll()
    .select(sql<boolean>`COALESCE(lease_until > app_now(), false)`.as('lease_is_live'))
    .where('payment_id', '=', paymentId)
    .where('status', 'in', ['QUEUED', 'SENDING', 'PENDING', 'UNKNOWN', 'MANUAL_REVIEW'])
    .orderBy('created_at')
    .orderBy('id')
    .execute();
}

/**
 * Notes that these legs were looked at and nothing had changed: `as_of` only moves forward.
 */
export async function touchLegs(
  db: Db,
  ids: readonly LegId[],
  asOf: Date,
  nextLookGapMs: number,
): Promise<void> {
  if (ids.length === 0) return;
  await db
    .updateTable('refund_legs')
    .set({
      as_of: asOf,
      next_look_at: sql<Date>`CASE WHEN finalized_at IS NULL THEN app_now() + make_interval(secs => ${nextLookGapMs / 1000}) END`,
    })
    .where('id', 'in', [...ids])
    .where('as_of', '<', asOf)
    .execute();
}

/**
 * Keeps the raw outcome of a send before anything is concluded from it: one statement, no payment lock
 * (MONEY section 9).
 */
export async function recordAttemptOutcome(
  db: Db,
  outcome: {
    readonly legId: LegId;
    readonly attempt: number;
    readonly kind: NonNullable<Attempt['outcome']>;
    readonly evidence: string;
    readonly providerRefundId: string | null;
  },
): Promise<void> {
  await db
    .updateTable('leg_attempts')
    .set({
      outcome: outcome.kind,
      outcome_at: sql<Date>`app_now()`,
      evidence: outcome.evidence,
      provider_refund_id: sql<string | null>`COALESCE(${outcome.providerRefundId}, provider_refund_id)`,
      unclear_sends: sql<number>`unclear_sends + ${outcome.kind === 'unknown' ? 1 : 0}`,
    })
    .where('leg_id', '=', outcome.legId)
    .where('attempt', '=', outcome.attempt)
    .execute();
}
