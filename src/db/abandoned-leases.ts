import { type Kysely } from 'kysely';
import { appNow } from './sql-time.ts';
import type { Database } from './tables.ts';

/**
 * Ends every lease. Only for a process that is alone on its database, as the owner of an embedded server is:
 * whoever held these leases is dead, and what it was sending need not wait for them to run out.
 *
 * @returns how many legs and operations may have been sent by a process that never came back
 */
export async function endAbandonedLeases(db: Kysely<Database>): Promise<number> {
  const legs = await db
    .updateTable('refund_legs')
    .set({ lease_until: appNow })
    .where('status', 'in', ['SENDING', 'UNKNOWN'])
    .where('lease_until', '>', appNow)
    .executeTakeFirst();
  const operations = await db
    .updateTable('payment_operations')
    .set({ lease_until: appNow })
    .where('status', 'in', ['SENDING', 'UNKNOWN'])
    .where('lease_until', '>', appNow)
    .executeTakeFirst();
  return Number(legs.numUpdatedRows + operations.numUpdatedRows);
}
