import { sql, type Kysely } from 'kysely';
import { systemCause } from '../context.ts';
import type { LegId, PaymentId, RefundId } from '../ids.ts';
import type { AttentionReason } from '../vocabulary.ts';
import { queuedSince } from './legs.ts';
import type { Database } from './tables.ts';

/** How long each state may last before a person is shown it, in milliseconds. */
export interface StuckLimits {
  /** From the first send of the attempt. */
  readonly unknownMs: number;
  /** From the first send of the attempt; of what was made elsewhere, from when it was found. */
  readonly pendingMs: number;
  /** From its creation or last retry. */
  readonly queuedMs: number;
  /** From when both the leg waits and its account is paused. */
  readonly pausedMs: number;
}

interface Mark {
  readonly refundId: RefundId;
  readonly paymentId: PaymentId;
  readonly attention: AttentionReason | null;
}

const olderThan = (since: ReturnType<typeof sql>, ms: number) =>
  sql`${since} <= (SELECT app_now()) - make_interval(secs => ${ms / 1000}::float8)`;

/**
 * What the mark of each refund should be, where it is another one: the gravest reason of any of its legs.
 * `wanted` is a condition on `refunds r`. Indexes refund_legs_name_unique and primary keys.
 */
const differingMarks = (wanted: ReturnType<typeof sql>, limits: StuckLimits) => sql<Mark>`
  SELECT r.id AS "refundId", r.payment_id AS "paymentId", (due.reasons)[1] AS attention, r.attention AS was
  FROM refunds r
  CROSS JOIN LATERAL (
    SELECT array_agg(reason ORDER BY array_position(
      ARRAY['MANUAL_REVIEW', 'UNKNOWN_TOO_LONG', 'PENDING_TOO_LONG', 'QUEUED_TOO_LONG', 'ACCOUNT_PAUSED'], reason
    )) FILTER (WHERE reason IS NOT NULL) AS reasons
    FROM refund_legs
    JOIN accounts a ON a.id = refund_legs.account_id
    LEFT JOIN leg_attempts t ON t.leg_id = refund_legs.id AND t.attempt = refund_legs.attempt
    CROSS JOIN LATERAL (SELECT ${queuedSince} AS queued_since) q
    CROSS JOIN LATERAL (SELECT CASE
      WHEN status = 'MANUAL_REVIEW' THEN 'MANUAL_REVIEW'
      WHEN status = 'UNKNOWN' AND ${olderThan(sql`COALESCE(t.first_sent_at, refund_legs.created_at)`, limits.unknownMs)} THEN 'UNKNOWN_TOO_LONG'
      WHEN status = 'PENDING' AND ${olderThan(sql`COALESCE(t.first_sent_at, refund_legs.created_at)`, limits.pendingMs)} THEN 'PENDING_TOO_LONG'
      WHEN status = 'QUEUED' AND ${olderThan(sql`q.queued_since`, limits.queuedMs)} THEN 'QUEUED_TOO_LONG'
      WHEN status IN ('QUEUED', 'SENDING', 'PENDING', 'UNKNOWN') AND a.health <> 'OK'
        AND ${olderThan(sql`GREATEST(q.queued_since, a.health_since)`, limits.pausedMs)} THEN 'ACCOUNT_PAUSED'
      END AS reason) c
    WHERE refund_legs.refund_id = r.id
  ) due
  WHERE ${wanted} AND (due.reasons)[1] IS DISTINCT FROM r.attention`;

/** The refunds of these legs whose mark is not what it should be. One statement, no lock. */
export async function listRefundsToMark(
  db: Kysely<Database>,
  legIds: readonly LegId[],
  limits: StuckLimits,
): Promise<readonly Mark[]> {
  const ofLegs = sql`r.id IN (SELECT refund_id FROM refund_legs WHERE id = ANY(${[...legIds]}::uuid[]))`;
  return (await differingMarks(ofLegs, limits).execute(db)).rows;
}

/**
 * Gives these refunds the mark that they should have, with an event for each that changes. Needs the locks of their
 * payments.
 */
export async function markAttention(
  tx: Kysely<Database>,
  refundIds: readonly RefundId[],
  limits: StuckLimits,
): Promise<readonly Mark[]> {
  if (refundIds.length === 0) return [];
  const wanted = sql`r.id = ANY(${[...refundIds]}::uuid[])`;
  const { rows } = await sql<Mark>`
    WITH due AS (${differingMarks(wanted, limits)}), marked AS (
      UPDATE refunds r SET attention = due.attention, attention_since = CASE WHEN due.attention IS NOT NULL THEN app_now() END,
        version = r.version + 1, updated_at = app_now()
      FROM due WHERE r.id = due."refundId"
      RETURNING r.merchant_id, r.payment_id, r.id, due.attention, due.was
    ), noted AS (
      INSERT INTO events (merchant_id, payment_id, refund_id, kind, source, actor, evidence)
      SELECT merchant_id, payment_id, id, 'refund.attention', 'SERVICE', ${systemCause.actor},
        jsonb_strip_nulls(jsonb_build_object('attention', attention, 'attentionEnded', was)) FROM marked
    )
    SELECT id AS "refundId", payment_id AS "paymentId", attention FROM marked`.execute(tx);
  return rows;
}
