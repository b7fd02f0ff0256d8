import { afterAll, beforeAll, expect, test } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { endAbandonedLeases, memberName, workerName } from '../../src/db/abandoned-leases.ts';
import { connectDatabase } from '../../src/db/connect.ts';
import type { Database } from '../../src/db/tables.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertPayment, insertRefund, insertTenant } from '../support/rows.ts';
import { silentLog } from '../support/silent-log.ts';

let database: TestDatabase<Database>;
beforeAll(async () => {
  database = await createTestDatabase('abandoned_leases');
});
afterAll(() => database.drop());

/** A leg that somebody is sending, with a lease for an hour. */
async function insertLeased(code: string): Promise<void> {
  const { db } = database;
  const tenant = await insertTenant(db, code);
  const inAnHour = new Date(Date.now() + 3_600_000);
  await insertRefund(
    db,
    tenant,
    await insertPayment(db, tenant),
    { status: 'PENDING' },
    { status: 'SENDING', lease_until: inAnHour, next_look_at: inAnHour, provider_refund_id: null },
  );
}

async function connected(applicationName: string) {
  const other = connectDatabase<Database>({
    config: database.config,
    log: silentLog,
    max: 1,
    applicationName,
  });
  await sql`SELECT 1`.execute(other.db);
  return other;
}

test.each([workerName, memberName])('leases are left alone while a "%s" is connected', async (name) => {
  await insertLeased(name.replaceAll(' ', '-'));
  const other = await connected(name);
  expect(await endAbandonedLeases(database.db)).toBe(0);
  await other.close();
  expect(await endAbandonedLeases(database.db)).toBe(1);
});

test('processes of a service that was killed are given a moment to be gone', async () => {
  await insertLeased('killed');
  const other = await connected(memberName);
  const ending = endAbandonedLeases(database.db);
  await delay(200);
  await other.close();
  expect(await ending).toBe(1);
});
