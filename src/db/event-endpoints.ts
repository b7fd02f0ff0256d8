import { sql, type Kysely, type Transaction } from 'kysely';
import { ConfigError, type ConfigProblem } from '../config/problems.ts';
import type { EventEndpointConfig, MerchantConfig } from '../config/types.ts';
import { uuidv7, type EventEndpointId, type MerchantId } from '../ids.ts';
import { inTransaction } from './in-transaction.ts';
import type { Database, DisabledBecause } from './tables.ts';

interface Wanted {
  readonly merchantId: MerchantId | null;
  readonly endpoint: EventEndpointConfig;
}

/** An endpoint that was configured until now, and how many messages waited for it. */
export interface DroppedEndpoint {
  readonly endpoint: string;
  readonly discarded: number;
}

export interface SyncedEndpoints {
  readonly ids: ReadonlyMap<string, EventEndpointId>;
  readonly dropped: readonly DroppedEndpoint[];
}

/**
 * Brings the endpoints of the database to the configuration, in one transaction. One that is not configured any more
 * keeps its row, and what waited for it is DISCARDED; it listens again when it returns. Another address is another
 * receiver: it is not disabled any more and has not failed yet. Any number of processes may do so at once; the last
 * one decides.
 *
 * @param merchantIds by merchant code
 * @returns the ids by code, and those that are not configured any more
 * @throws ConfigError when a code belongs to another merchant, whose messages wait under it
 */
