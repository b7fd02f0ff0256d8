import { sql, type Kysely } from 'kysely';
import type { EventEndpointId, EventMessageId } from '../ids.ts';
import type { Database } from './tables.ts';

type Db = Kysely<Database>;

/** From so many failures in a row on, an endpoint is tried with one delivery at a time. */
export const PROBED_FROM_FAILURES = 5;

export interface DueEndpoint {
  readonly id: EventEndpointId;
  /** Deliveries in a row that were not accepted. */
  readonly failures: number;
}

/** The endpoint takes deliveries now. An address that another process knows otherwise is not this process's to use. */
const listens = (alias: string) => sql<boolean>`${sql.ref(alias)}.configured
  AND ${sql.ref(alias)}.disabled_at IS NULL
  AND (${sql.ref(alias)}.paused_until IS NULL OR ${sql.ref(alias)}.paused_until <= (SELECT app_now()))`;

const inMs = (ms: number) => sql<Date>`app_now() + make_interval(secs => ${ms / 1000}::float8)`;

/** Which of these endpoints may be called and have something due, by the first entry of event_deliveries_due. */
export async function listDueEndpoints(
  db: Db,
  endpoints: readonly { readonly id: EventEndpointId; readonly url: string }[],
): Promise<readonly DueEndpoint[]> {
  if (endpoints.length === 0) return [];
  const { rows } = await sql<DueEndpoint>`
    SELECT e.id, e.failures
    FROM unnest(${endpoints.map(({ id }) => id)}::uuid[], ${endpoints.map(({ url }) => url)}::text[]) AS own (id, url)
    JOIN event_endpoints e ON e.id = own.id AND e.url = own.url
    WHERE ${listens('e')} AND COALESCE((
      SELECT true FROM event_deliveries d
      WHERE d.endpoint_id = e.id AND d.status = 'PENDING' AND d.next_attempt_at <= (SELECT app_now())
      ORDER BY d.next_attempt_at LIMIT 1), false)`.execute(db);
  return rows;
}

/** Takes the one turn at an endpoint that does not answer; until the lease is over nobody else has it. */
export async function takeProbe(db: Db, endpointId: EventEndpointId, leaseMs: number): Promise<boolean> {
  const { rows } = await sql`
    UPDATE event_endpoints e SET paused_until = ${inMs(leaseMs)}
    WHERE e.id = ${endpointId} AND ${listens('e')} RETURNING 1`.execute(db);
  return rows.length > 0;
}

/** A delivery that this process, and no other, may try until the lease is over. */
export interface ClaimedDelivery {
  readonly endpointId: EventEndpointId;
  readonly messageId: EventMessageId;
  /** Since it was written or resent, with this one. */
  readonly attempts: number;
  /** In all, with this one: the claim's token. */
  readonly claims: number;
  readonly type: string;
  readonly at: Date;
  readonly data: unknown;
  /** Null: it was never sent. */
  readonly body: string | null;
}

/**
 * Takes deliveries of an endpoint that are due, the longest waiting first (event_deliveries_due). One waits while an
 * earlier one about the same subject is PENDING (event_deliveries_in_order): versions of a refund arrive in order.
 */
export async function claimDeliveries(
  db: Db,
  endpointId: EventEndpointId,
  limit: number,
  leaseMs: number,
): Promise<readonly ClaimedDelivery[]> {
  const { rows } = await sql<ClaimedDelivery>`
    WITH due AS (
      SELECT d.endpoint_id, d.message_id FROM event_deliveries d
      WHERE d.endpoint_id = ${endpointId} AND d.status = 'PENDING' AND d.next_attempt_at <= (SELECT app_now())
        AND (d.lease_until IS NULL OR d.lease_until <= (SELECT app_now()))
        AND (d.subject IS NULL OR NOT EXISTS (
          SELECT 1 FROM event_deliveries earlier
          WHERE earlier.endpoint_id = d.endpoint_id AND earlier.subject = d.subject AND earlier.status = 'PENDING'
            AND earlier.seq < d.seq))
      ORDER BY d.next_attempt_at, d.seq LIMIT ${limit}
      FOR UPDATE SKIP LOCKED
    )
    UPDATE event_deliveries d
    SET attempts = d.attempts + 1, claims = d.claims + 1, last_attempt_at = app_now(),
      lease_until = ${inMs(leaseMs)}, next_attempt_at = ${inMs(leaseMs)}
    FROM due JOIN event_messages m ON m.id = due.message_id
    WHERE d.endpoint_id = due.endpoint_id AND d.message_id = due.message_id
    RETURNING d.endpoint_id AS "endpointId", d.message_id AS "messageId", d.attempts, d.claims, m.type, m.at, m.data,
      m.body`.execute(db);
  return rows;
}

/**
 * Puts what waits behind a delivery that is tried later off to the same time, so that claims need not step over it
 * each time. The ones in front are locked meanwhile: whoever ends one of them pulls forward what waits behind it.
 */
export async function putOffBlocked(db: Db, endpointId: EventEndpointId, limit: number): Promise<void> {
  await sql`
    WITH blocked AS (
      SELECT DISTINCT d.subject FROM (
        SELECT subject, seq FROM event_deliveries
        WHERE endpoint_id = ${endpointId} AND status = 'PENDING' AND next_attempt_at <= (SELECT app_now())
          AND subject IS NOT NULL
        ORDER BY next_attempt_at, seq LIMIT ${limit}
      ) d
    ), head AS (
      SELECT h.subject, h.seq, h.next_attempt_at FROM event_deliveries h
      WHERE h.endpoint_id = ${endpointId} AND h.status = 'PENDING' AND h.next_attempt_at > (SELECT app_now())
        AND h.subject IN (SELECT subject FROM blocked)
        AND NOT EXISTS (
          SELECT 1 FROM event_deliveries earlier
          WHERE earlier.endpoint_id = h.endpoint_id AND earlier.subject = h.subject AND earlier.status = 'PENDING'
            AND earlier.seq < h.seq)
      FOR SHARE SKIP LOCKED
    )
    UPDATE event_deliveries f SET next_attempt_at = head.next_attempt_at FROM head
    WHERE f.endpoint_id = ${endpointId} AND f.subject = head.subject AND f.seq > head.seq AND f.status = 'PENDING'
      AND f.next_attempt_at < head.next_attempt_at`.execute(db);
}

