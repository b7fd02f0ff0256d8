import { sql, type Kysely, type Selectable } from 'kysely';
import type { AccountId, MerchantId, PaymentId } from '../ids.ts';
import type { Database, RefundTable } from './tables.ts';

type Db = Kysely<Database>;

/** A place in the feed: an epoch of the database, a transaction of it, and a change of that transaction. */
export interface FeedPosition {
  readonly epoch: bigint;
  readonly xid: bigint;
  readonly seq: bigint;
}

/** Properties that a refund never loses: what can change would let a refund leave the feed without a word. */
export interface ChangeConditions {
  readonly accountId?: AccountId | undefined;
  readonly paymentId?: PaymentId | undefined;
}

export type ChangedRefund = Selectable<RefundTable>;

export interface ChangesRead {
  /** In the order of the feed, each refund once and as it is now. */
  readonly refunds: readonly ChangedRefund[];
  /** Behind everything that was read. */
  readonly position: FeedPosition;
  readonly hasMore: boolean;
}

/** Rows that one statement reads at most, whatever it leaves out. */
const WINDOW = 1_000;

/**
 * All before it is decided: a transaction that may still commit has a higher id. The second half of a page's bounds,
 * and of the same snapshot as the page.
 */
const horizon = sql`
  SELECT (SELECT number FROM feed_epochs ORDER BY number DESC LIMIT 1) AS epoch,
    pg_snapshot_xmin(pg_current_snapshot()) AS xmin`;

/** The present end of the feed: what is committed from now on lies behind it (feed_epochs_pkey). */
export async function readFeedEnd(db: Db): Promise<FeedPosition> {
  const { rows } = await sql<{ epoch: bigint; xmin: string }>`${horizon}`.execute(db);
  const { epoch, xmin } = rows[0]!;
  return { epoch, xid: BigInt(xmin), seq: 0n };
}

/**
 * What has changed behind a place, up to the horizon: changes commit in another order than they get their numbers,
 * and none may be skipped (MONEY section 11). Index refunds_by_change, at most 1 000 rows of it.
 */
export async function readChanges(
  db: Db,
  merchantId: MerchantId,
  after: FeedPosition,
  conditions: ChangeConditions,
  limit: number,
): Promise<ChangesRead> {
  const { accountId = null, paymentId = null } = conditions;
  const { rows } = await sql<Row>`
    WITH horizon AS MATERIALIZED (${horizon}),
    window_rows AS MATERIALIZED (
      SELECT r.id, r.change_epoch, r.change_xid, r.change_seq,
        (${accountId}::uuid IS NULL OR r.account_id = ${accountId}) AND (${paymentId}::uuid IS NULL OR r.payment_id = ${paymentId}) AS fits
      FROM refunds AS r
      WHERE r.merchant_id = ${merchantId} AND r.change_epoch > 0
        AND (r.change_epoch, r.change_xid, r.change_seq) > (${after.epoch}::bigint, ${String(after.xid)}::xid8, ${after.seq}::bigint)
        AND (r.change_epoch, r.change_xid) < ((SELECT epoch FROM horizon), (SELECT xmin FROM horizon))
      ORDER BY r.change_epoch, r.change_xid, r.change_seq
      LIMIT ${WINDOW}
    ),
    fitting AS (
      SELECT w.* FROM window_rows AS w WHERE w.fits
      ORDER BY w.change_epoch, w.change_xid, w.change_seq LIMIT ${limit + 1}
    ),
    last AS (
      SELECT count(*) OVER () = ${WINDOW} AS is_full, w.change_epoch, w.change_xid, w.change_seq FROM window_rows AS w
      ORDER BY w.change_epoch DESC, w.change_xid DESC, w.change_seq DESC LIMIT 1
    )
    SELECT horizon.epoch AS horizon_epoch, horizon.xmin AS horizon_xid, COALESCE(last.is_full, false) AS is_full,
      last.change_epoch AS last_epoch, last.change_xid AS last_xid, last.change_seq AS last_seq, r.*
    FROM horizon LEFT JOIN last ON true LEFT JOIN fitting ON true LEFT JOIN refunds AS r ON r.id = fitting.id
    ORDER BY r.change_epoch, r.change_xid, r.change_seq`.execute(db);
  return toRead(rows, limit);
}

type Row = ChangedRefund & {
  readonly horizon_epoch: bigint;
  readonly horizon_xid: string;
  readonly is_full: boolean;
  readonly last_epoch: bigint;
  readonly last_xid: string;
  readonly last_seq: bigint;
};

function toRead(rows: readonly Row[], limit: number): ChangesRead {
  const [first] = rows;
  if (first === undefined) throw new TypeError('The horizon has one row.');
  // Without any change there is one row, of the horizon alone.
  const found = rows.filter((row) => row.id !== null);
  const refunds = found.slice(0, limit);
  const last = refunds.at(-1);
  if (found.length > limit && last !== undefined)
    return { refunds, position: positionOf(last), hasMore: true };
  if (first.is_full) {
    const { last_epoch: epoch, last_xid: xid, last_seq: seq } = first;
    return { refunds, position: { epoch, xid: BigInt(xid), seq }, hasMore: true };
  }
  return {
    refunds,
    position: { epoch: first.horizon_epoch, xid: BigInt(first.horizon_xid), seq: 0n },
    hasMore: false,
  };
}

const positionOf = (row: ChangedRefund): FeedPosition => ({
  epoch: row.change_epoch,
  xid: BigInt(row.change_xid),
  seq: row.change_seq,
});

/**
 * Opens the feed's epoch of this history of the database, if it is a new one: asked at every start, since a dump may
 * have been restored into another cluster, whose transactions are counted from their own beginning.
 */
export async function openFeedEpochOfHistory(db: Db): Promise<void> {
  await sql`SELECT open_feed_epoch(false)`.execute(db);
}

/** Opens another epoch of the feed in a transaction that opens one after a restore: nobody may be writing in the old one. */
export async function openFeedEpochAfterRestore(tx: Db): Promise<void> {
  await sql`LOCK TABLE refunds IN SHARE ROW EXCLUSIVE MODE`.execute(tx);
  await sql`SELECT open_feed_epoch(true)`.execute(tx);
}