export async function syncEndpoints(
  db: Kysely<Database>,
  configured: {
    readonly merchants: readonly MerchantConfig[];
    readonly operatorEndpoints?: readonly EventEndpointConfig[];
  },
  merchantIds: ReadonlyMap<string, MerchantId>,
): Promise<SyncedEndpoints> {
  const wanted: Wanted[] = [
    ...configured.merchants.flatMap(({ code, eventEndpoints = [] }) =>
      eventEndpoints.map((endpoint) => ({ merchantId: merchantIds.get(code)!, endpoint })),
    ),
    ...(configured.operatorEndpoints ?? []).map((endpoint) => ({ merchantId: null, endpoint })),
  ];
  return inTransaction(db, async (trx) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended('refund-federation.endpoints', 0))`.execute(trx);
    const problems = await movedEndpoints(trx, wanted);
    if (problems.length > 0) throw new ConfigError(problems);
    const dropped = await forgetOthers(
      trx,
      wanted.map(({ endpoint }) => endpoint.code),
    );
    return { ids: await upsert(trx, wanted), dropped };
  });
}

async function movedEndpoints(
  trx: Transaction<Database>,
  wanted: readonly Wanted[],
): Promise<ConfigProblem[]> {
  const rows = await trx.selectFrom('event_endpoints').select(['code', 'merchant_id']).execute();
  const owners = new Map(rows.map((row) => [row.code, row.merchant_id]));
  return wanted.flatMap(({ merchantId, endpoint: { code } }) => {
    const owner = owners.get(code);
    if (owner === undefined || owner === merchantId) return [];
    const message =
      'was first configured for somebody else, whose messages are kept under this code. Give it a code of its own';
    return [{ where: `event endpoint ${code}`, message }];
  });
}

async function forgetOthers(
  trx: Transaction<Database>,
  codes: readonly string[],
): Promise<readonly DroppedEndpoint[]> {
  const { rows } = await sql<DroppedEndpoint>`
    WITH gone AS (
      UPDATE event_endpoints SET configured = false, failures = 0, paused_until = NULL
      WHERE configured AND NOT code = ANY (${codes}::text[]) RETURNING id, code
    ), discarded AS (
      UPDATE event_deliveries SET status = 'DISCARDED', ended_at = app_now(), lease_until = NULL
      WHERE status = 'PENDING' AND endpoint_id IN (SELECT id FROM gone) RETURNING endpoint_id
    )
    SELECT code AS endpoint, (SELECT count(*) FROM discarded WHERE endpoint_id = gone.id)::integer AS discarded
    FROM gone ORDER BY code`.execute(trx);
  return rows;
}

async function upsert(
  trx: Transaction<Database>,
  wanted: readonly Wanted[],
): Promise<ReadonlyMap<string, EventEndpointId>> {
  if (wanted.length === 0) return new Map();
  const isNewAddress = sql<boolean>`event_endpoints.url <> excluded.url`;
  const rows = await trx
    .insertInto('event_endpoints')
    .values(
      wanted.map(({ merchantId, endpoint }) => ({
        id: uuidv7<EventEndpointId>(),
        merchant_id: merchantId,
        code: endpoint.code,
        url: endpoint.url,
        event_types: [...endpoint.events],
      })),
    )
    .onConflict((conflict) =>
      conflict.column('code').doUpdateSet((row) => ({
        url: row.ref('excluded.url'),
        event_types: row.ref('excluded.event_types'),
        configured: true,
        disabled_at: sql<Date>`CASE WHEN ${isNewAddress} THEN NULL ELSE event_endpoints.disabled_at END`,
        disabled_because: sql<DisabledBecause>`CASE WHEN ${isNewAddress} THEN NULL ELSE event_endpoints.disabled_because END`,
        failures: sql<number>`CASE WHEN ${isNewAddress} THEN 0 ELSE event_endpoints.failures END`,
        paused_until: sql<Date>`CASE WHEN ${isNewAddress} THEN NULL ELSE event_endpoints.paused_until END`,
      })),
    )
    .returning(['id', 'code'])
    .execute();
  return new Map(rows.map((row) => [row.code, row.id]));
}

/**
 * Stops all deliveries to an endpoint until somebody enables it; what waits for it is DISCARDED. By the unique code.
 *
 * @param ifUrl leaves it as it is when its address is another one by now
 * @returns whether it was enabled until now
 */
export async function disableEndpoint(
  db: Kysely<Database>,
  code: string,
  because: DisabledBecause,
  ifUrl?: string,
): Promise<boolean> {
  const { rows } = await sql<{ id: EventEndpointId }>`
    WITH disabled AS (
      UPDATE event_endpoints SET disabled_at = app_now(), disabled_because = ${because}
      WHERE code = ${code} AND disabled_at IS NULL AND url = COALESCE(${ifUrl ?? null}, url) RETURNING id
    ), discarded AS (
      UPDATE event_deliveries SET status = 'DISCARDED', ended_at = app_now(), lease_until = NULL
      WHERE status = 'PENDING' AND endpoint_id IN (SELECT id FROM disabled)
    )
    SELECT id FROM disabled`.execute(db);
  return rows.length > 0;
}

/**
 * Delivers to an endpoint again, after it was disabled or while it is tried rarely. What was discarded stays so until
 * it is resent. By the unique code.
 *
 * @returns whether there is such an endpoint in the configuration
 */
export async function enableEndpoint(db: Kysely<Database>, code: string): Promise<boolean> {
  const { rows } = await sql`
    UPDATE event_endpoints SET disabled_at = NULL, disabled_because = NULL, failures = 0, paused_until = NULL
    WHERE code = ${code} AND configured RETURNING id`.execute(db);
  return rows.length > 0;
}

/** An endpoint with what waits for it. */
export interface EndpointState {
  readonly code: string;
  /** Null: of the operator. */
  readonly merchant: string | null;
  readonly url: string;
  /** Empty: all. */
  readonly events: readonly string[];
  readonly configured: boolean;
  readonly disabledAt: Date | null;
  readonly disabledBecause: DisabledBecause | null;
  /** Deliveries in a row that were not accepted. */
  readonly failures: number;
  readonly pausedUntil: Date | null;
  readonly pending: number;
  /** When the oldest message that waits was written; null: none waits. */
  readonly oldestPendingAt: Date | null;
}

/** All endpoints that are, or were, configured, by code. Counts over event_deliveries_due. */
export async function listEndpoints(db: Kysely<Database>): Promise<readonly EndpointState[]> {
  const { rows } = await sql<EndpointState>`
    SELECT e.code, m.code AS merchant, e.url, e.event_types AS events, e.configured, e.disabled_at AS "disabledAt",
      e.disabled_because AS "disabledBecause", e.failures, e.paused_until AS "pausedUntil",
      COALESCE(p.count, 0) AS pending, oldest.at AS "oldestPendingAt"
    FROM event_endpoints e
    LEFT JOIN merchants m ON m.id = e.merchant_id
    LEFT JOIN LATERAL (
      SELECT count(*)::int AS count, min(seq) AS seq FROM event_deliveries
      WHERE endpoint_id = e.id AND status = 'PENDING'
    ) p ON true
    LEFT JOIN LATERAL (
      SELECT message.at FROM event_deliveries d JOIN event_messages message ON message.id = d.message_id
      WHERE d.endpoint_id = e.id AND d.status = 'PENDING' AND d.seq = p.seq
    ) oldest ON true
    ORDER BY e.code`.execute(db);
  return rows;
}
