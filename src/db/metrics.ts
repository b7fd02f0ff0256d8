import { sql, type Kysely } from 'kysely';
import type { AttentionReason, LegStatus } from '../vocabulary.ts';
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
  readonly attention: readonly { readonly reason: AttentionReason; readonly count: number }[];
}

/** Three short statements, each over a partial index of what is open. */
export async function readBacklog(db: Kysely<Database>): Promise<Backlog> {
  const accounts = await readAccounts(db);
  const openLegs = await countOpenLegs(db);
  const attention = await countAttention(db);
  return { accounts, openLegs, attention };
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
