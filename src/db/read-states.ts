import { sql, type Kysely } from 'kysely';
import type { AccountId, MerchantId, PaymentId, RefundId } from '../ids.ts';
import type { LegStatus, RefundStatus } from '../vocabulary.ts';
import { batchedRead, indexBy, type BatchedRead } from './batched-read.ts';
import { appNow } from './sql-time.ts';
import type { Database } from './tables.ts';

/** What says whether anything of a refund has changed, and how fresh it is; the refund itself is not read. */
export interface RefundState {
  readonly id: RefundId;
  readonly version: number;
  readonly payment_version: number;
  /** Versions of another history of the database say nothing about this one's. */
  readonly epoch: bigint;
  readonly status: RefundStatus;
  readonly account_id: AccountId;
  readonly created_at: Date;
  readonly updated_at: Date;
  /** The oldest look at any of its legs; null: it has none. */
  readonly as_of: Date | null;
  /** The same of those about which a provider can be asked; null: there is none. */
  readonly open_as_of: Date | null;
  /** The first look that is planned at a leg which is not final; null: none is. */
  readonly next_look_at: Date | null;
  /** By the database's clock. */
  readonly read_at: Date;
}

/** What says whether anything of a payment has changed. */
export interface PaymentState {
  readonly id: PaymentId;
  readonly version: number;
  readonly epoch: bigint;
}

/** What says whether any refund of a merchant has changed, or was made. */
export interface FeedState {
  /** The newest place of the feed below the horizon; null: nothing has changed since there is a feed. */
  readonly newest: string | null;
  /** Ids and versions of what is visible at or above the horizon, where others may still appear below. */
  readonly above: string | null;
  readonly above_count: number;
}

/** Reads of what tags are made of, of all requests of one tick and one merchant in one statement each; nothing is kept. */
export interface StateReads {
  readonly refund: BatchedRead<RefundId, RefundState>;
  readonly payment: BatchedRead<PaymentId, PaymentState>;
  readonly feed: BatchedRead<'feed', FeedState>;
}

/** More than so many changes at or above the horizon are not told apart: somebody writes for very long. */
export const MAX_ABOVE_HORIZON = 200;

const states = new WeakMap<object, StateReads>();

/** The one batch of a database, shared by all requests of the process. */
export function stateReadsOf(db: Kysely<Database>): StateReads {
  const known = states.get(db);
  if (known !== undefined) return known;
  const created: StateReads = {
    refund: batchedRead((merchantId, ids) => readRefundStates(db, merchantId, ids)),
    payment: batchedRead((merchantId, ids) => readPaymentStates(db, merchantId, ids)),
    feed: batchedRead(async (merchantId) => new Map([['feed', await readFeedState(db, merchantId)]])),
  };
  states.set(db, created);
  return created;
}

const epoch = sql`(SELECT number FROM feed_epochs ORDER BY number DESC LIMIT 1)`;

/** Primary keys of refunds and payments, and refund_legs_name_unique. */
async function readRefundStates(
  db: Kysely<Database>,
  merchantId: MerchantId,
  ids: readonly RefundId[],
): Promise<Map<RefundId, RefundState>> {
  const { rows } = await sql<RefundState>`
    SELECT r.id, r.version, p.version AS payment_version, ${epoch} AS epoch, r.status, r.account_id,
      r.created_at, r.updated_at, leg.as_of, leg.open_as_of, leg.next_look_at, ${appNow} AS read_at
    FROM refunds AS r
    JOIN payments AS p ON p.id = r.payment_id
    CROSS JOIN LATERAL (
      SELECT min(l.as_of) AS as_of, min(l.as_of) FILTER (WHERE l.status = ANY(${askable}::text[])) AS open_as_of,
        min(l.next_look_at) FILTER (WHERE l.status = ANY(${open}::text[])) AS next_look_at
      FROM refund_legs AS l WHERE l.refund_id = r.id
    ) AS leg
    WHERE r.merchant_id = ${merchantId} AND r.id = ANY(${[...ids]}::uuid[])`.execute(db);
  return indexBy(rows, (row) => row.id);
}

/** Legs about which a provider can know something: for one that is queued nothing was sent. */
const askable: LegStatus[] = ['SENDING', 'PENDING', 'UNKNOWN', 'MANUAL_REVIEW'];
const open: LegStatus[] = ['QUEUED', ...askable];

/** Primary key. */
async function readPaymentStates(
  db: Kysely<Database>,
  merchantId: MerchantId,
  ids: readonly PaymentId[],
): Promise<Map<PaymentId, PaymentState>> {
  const { rows } = await sql<PaymentState>`
    SELECT id, version, ${epoch} AS epoch FROM payments
    WHERE merchant_id = ${merchantId} AND id = ANY(${[...ids]}::uuid[])`.execute(db);
  return indexBy(rows, (row) => row.id);
}

/**
 * What the merchant's refunds are like, in a few numbers (MONEY section 11): everything below the horizon is decided, so
 * that the newest of it stands for all; what is above it is named. Index refunds_by_change.
 */
async function readFeedState(db: Kysely<Database>, merchantId: MerchantId): Promise<FeedState> {
  const { rows } = await sql<FeedState>`
    WITH horizon AS MATERIALIZED (SELECT ${epoch} AS epoch, pg_snapshot_xmin(pg_current_snapshot()) AS xmin)
    SELECT newest.place AS newest, above.changes AS above, above.count::int AS above_count
    FROM horizon
    LEFT JOIN LATERAL (
      SELECT concat_ws('.', r.change_epoch, r.change_xid, r.change_seq) AS place FROM refunds AS r
      WHERE r.merchant_id = ${merchantId} AND r.change_epoch > 0
        AND (r.change_epoch, r.change_xid) < (horizon.epoch, horizon.xmin)
      ORDER BY r.change_epoch DESC, r.change_xid DESC, r.change_seq DESC LIMIT 1
    ) AS newest ON true
    CROSS JOIN LATERAL (
      SELECT count(*) AS count, string_agg(concat_ws(':', change.id, change.version), ' ' ORDER BY change.id) AS changes
      FROM (
        SELECT r.id, r.version FROM refunds AS r
        WHERE r.merchant_id = ${merchantId} AND r.change_epoch > 0
          AND (r.change_epoch, r.change_xid) >= (horizon.epoch, horizon.xmin)
        LIMIT ${MAX_ABOVE_HORIZON + 1}
      ) AS change
    ) AS above`.execute(db);
  return rows[0]!;
}
