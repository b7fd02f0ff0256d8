import { sql, type Kysely, type RawBuilder, type Selectable, type SqlBool } from 'kysely';
import type { LegId, MerchantId, PaymentId, RefundId } from '../ids.ts';
import type { LegStatus } from '../vocabulary.ts';
import type { PaymentSource } from './payments.ts';
import { appNow } from './sql-time.ts';
import { isOpenLeg, isQueuedLeg, isUnsentLeg } from './open-status.ts';
import type { Database, LegAttemptTable, LookNote, RefundLegTable, RefundTable } from './tables.ts';

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

/** The refund that took the place of this one (refunds_replaced_once). */
export async function findReplacement(
  db: Db,
  merchantId: MerchantId,
  id: RefundId,
): Promise<RefundId | undefined> {
  const row = await db
    .selectFrom('refunds')
    .select('id')
    .where('replaces', '=', id)
    .where('merchant_id', '=', merchantId)
    .executeTakeFirst();
  return row?.id;
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

/**
 * The attempt, of any leg of the payment, that made a provider refund: by the id that the provider answered it
 * with, or by its provider key. Indexes refunds_by_payment, refund_legs_name_unique and leg_attempts_pkey.
 */
export async function findAttemptBehind(
  db: Db,
  paymentId: PaymentId,
  seen: { readonly providerRefundId: string; readonly ourReference: string | null },
): Promise<{ readonly leg: Leg; readonly attempt: number } | undefined> {
  const row = await db
    .selectFrom('refunds')
    .innerJoin('refund_legs', 'refund_legs.refund_id', 'refunds.id')
    .innerJoin('leg_attempts', 'leg_attempts.leg_id', 'refund_legs.id')
    .selectAll('refund_legs')
    .select('leg_attempts.attempt as madeBy')
    .where('refunds.payment_id', '=', paymentId)
    .where((eb) =>
      eb.or([
        eb('leg_attempts.provider_refund_id', '=', seen.providerRefundId),
        eb('leg_attempts.provider_key', '=', seen.ourReference),
      ]),
    )
    .orderBy(sql`leg_attempts.provider_refund_id IS NOT DISTINCT FROM ${seen.providerRefundId}`, 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { madeBy: attempt, ...leg } = row;
  return { leg, attempt };
}

/** Primary key. */
export function findLeg(db: Db, id: LegId): Promise<Leg | undefined> {
  return db.selectFrom('refund_legs').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The share of one seller in a leg, in minor units, with what is left of the seller's part of the payment. */
export interface LegShareRow {
  readonly leg_id: LegId;
  readonly amount_minor: bigint;
  readonly platform_fee_minor: bigint | null;
  readonly source: PaymentSource;
}

/** Primary key of leg_sources, then of payment_sources; by seller. */
export async function listLegShares(
  db: Db,
  merchantId: MerchantId,
  legIds: readonly LegId[],
): Promise<LegShareRow[]> {
  const rows = await db
    .selectFrom('leg_sources')
    .innerJoin('payment_sources', 'payment_sources.id', 'leg_sources.source_id')
    .selectAll('payment_sources')
    .select(['leg_sources.leg_id', 'leg_sources.amount_minor', 'leg_sources.platform_fee_minor as fee_minor'])
    .where('leg_sources.leg_id', 'in', [...legIds])
    .where('leg_sources.merchant_id', '=', merchantId)
    .orderBy('payment_sources.seller')
    .execute();
  return rows.map(({ leg_id, amount_minor, fee_minor, ...source }) => ({
    leg_id,
    amount_minor,
    platform_fee_minor: fee_minor,
    source,
  }));
}

/** A leg that is QUEUED or SENDING, by the database's time. */
export type UnsentLeg = Pick<Leg, 'status' | 'merchant_id' | 'account_id' | 'payment_id'> & {
  readonly lease_is_live: boolean;
  /** Its time has come, or it has none. */
  readonly is_due: boolean;
};

/** Index refund_legs_name_unique. */
export function listUnsentLegs(db: Db, refundId: RefundId): Promise<UnsentLeg[]> {
  return db
    .selectFrom('refund_legs')
    .select(['status', 'merchant_id', 'account_id', 'payment_id'])
    .select([
      sql<boolean>`COALESCE(lease_until > app_now(), false)`.as('lease_is_live'),
      sql<boolean>`COALESCE(next_look_at <= app_now(), true)`.as('is_due'),
    ])
    .where('refund_id', '=', refundId)
    .where('status', 'in', ['QUEUED', 'SENDING'])
    .orderBy('name')
    .execute();
}

/** A leg that is not final. */
export interface OpenLeg extends Leg {
  readonly lease_is_live: boolean;
  /** When it was created, or retried last (events_by_refund). */
  readonly queued_since: Date;
}

/** When a row of refund_legs was created, or retried last (events_by_refund). */
export const queuedSince: RawBuilder<Date> = sql<Date>`CASE WHEN refund_legs.attempt = 1 THEN refund_legs.created_at ELSE COALESCE((
        SELECT max(e.at) FROM events e
        WHERE e.refund_id = refund_legs.refund_id AND e.leg_id = refund_legs.id
          AND e.from_status = 'FAILED' AND e.to_status = 'QUEUED'), refund_legs.created_at) END`;

/** Legs of a payment that are not final (refund_legs_open), oldest first. */
export function listOpenLegs(db: Db, paymentId: PaymentId): Promise<OpenLeg[]> {
  return db
    .selectFrom('refund_legs')
    .selectAll()
    .select([
      sql<boolean>`COALESCE(lease_until > app_now(), false)`.as('lease_is_live'),
      queuedSince.as('queued_since'),
    ])
    .where('payment_id', '=', paymentId)
    .where(isOpenLeg)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
}

/** A leg that was looked at without anything new. */
export interface Touch {
  readonly id: LegId;
  /** One that has moved meanwhile keeps its time. */
  readonly status: LegStatus;
  readonly asOf: Date;
  /** Milliseconds from now; null: there is no next look. */
  readonly nextLookInMs: number | null;
}

/** Makes legs due now, so that the engine looks at them; those that are due already stay as they are (primary key). */
export async function putOffToEngine(db: Db, ids: readonly LegId[]): Promise<readonly LegId[]> {
  if (ids.length > 0)
    await db
      .updateTable('refund_legs')
      .set({ next_look_at: appNow })
      .where('id', 'in', [...ids])
      .where('next_look_at', '>', appNow)
      .execute();
  return ids;
}

/** Notes that these legs were looked at and nothing had changed: `as_of` only moves forward (primary keys). */
export async function touchLegs(db: Db, touches: readonly Touch[]): Promise<void> {
  if (touches.length === 0) return;
  const seconds = touches.map(({ nextLookInMs }) => (nextLookInMs === null ? null : nextLookInMs / 1000));
  await sql`
    UPDATE refund_legs AS leg SET as_of = touch.as_of, vanished_at = NULL,
      next_look_at = app_now() + make_interval(secs => touch.next)
    FROM unnest(
      ${touches.map(({ id }) => id)}::uuid[],
      ${touches.map(({ status }) => status)}::text[],
      ${touches.map(({ asOf }) => asOf)}::timestamptz[],
      ${seconds}::float8[]
    ) AS touch (id, status, as_of, next)
    WHERE leg.id = touch.id AND leg.status = touch.status AND leg.as_of < touch.as_of`.execute(db);
}

/** Whether any leg of a payment waits to be sent (refund_legs_open). */
export async function hasQueuedLegs(db: Db, paymentId: PaymentId): Promise<boolean> {
  const row = await db
    .selectFrom('refund_legs')
    .select('id')
    .where('payment_id', '=', paymentId)
    .where(isQueuedLeg)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** The due legs of a payment for which something would be sent wait this many milliseconds (refund_legs_open). */
export async function putOffLegs(db: Db, paymentId: PaymentId, gapMs: number): Promise<void> {
  await db
    .updateTable('refund_legs')
    .set({ next_look_at: sql<Date>`app_now() + make_interval(secs => ${gapMs / 1000})` })
    .where('payment_id', '=', paymentId)
    .where(isUnsentLeg)
    .where('next_look_at', '<=', sql<Date>`(SELECT app_now())`)
    .execute();
}

/** Has these legs, which are under way at the provider, looked at within so many milliseconds (primary keys). */
export async function lookSoon(db: Db, legIds: readonly LegId[], gapMs: number): Promise<void> {
  await db
    .updateTable('refund_legs')
    .set({
      next_look_at: sql<Date>`LEAST(next_look_at, app_now() + make_interval(secs => ${gapMs / 1000}::float8))`,
    })
    .where('id', 'in', [...legIds])
    .where('status', '=', 'PENDING')
    .execute();
}

/** As many looks in vain are kept with an attempt; the newest ones. */
const looksAtMost = 50;

/** Notes that these legs were looked for in vain just now, each with its present attempt (primary keys). */
export async function noteLooks(db: Db, legIds: readonly LegId[], found: LookNote['found']): Promise<void> {
  if (legIds.length === 0) return;
  await db
    .updateTable('leg_attempts as attempt')
    .from('refund_legs as leg')
    .set({
      looks: sql<string>`(
        SELECT jsonb_agg(note.look ORDER BY note.place)
        FROM jsonb_array_elements(attempt.looks || jsonb_build_object(
          'at', to_char(app_now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
          'found', ${found}::text)) WITH ORDINALITY AS note (look, place)
        WHERE note.place > jsonb_array_length(attempt.looks) + 1 - ${looksAtMost}::integer)`,
    })
    .whereRef('attempt.leg_id', '=', 'leg.id')
    .whereRef('attempt.attempt', '=', 'leg.attempt')
    .where('leg.id', 'in', [...legIds])
    .execute();
}

/**
 * Notes that the provider does not know the refunds of these legs any more (primary key).
 *
 * @returns the legs of which that was not known yet, in the status that they have
 */
export async function noteVanished(db: Db, legIds: readonly LegId[]): Promise<LegId[]> {
  if (legIds.length === 0) return [];
  const rows = await db
    .updateTable('refund_legs')
    .set({ vanished_at: appNow })
    .where('id', 'in', [...legIds])
    .where(sql<SqlBool>`(vanished_at IS NULL OR vanished_at < updated_at)`)
    .returning('id')
    .execute();
  return rows.map((row) => row.id);
}
