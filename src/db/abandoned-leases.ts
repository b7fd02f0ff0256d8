import { setTimeout as delay } from 'node:timers/promises';
import { sql, type Kysely } from 'kysely';
import { appNow } from './sql-time.ts';
import { isOpenOperation } from './open-status.ts';
import type { Database } from './tables.ts';

/** What a worker's connections are called in pg_stat_activity. */
export const workerName = 'refund-federation worker';

/** The same for one of several processes of a service. */
export const memberName = 'refund-federation process';

/** The processes of a service that was killed end by themselves, and PostgreSQL has to notice, in milliseconds. */
const MEMBERS_GONE_WITHIN_MS = 2_000;
const POLL_MS = 50;

/**
 * Ends every lease and every claim of a look. Only for the one service of an embedded server: whoever held these is
 * dead, and what it was sending need not wait for them to run out. Nothing happens while a worker is connected, or a
 * process of the service before, which may hold some of them.
 *
 * @returns how many legs and operations may have been sent by a process that never came back
 */
export async function endAbandonedLeases(db: Kysely<Database>): Promise<number> {
  if ((await isConnected(db, workerName)) || !(await areMembersGone(db))) return 0;
  const legs = await db
    .updateTable('refund_legs')
    .set({ lease_until: appNow, next_look_at: appNow })
    .where(isOpenOperation)
    .where('lease_until', '>', appNow)
    .executeTakeFirst();
  const operations = await db
    .updateTable('payment_operations')
    .set({ lease_until: appNow, next_look_at: appNow })
    .where(isOpenOperation)
    .where('lease_until', '>', appNow)
    .executeTakeFirst();
  for (const table of ['refund_legs', 'payment_operations', 'payments'] as const)
    await db
      .updateTable(table)
      .set({ look_lease_until: null })
      .where('next_look_at', 'is not', null)
      .where('look_lease_until', '>', appNow)
      .execute();
  return Number(legs.numUpdatedRows + operations.numUpdatedRows);
}

async function areMembersGone(db: Kysely<Database>): Promise<boolean> {
  const deadline = performance.now() + MEMBERS_GONE_WITHIN_MS;
  while (await isConnected(db, memberName)) {
    if (performance.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

async function isConnected(db: Kysely<Database>, name: string): Promise<boolean> {
  const { rows } = await sql`
    SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = ${name}
    LIMIT 1`.execute(db);
  return rows.length > 0;
}
