import { sql, type Kysely } from 'kysely';
import { appNow } from './sql-time.ts';
import { isOpenOperation } from './open-status.ts';
import type { Database } from './tables.ts';

/** What a worker's connections are called in pg_stat_activity. */
export const workerName = 'refund-federation worker';

/**
 * Ends every lease and every claim of a look. Only for the one service of an embedded server: whoever held these is
 * dead, and what it was sending need not wait for them to run out. Nothing happens while a worker is connected,
 * which may hold some of them.
 *
 * @returns how many legs and operations may have been sent by a process that never came back
 */
export async function endAbandonedLeases(db: Kysely<Database>): Promise<number> {
  if (await isWorkerConnected(db)) return 0;
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

async function isWorkerConnected(db: Kysely<Database>): Promise<boolean> {
  const { rows } = await sql`
    SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = ${workerName}
    LIMIT 1`.execute(db);
  return rows.length > 0;
}
