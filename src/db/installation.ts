import { sql, type Kysely } from 'kysely';
import type { Database } from './tables.ts';

/** This database is not for the mode or the release that was started. The message says what to do. */
export class WrongInstallationError extends Error {
  override readonly name = 'WrongInstallationError';
}

const IS_DEMO =
  'This database belongs to a demo (DEMO=1). Its keys are public, so it is never used without DEMO=1. ' +
  'Use another DATA_DIR or DATABASE_URL, or delete the demo.';
const IS_NOT_DEMO =
  'This database was not made by a demo, so it may hold real refunds, and DEMO=1 refuses it. ' +
  'Use another DATA_DIR for the demo, or start without DEMO=1.';

/**
 * Refuses a database of the other mode before anything in it is changed. An empty database passes.
 *
 * @throws WrongInstallationError
 */
export async function refuseOtherMode(db: Kysely<Database>, demo: boolean): Promise<void> {
  const known = await sql<{
    exists: boolean;
  }>`SELECT to_regclass('installation') IS NOT NULL AS exists`.execute(db);
  if (known.rows[0]?.exists !== true) return;
  const row = await db.selectFrom('installation').select('demo').executeTakeFirst();
  refuseUnlessSame(row?.demo, demo);
}

/**
 * Marks a migrated database, once, as a demo's or not. Any number of processes may do so at once.
 *
 * @throws WrongInstallationError when it is marked for the other mode, or holds data that no demo has made
 */
export async function markInstallation(db: Kysely<Database>, demo: boolean): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await lockInstallation(trx);
    const row = await trx.selectFrom('installation').select('demo').executeTakeFirst();
    refuseUnlessSame(row?.demo, demo);
    if (row !== undefined) return;
    const data = await trx.selectFrom('merchants').select('id').limit(1).executeTakeFirst();
    if (demo && data !== undefined) throw new WrongInstallationError(IS_NOT_DEMO);
    await trx.insertInto('installation').values({ demo }).execute();
  });
}

/**
 * Makes `app_now()` follow `installation.clock_offset`. Demo and test mode only: in production time is the
 * database's own.
 */
export async function makeClockMovable(db: Kysely<Database>): Promise<void> {
  await db.transaction().execute(async (trx) => {
    // Two processes that replace a function at once make PostgreSQL fail one of them.
    await lockInstallation(trx);
    await sql`
      CREATE OR REPLACE FUNCTION app_now() RETURNS timestamptz LANGUAGE sql STABLE
      AS 'SELECT now() + COALESCE((SELECT clock_offset FROM installation), interval ''0'')'`.execute(trx);
  });
}

/**
 * Sets the distance of `app_now()` to real time, for every process on this database. See `makeClockMovable`. When time
 * goes back, what was planned while it was ahead would wait until it is there again: that is looked at now instead.
 */
export async function setClockOffset(db: Kysely<Database>, offsetSeconds: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const before = await readClockOffset(trx);
    await trx
      .updateTable('installation')
      .set({ clock_offset: `${offsetSeconds} seconds` })
      .execute();
    if (offsetSeconds < before) await lookAgainNow(trx);
  });
}

/** What is due later is due now, and nothing counts as swept that is still to come. */
async function lookAgainNow(trx: Kysely<Database>): Promise<void> {
  for (const table of ['refund_legs', 'payments', 'payment_operations'] as const)
    await sql`UPDATE ${sql.table(table)} SET next_look_at = app_now() WHERE next_look_at > app_now()`.execute(
      trx,
    );
  await sql`
    UPDATE accounts SET
      next_sweep_at = NULL, sweep_position = NULL, next_probe_at = NULL,
      swept_until = CASE WHEN swept_until > app_now() THEN app_now() ELSE swept_until END`.execute(trx);
}

/** The present distance of `app_now()` to real time, in seconds (one row). */
export async function readClockOffset(db: Kysely<Database>): Promise<number> {
  const row = await db
    .selectFrom('installation')
    .select(sql<number>`extract(epoch FROM clock_offset)::float8`.as('seconds'))
    .executeTakeFirst();
  return row?.seconds ?? 0;
}

function refuseUnlessSame(marked: boolean | undefined, demo: boolean): void {
  if (marked === undefined || marked === demo) return;
  throw new WrongInstallationError(marked ? IS_DEMO : IS_NOT_DEMO);
}

/** Held until the transaction ends; the number is ours alone. */
async function lockInstallation(trx: Kysely<Database>): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended('refund-federation.installation', 0))`.execute(trx);
}