/**
 * Keeps the bytes of messages that are sent for the first time; whoever was first decides. In the order of their ids,
 * since others keep those of the same messages for other endpoints.
 *
 * @returns the bytes to send, by message
 */
export async function keepBodies(
  db: Db,
  bodies: readonly { readonly messageId: EventMessageId; readonly body: string }[],
): Promise<ReadonlyMap<EventMessageId, string>> {
  if (bodies.length === 0) return new Map();
  const { rows } = await sql<{ id: EventMessageId; body: string }>`
    WITH locked AS (
      SELECT id FROM event_messages WHERE id = ANY (${bodies.map(({ messageId }) => messageId)}::uuid[])
      ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE event_messages m SET body = COALESCE(m.body, own.body)
    FROM unnest(${bodies.map(({ messageId }) => messageId)}::uuid[], ${bodies.map(({ body }) => body)}::text[])
      AS own (id, body) JOIN locked ON locked.id = own.id
    WHERE m.id = own.id RETURNING m.id, m.body`.execute(db);
  return new Map(rows.map(({ id, body }) => [id, body]));
}

/** What an attempt has shown: the HTTP status, and a word of ours for what was wrong with it. */
export interface AttemptNote {
  readonly status: number | null;
  readonly error: string | null;
}

type Claim = Pick<ClaimedDelivery, 'endpointId' | 'messageId' | 'claims'>;

/**
 * Ends a claimed delivery for good; the next about its subject is due at once, also if it is being put off just now: it
 * is not chosen by its time. A delivery that somebody else has claimed since, or that was discarded, stays as it is.
 */
export async function endDelivery(
  db: Db,
  claim: Claim,
  status: 'DELIVERED' | 'FAILED' | 'DISCARDED',
  note: AttemptNote,
): Promise<void> {
  await sql`
    WITH head AS (
      UPDATE event_deliveries SET status = ${status}, ended_at = app_now(), lease_until = NULL,
        last_status = ${note.status}, last_error = ${note.error}
      WHERE ${isClaim(claim)} RETURNING endpoint_id, subject, seq
    )
    UPDATE event_deliveries f SET next_attempt_at = app_now() FROM head
    WHERE f.endpoint_id = head.endpoint_id AND f.subject = head.subject AND f.status = 'PENDING'
      AND f.seq = (
        SELECT min(n.seq) FROM event_deliveries n
        WHERE n.endpoint_id = head.endpoint_id AND n.subject = head.subject AND n.status = 'PENDING' AND n.seq > head.seq)`.execute(
    db,
  );
}

/** Tries a claimed delivery again later; what waits behind it waits as long. */
export async function retryDelivery(
  db: Db,
  claim: Claim,
  inMilliseconds: number,
  note: AttemptNote,
): Promise<void> {
  await sql`
    WITH head AS (
      UPDATE event_deliveries SET next_attempt_at = ${inMs(inMilliseconds)}, lease_until = NULL,
        last_status = ${note.status}, last_error = ${note.error}
      WHERE ${isClaim(claim)} RETURNING endpoint_id, subject, seq, next_attempt_at
    )
    UPDATE event_deliveries f SET next_attempt_at = head.next_attempt_at FROM head
    WHERE f.endpoint_id = head.endpoint_id AND f.subject = head.subject AND f.seq > head.seq
      AND f.status = 'PENDING' AND f.next_attempt_at <> head.next_attempt_at`.execute(db);
}

const isClaim = ({ endpointId, messageId, claims }: Claim) => sql<boolean>`endpoint_id = ${endpointId}
  AND message_id = ${messageId} AND claims = ${claims} AND status = 'PENDING'`;

/** The endpoint has accepted a delivery. Writes nothing where it had not failed. */
export async function noteAnswering(db: Db, endpointId: EventEndpointId): Promise<void> {
  await sql`
    UPDATE event_endpoints SET failures = 0,
      paused_until = CASE WHEN failures >= ${PROBED_FROM_FAILURES} THEN NULL ELSE paused_until END
    WHERE id = ${endpointId} AND failures > 0`.execute(db);
}

/**
 * The endpoint has not accepted a delivery.
 *
 * @param pausesMs how long it is left alone after the first, second … failure in a row; the last one holds on
 * @param atLeastMs how long it has asked to be left alone; null: it has not
 */
export async function noteFailing(
  db: Db,
  endpointId: EventEndpointId,
  pausesMs: readonly number[],
  atLeastMs: number | null,
): Promise<void> {
  const pauseMs = sql<number>`GREATEST(${atLeastMs ?? 0}::float8,
    (${pausesMs}::float8[])[LEAST(failures + 1, ${pausesMs.length})])`;
  await sql`
    UPDATE event_endpoints SET failures = failures + 1,
      paused_until = CASE WHEN ${pauseMs} > 0
        THEN app_now() + make_interval(secs => ${pauseMs} / 1000) ELSE paused_until END
    WHERE id = ${endpointId}`.execute(db);
}
