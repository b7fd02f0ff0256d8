import { sql, type Kysely } from 'kysely';
import { PROBED_FROM_FAILURES } from './event-deliveries.ts';
import type { Database } from './tables.ts';

/** How long what was delivered, or discarded, is kept, in days; from the end of its delivery on. */
export const KEPT_DAYS = 30;
/** The same of what was given up, in days: long enough to be resent after any repair. */
export const FAILED_KEPT_DAYS = 90;
/** For an endpoint that does not answer, what has waited longer than this is given up, in days. */
export const WAITS_AT_MOST_DAYS = 7;

/**
 * Discards what a change has written for an endpoint while it was being disabled or taken out of the configuration,
 * gives up what waited too long for one that does not answer, and forgets what was ended long ago, with its
 * messages; so many rows of each at most (event_deliveries_due, event_deliveries_ended_at, event_messages_by_age). The
 * rows are named by their places: as a join with a limit that the plan does not know they could be searched by a scan.
 *
 * @returns whether there may be more
 */
export async function forgetEvents(db: Kysely<Database>, limit: number): Promise<boolean> {
  const counts = [
    await sql`
      UPDATE event_deliveries SET status = 'DISCARDED', ended_at = app_now(), lease_until = NULL
      WHERE ctid = ANY (ARRAY(
        SELECT d.place FROM event_endpoints e
        CROSS JOIN LATERAL (
          SELECT p.ctid AS place FROM event_deliveries p WHERE p.endpoint_id = e.id AND p.status = 'PENDING'
          ORDER BY p.next_attempt_at, p.seq LIMIT ${limit}
        ) d
        WHERE NOT e.configured OR e.disabled_at IS NOT NULL LIMIT ${limit}))
        AND status = 'PENDING'`.execute(db),
    await sql`
      UPDATE event_deliveries SET status = 'FAILED', ended_at = app_now(), lease_until = NULL, last_error = 'EXPIRED'
      WHERE ctid = ANY (ARRAY(
        SELECT d.place FROM event_endpoints e
        CROSS JOIN LATERAL (
          SELECT p.ctid AS place, p.message_id AS id FROM event_deliveries p
          WHERE p.endpoint_id = e.id AND p.status = 'PENDING' AND (p.lease_until IS NULL OR p.lease_until <= app_now())
          ORDER BY p.seq LIMIT ${limit}
        ) d JOIN event_messages m ON m.id = d.id
        WHERE e.failures >= ${PROBED_FROM_FAILURES} AND m.at < app_now() - make_interval(days => ${WAITS_AT_MOST_DAYS})))
        AND status = 'PENDING'`.execute(db),
    await sql`
      DELETE FROM event_deliveries WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM event_deliveries
        WHERE status <> 'PENDING' AND ended_at < app_now() -
          CASE WHEN status = 'FAILED' THEN make_interval(days => ${FAILED_KEPT_DAYS}) ELSE make_interval(days => ${KEPT_DAYS}) END
          AND ended_at < app_now() - make_interval(days => ${KEPT_DAYS})
        ORDER BY ended_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))
        AND status <> 'PENDING'`.execute(db),
    await sql`
      DELETE FROM event_messages WHERE id = ANY (ARRAY(
        SELECT m.id FROM event_messages m
        WHERE m.at < app_now() - make_interval(days => ${KEPT_DAYS})
          AND NOT EXISTS (SELECT 1 FROM event_deliveries d WHERE d.message_id = m.id)
        ORDER BY m.at, m.seq LIMIT ${limit} FOR UPDATE SKIP LOCKED))`.execute(db),
  ].map((result) => Number(result.numAffectedRows ?? 0n));
  return counts.some((count) => count >= limit);
}
