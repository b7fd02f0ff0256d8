import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { AccountId, LegId, PaymentId } from '../ids.ts';
import { claimUntil } from './due.ts';
import type { Database } from './tables.ts';

type Db = Kysely<Database>;

/** What is looked at for readers. */
export type LookTable = 'refund_legs' | 'payments';

export type LookId<Table extends LookTable = LookTable> = Table extends 'refund_legs' ? LegId : PaymentId;

/** A row of which somebody wants to know how it was at `after`, by the database's time, or later. */
export interface WantedLook {
  readonly id: LookId;
  readonly after: Date;
  /** Also before the time of the next try, after looks that were not answered. */
  readonly isUrgent: boolean;
  /** Taken only where another one of the same claim is. */
  readonly isAlong: boolean;
}

/** How far the looks at a row are, by the database's time. */
export interface LookState {
  readonly id: LookId;
  /** As of when it is known, or was asked for in vain. */
  readonly knownAt: Date;
  readonly isLeased: boolean;
  /** The last look was not answered, and it is too early for the next one. */
  readonly isPutOff: boolean;
  readonly now: Date;
}

/** A row that was wanted; `token` when this process, and no other, looks at it until then. */
export interface ClaimedLook extends LookState {
  readonly token: Date | null;
}

const now = sql`(SELECT app_now())`;
const knownAt = sql<Date>`GREATEST(subject.as_of, subject.looked_at)`;
const isLeased = sql<boolean>`COALESCE(subject.look_lease_until > ${now}, false)`;
const isPutOff = sql<boolean>`COALESCE(subject.look_retry_at > ${now}, false)`;
const state = sql`subject.id, ${knownAt} AS "knownAt", ${isLeased} AS "isLeased",
  ${isPutOff} AS "isPutOff", ${now} AS now`;

/** Only legs have verdicts that wait for a plan of recovery; see `look_is_shared`. */
const shared = (table: LookTable, isShared: boolean): RawBuilder<unknown> =>
  table === 'refund_legs' ? sql`, look_is_shared = ${isShared}` : sql``;

/** Rows of `chosen`, in the order of their ids, without waiting for those that somebody has locked. */
const lockFree = (table: LookTable, chosen: RawBuilder<unknown>): RawBuilder<unknown> => sql`
  SELECT subject.id FROM ${sql.table(table)} AS subject ${chosen}
  ORDER BY subject.id FOR NO KEY UPDATE OF subject SKIP LOCKED`;

/**
 * Takes those of these rows of one account that are older than wanted, and that nobody looks at or has put off: two
 * that claim at once share them out. Tells of all of them, in the same statement, how far they are (primary key).
 */
export async function claimLooks(
  db: Db,
  table: LookTable,
  accountId: AccountId,
  wanted: readonly WantedLook[],
  leaseMs: number,
): Promise<ClaimedLook[]> {
  const ids = wanted.map(({ id }) => id);
  const isTaken = sql`JOIN wanted ON wanted.id = subject.id
    WHERE subject.id = ANY (${ids}::uuid[]) AND subject.account_id = ${accountId}
      AND ${knownAt} < wanted.after AND NOT ${isLeased} AND (wanted.urgent OR NOT ${isPutOff})`;
  const { rows } = await sql<ClaimedLook>`
    WITH wanted AS (
      SELECT * FROM unnest(
        ${ids}::uuid[],
        ${wanted.map(({ after }) => after)}::timestamptz[],
        ${wanted.map(({ isUrgent }) => isUrgent)}::boolean[],
        ${wanted.map(({ isAlong }) => isAlong)}::boolean[]
      ) AS wanted (id, after, urgent, along)
    ), due AS (${lockFree(table, sql`${isTaken} AND NOT wanted.along`)}
    ), beside AS (${lockFree(table, sql`${isTaken} AND wanted.along AND EXISTS (SELECT FROM due)`)}
    ), claimed AS (
      UPDATE ${sql.table(table)} AS taken SET look_lease_until = ${claimUntil(leaseMs)}${shared(table, true)}
      FROM (SELECT id FROM due UNION ALL SELECT id FROM beside) AS free
      WHERE taken.id = free.id
      RETURNING taken.id, taken.look_lease_until
    )
    SELECT ${state}, claimed.look_lease_until AS token
    FROM ${sql.table(table)} AS subject LEFT JOIN claimed ON claimed.id = subject.id
    WHERE subject.id = ANY (${ids}::uuid[]) AND subject.account_id = ${accountId}`.execute(db);
  return rows;
}

