import { sql, type Kysely } from 'kysely';
import type { Database } from './tables.ts';

/** An endpoint that something waits for which should have been delivered. */
export interface EndpointLag {
  readonly code: string;
  /** How long the oldest delivery has been due, in seconds. */
  readonly overdueSeconds: number;
  /** Its last delivery was not accepted, or it is tried rarely. */
  readonly isFailing: boolean;
}

/** By the first entry of event_deliveries_due for each endpoint that is delivered to. */
export async function listEndpointLags(db: Kysely<Database>): Promise<readonly EndpointLag[]> {
  const { rows } = await sql<EndpointLag>`
    SELECT e.code, extract(epoch FROM (SELECT app_now()) - due.since)::float8 AS "overdueSeconds", e.failures > 0 AS "isFailing"
    FROM event_endpoints e
    CROSS JOIN LATERAL (
      SELECT min(next_attempt_at) AS since FROM event_deliveries WHERE endpoint_id = e.id AND status = 'PENDING'
    ) due
    WHERE e.configured AND e.disabled_at IS NULL AND due.since < (SELECT app_now())
    ORDER BY e.code`.execute(db);
  return rows;
}

/** The oldest transaction of the server, of whatever database, that holds back what is seen as over. */
export interface FeedHorizon {
  readonly ageSeconds: number;
  /** Of its session; null: a prepared transaction, which has none. */
  readonly pid: number | null;
  readonly database: string;
}

/**
 * By the server's own time, which nobody moves. Sessions of other roles are seen only by a role that has
 * pg_read_all_stats. Vacuum workers hold nothing back.
 *
 * @returns undefined when no transaction is open
 */
export async function readFeedHorizon(db: Kysely<Database>): Promise<FeedHorizon | undefined> {
  const { rows } = await sql<FeedHorizon>`
    SELECT GREATEST(0, extract(epoch FROM clock_timestamp() - since))::float8 AS "ageSeconds", pid, database FROM (
      SELECT xact_start AS since, pid, COALESCE(datname, '') AS database FROM pg_stat_activity
      WHERE (backend_xid IS NOT NULL OR backend_xmin IS NOT NULL) AND xact_start IS NOT NULL
        AND pid <> pg_backend_pid() AND backend_type IS DISTINCT FROM 'autovacuum worker'
      UNION ALL
      SELECT prepared, NULL, database FROM pg_prepared_xacts
    ) open ORDER BY since LIMIT 1`.execute(db);
  return rows[0];
}
