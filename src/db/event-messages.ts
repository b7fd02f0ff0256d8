import { sql, type Kysely } from 'kysely';
import type { EventMessageId, RefundId } from '../ids.ts';
import type { Database, DeliveryStatus } from './tables.ts';

/**
 * Writes a message for every endpoint of the operator that wants its type, and nothing when none does.
 * event_endpoints is small: it has a row per endpoint that was ever configured.
 *
 * @param data what is delivered as `data`; never a secret
 * @returns for how many endpoints
 */
export async function insertOperatorMessage(
  db: Kysely<Database>,
  message: { readonly type: string; readonly data: object },
): Promise<number> {
  const { rows } = await sql`
    WITH listening AS (
      SELECT id FROM event_endpoints WHERE merchant_id IS NULL AND configured AND disabled_at IS NULL
        AND (event_types = '{}' OR ${message.type}::text = ANY (event_types))
    ), message AS (
      INSERT INTO event_messages (type, data) SELECT ${message.type}, ${JSON.stringify(message.data)}::jsonb
      WHERE EXISTS (SELECT 1 FROM listening) RETURNING id, seq
    )
    INSERT INTO event_deliveries (endpoint_id, message_id, seq)
    SELECT l.id, m.id, m.seq FROM listening l CROSS JOIN message m RETURNING 1`.execute(db);
  return rows.length;
}

/** One delivery as a list shows it. */
export interface DeliveryState {
  readonly messageId: EventMessageId;
  readonly endpoint: string;
  readonly type: string;
  readonly refundId: RefundId | null;
  /** Of the refund. */
  readonly version: number | null;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  /** When the message was written. */
  readonly at: Date;
  /** When it is tried again; of a PENDING one only. */
  readonly nextAttemptAt: Date | null;
  readonly lastAttemptAt: Date | null;
  /** The HTTP status of the last answer; null: there was none. */
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly endedAt: Date | null;
}

export interface DeliveryQuery {
  /** Code. */
  readonly endpoint?: string | undefined;
  readonly status?: DeliveryStatus | undefined;
  readonly refundId?: RefundId | undefined;
  readonly limit: number;
}

/** Newest first, by event_deliveries_by_subject or event_deliveries_by_endpoint. */
export async function listDeliveries(
  db: Kysely<Database>,
  { endpoint, status, refundId, limit }: DeliveryQuery,
): Promise<readonly DeliveryState[]> {
  const { rows } = await sql<DeliveryState>`
    SELECT d.message_id AS "messageId", e.code AS endpoint, m.type, d.subject AS "refundId", m.version, d.status,
      d.attempts, m.at, CASE WHEN d.status = 'PENDING' THEN d.next_attempt_at END AS "nextAttemptAt",
      d.last_attempt_at AS "lastAttemptAt", d.last_status AS "lastStatus", d.last_error AS "lastError",
      d.ended_at AS "endedAt"
    FROM event_deliveries d
    JOIN event_endpoints e ON e.id = d.endpoint_id
    JOIN event_messages m ON m.id = d.message_id
    WHERE (${endpoint ?? null}::text IS NULL OR d.endpoint_id = (SELECT id FROM event_endpoints WHERE code = ${endpoint ?? null}))
      AND (${status ?? null}::text IS NULL OR d.status = ${status ?? null})
      AND (${refundId ?? null}::uuid IS NULL OR d.subject = ${refundId ?? null})
    ORDER BY d.seq DESC, e.code LIMIT ${limit}`.execute(db);
  return rows;
}

/** Why a message cannot be resent. */
export type ResendRefused = 'NO_SUCH_ENDPOINT' | 'ENDPOINT_DISABLED' | 'NO_SUCH_MESSAGE';

/**
 * Delivers a message once more, with the same id and bytes, whatever became of it; also to an endpoint that had not
 * asked for its type. The retry table begins anew. A delivery that is under way just now is not tried twice at once.
 */
export async function resendMessage(
  db: Kysely<Database>,
  { messageId, endpoint }: { readonly messageId: EventMessageId; readonly endpoint: string },
): Promise<'RESENT' | ResendRefused> {
  const found = await db
    .selectFrom('event_endpoints')
    .select(['id', 'disabled_at'])
    .where('code', '=', endpoint)
    .where('configured', '=', true)
    .executeTakeFirst();
  if (found === undefined) return 'NO_SUCH_ENDPOINT';
  if (found.disabled_at !== null) return 'ENDPOINT_DISABLED';
  const { rows } = await sql`
    INSERT INTO event_deliveries (endpoint_id, message_id, seq, subject)
    SELECT e.id, m.id, m.seq, m.subject
    FROM event_messages m JOIN event_endpoints e ON e.merchant_id IS NOT DISTINCT FROM m.merchant_id
    WHERE m.id = ${messageId} AND e.id = ${found.id}
    ON CONFLICT (endpoint_id, message_id) DO UPDATE SET
      status = 'PENDING', attempts = 0, ended_at = NULL,
      next_attempt_at = GREATEST(app_now(), event_deliveries.lease_until)
    RETURNING 1`.execute(db);
  return rows.length > 0 ? 'RESENT' : 'NO_SUCH_MESSAGE';
}

/**
 * Delivers everything once more that was given up or discarded for an endpoint since an instant, oldest first.
 *
 * @returns how many
 */
export async function resendFailed(
  db: Kysely<Database>,
  { endpoint, since }: { readonly endpoint: string; readonly since: Date },
): Promise<number | ResendRefused> {
  const found = await db
    .selectFrom('event_endpoints')
    .select(['id', 'disabled_at'])
    .where('code', '=', endpoint)
    .where('configured', '=', true)
    .executeTakeFirst();
  if (found === undefined) return 'NO_SUCH_ENDPOINT';
  if (found.disabled_at !== null) return 'ENDPOINT_DISABLED';
  const { rows } = await sql`
    UPDATE event_deliveries SET status = 'PENDING', attempts = 0, ended_at = NULL, next_attempt_at = app_now()
    WHERE endpoint_id = ${found.id} AND status IN ('FAILED', 'DISCARDED') AND ended_at >= ${since}
    RETURNING 1`.execute(db);
  return rows.length;
}