/** How far the looks at these rows are, whoever looks; for those who wait for them (primary key). */
export async function listLooks(db: Db, table: LookTable, ids: readonly LookId[]): Promise<LookState[]> {
  const { rows } = await sql<LookState>`
    SELECT ${state} FROM ${sql.table(table)} AS subject WHERE subject.id = ANY (${[...ids]}::uuid[])`.execute(
    db,
  );
  return rows;
}

const held = (ids: readonly LookId[], token: Date): RawBuilder<unknown> =>
  sql`WHERE subject.id = ANY (${[...ids]}::uuid[]) AND subject.look_lease_until = ${token}`;

/**
 * Holds these rows for longer, each only if it is still held by `token`; one that somebody has locked keeps its time
 * (primary key).
 *
 * @returns the new token, with the rows that have it
 */
export async function renewLooks(
  db: Db,
  table: LookTable,
  ids: readonly LookId[],
  token: Date,
  leaseMs: number,
): Promise<{ readonly token: Date; readonly ids: readonly LookId[] } | undefined> {
  const { rows } = await sql<{ id: LookId; token: Date }>`
    WITH held AS (${lockFree(table, held(ids, token))})
    UPDATE ${sql.table(table)} AS taken SET look_lease_until = ${claimUntil(leaseMs)}
    FROM held WHERE taken.id = held.id
    RETURNING taken.id, taken.look_lease_until AS token`.execute(db);
  const [first] = rows;
  return first && { token: first.token, ids: rows.map(({ id }) => id) };
}

/**
 * Gives these rows back, each only if it is still held by `token`. One that somebody has locked at this moment, such as
 * the transaction that takes in what was found, is left as it is: waiting for it here could end in a deadlock
 * (primary key).
 *
 * @returns the rows that were given back
 */
export async function releaseLooks(
  db: Db,
  table: LookTable,
  ids: readonly LookId[],
  token: Date,
): Promise<LookId[]> {
  const { rows } = await sql<{ id: LookId }>`
    WITH held AS (${lockFree(table, held(ids, token))})
    UPDATE ${sql.table(table)} AS taken SET look_lease_until = NULL${shared(table, false)}
    FROM held WHERE taken.id = held.id
    RETURNING taken.id`.execute(db);
  return rows.map(({ id }) => id);
}

/** The pause after looks in vain, in seconds: the first one, doubling to the longest. */
const FIRST_RETRY_SECONDS = 2;
const LONGEST_RETRY_SECONDS = 60;

/**
 * Notes when these rows were asked for, or, with null, that they were not answered: then the next look of a reader has
 * to wait, for twice as long each time, less up to a fifth. What was asked for at once is asked again at once, so that
 * it may share its calls again. Rows that somebody has locked are passed over (primary key).
 *
 * @param jitter 0 to 1, the same for all rows
 */
export async function noteLooked(
  db: Db,
  table: LookTable,
  looks: readonly { readonly id: LookId; readonly lookedAt: Date | null }[],
  jitter: number = Math.random(),
): Promise<void> {
  if (looks.length === 0) return;
  const ids = looks.map(({ id }) => id);
  await sql`
    WITH free AS (${lockFree(table, sql`WHERE subject.id = ANY (${ids}::uuid[])`)}),
      noted AS (SELECT * FROM unnest(${ids}::uuid[],
        ${looks.map(({ lookedAt }) => lookedAt)}::timestamptz[]) AS noted (id, looked_at))
    UPDATE ${sql.table(table)} AS known SET
      looked_at = GREATEST(known.looked_at, noted.looked_at),
      look_retries = CASE WHEN noted.looked_at IS NULL THEN known.look_retries + 1 ELSE 0 END,
      look_retry_at = CASE WHEN noted.looked_at IS NULL THEN app_now() + make_interval(secs =>
        LEAST(${FIRST_RETRY_SECONDS}::float8 * 2 ^ LEAST(known.look_retries, 10), ${LONGEST_RETRY_SECONDS}::float8)
          * (1 - ${jitter}::float8 / 5)) END
    FROM free JOIN noted ON noted.id = free.id
    WHERE known.id = free.id`.execute(db);
}
