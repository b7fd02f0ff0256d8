import { sql, type Kysely } from 'kysely';
import type { AttentionReason, LegStatus } from '../vocabulary.ts';
import { readFeedHorizon } from './event-lag.ts';
import type { AccountHealth, Database } from './tables.ts';

/** What the metrics tell of the database, at one moment. */
export interface Backlog {
  readonly accounts: readonly {
    readonly code: string;
    readonly health: AccountHealth;
    /** How long the oldest look of this account has been due, in seconds; 0: nothing is due. */
    readonly oldestDueSeconds: number;
    /** How old the time is up to which its provider's refunds were compared; null: they never were. */
    readonly sweptBehindSeconds: number | null;
  }[];
  /** Legs that are not final; what is absent is none. */
  readonly openLegs: readonly {
    readonly account: string;
    readonly status: LegStatus;
    readonly count: number;
  }[];
  /** Of the configuration. */
  readonly endpoints: readonly {
    readonly code: string;
    readonly pending: number;
    /** How old the oldest message is that waits for it, in seconds; 0: none does. */
    readonly oldestPendingSeconds: number;
    readonly isDisabled: boolean;
  }[];
  readonly attention: readonly { readonly reason: AttentionReason; readonly count: number }[];
  /** How old the oldest open transaction of the server is that holds back the feed of changes, in seconds. */
  readonly horizonAgeSeconds: number;
}

/** Five short statements: four over a partial index of what is open, and one over the sessions of the server. */
export async function readBacklog(db: Kysely<Database>): Promise<Backlog> {
  const accounts = await readAccounts(db);
  const openLegs = await countOpenLegs(db);
  const attention = await countAttention(db);
  const endpoints = await readEndpoints(db);
  const horizonAgeSeconds = (await readFeedHorizon(db))?.ageSeconds ?? 0;
  return { accounts, openLegs, attention, endpoints, horizonAgeSeconds };
}

/** All that waits, by event_deliveries_due and event_deliveries_in_order. */
async function readEndpoints(db: Kysely<Database>): Promise<Backlog['endpoints']> {
  const { rows } = await sql<Backlog['endpoints'][number]>`
    SELECT e.code, e.disabled_at IS NOT NULL AS "isDisabled", waiting.count AS pending,
      COALESCE(GREATEST(0, extract(epoch FROM (SELECT app_now()) - (
        SELECT min(m.at) FROM event_deliveries d JOIN event_messages m ON m.id = d.message_id
        WHERE d.endpoint_id = e.id AND d.status = 'PENDING' AND d.seq = waiting.seq))), 0)::float8 AS "oldestPendingSeconds"
    FROM event_endpoints e CROSS JOIN LATERAL (
      SELECT count(*)::int AS count, min(d.seq) AS seq FROM event_deliveries d
      WHERE d.endpoint_id = e.id AND d.status = 'PENDING'
    ) waiting
    WHERE e.configured ORDER BY e.code`.execute(db);
  return rows;
}

/** The first entry of `refund_legs_due`, `payments_due`, `payment_operations_due` and `webhook_deliveries_due` for each account. */
async function readAccounts(db: Kysely<Database>): Promise<Backlog['accounts']> {
  const { rows } = await sql<Backlog['accounts'][number]>`
    SELECT a.code, a.health, GREATEST(0, extract(epoch FROM (SELECT app_now()) - LEAST(
        (SELECT min(l.next_look_at) FROM refund_legs l WHERE l.account_id = a.id AND l.next_look_at IS NOT NULL),
        (SELECT min(p.next_look_at) FROM payments p WHERE p.account_id = a.id AND p.next_look_at IS NOT NULL),
        (SELECT min(o.next_look_at) FROM payment_operations o WHERE o.account_id = a.id AND o.next_look_at IS NOT NULL),
        (SELECT min(w.next_look_at) FROM webhook_deliveries w WHERE w.account_id = a.id AND w.next_look_at IS NOT NULL)
      )))::float8 AS "oldestDueSeconds",
      extract(epoch FROM (SELECT app_now()) - a.swept_until)::float8 AS "sweptBehindSeconds"
    FROM accounts a ORDER BY a.code`.execute(db);
  return rows;
}

/** All of `refund_legs_open`: as many rows as there are refunds under way. */
async function countOpenLegs(db: Kysely<Database>): Promise<Backlog['openLegs']> {
  const { rows } = await sql<Backlog['openLegs'][number]>`
    SELECT a.code AS account, l.status, l.count
    FROM (
      SELECT account_id, status, count(*)::int AS count FROM refund_legs
      WHERE status IN ('QUEUED', 'SENDING', 'PENDING', 'UNKNOWN', 'MANUAL_REVIEW')
      GROUP BY account_id, status
    ) l JOIN accounts a ON a.id = l.account_id`.execute(db);
  return rows;
}

/** All of `refunds_needing_attention`. */
async function countAttention(db: Kysely<Database>): Promise<Backlog['attention']> {
  const { rows } = await sql<Backlog['attention'][number]>`
    SELECT attention AS reason, count(*)::int AS count FROM refunds
    WHERE attention IS NOT NULL GROUP BY attention`.execute(db);
  return rows;
}
