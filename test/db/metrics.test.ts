import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readBacklog } from '../../src/db/metrics.ts';
import type { Database } from '../../src/db/tables.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertPayment, insertRefund, insertTenant } from '../support/rows.ts';

let database: TestDatabase<Database>;
const statements: string[] = [];
beforeAll(async () => {
  database = await createTestDatabase('db_metrics', { onQuery: (text) => statements.push(text) });
});
afterAll(() => database.drop());

const secondsAgo = (seconds: number): Date => new Date(Date.now() - seconds * 1000);

test('tells of what is open, by account, and of nothing that has ended', async () => {
  const { db } = database;
  const [busy, idle] = [await insertTenant(db, 'busy'), await insertTenant(db, 'idle')];
  const payments = [];
  for (let count = 0; count < 5; count += 1) payments.push(await insertPayment(db, busy));
  const open = (status: 'QUEUED' | 'UNKNOWN' | 'MANUAL_REVIEW', next_look_at: Date | null) =>
    ({ status, next_look_at, provider_refund_id: null }) as const;
  const waits = { attention: 'MANUAL_REVIEW', attention_since: new Date(), status: 'MANUAL_REVIEW' } as const;
  await insertRefund(db, busy, payments[0]!, { status: 'QUEUED' }, open('QUEUED', secondsAgo(100)));
  await insertRefund(db, busy, payments[1]!, { status: 'QUEUED' }, open('QUEUED', secondsAgo(10)));
  await insertRefund(db, busy, payments[2]!, { status: 'UNKNOWN' }, open('UNKNOWN', secondsAgo(-100)));
  await insertRefund(db, busy, payments[3]!, waits, open('MANUAL_REVIEW', null));
  await insertRefund(db, busy, payments[4]!);
  await insertRefund(db, idle, await insertPayment(db, idle), {}, { next_look_at: secondsAgo(-5_000) });
  await db.updateTable('accounts').set({ health: 'RESTORING' }).where('id', '=', idle.accountId).execute();

  await db
    .updateTable('accounts')
    .set({ swept_until: secondsAgo(700) })
    .where('id', '=', busy.accountId)
    .execute();

  const { accounts, openLegs, attention } = await readBacklog(db);
  expect(accounts).toEqual([
    {
      code: 'yookassa-busy',
      health: 'OK',
      oldestDueSeconds: expect.closeTo(100, -1),
      sweptBehindSeconds: expect.closeTo(700, -1),
    },
    { code: 'yookassa-idle', health: 'RESTORING', oldestDueSeconds: 0, sweptBehindSeconds: null },
  ]);
  expect(openLegs.toSorted((left, right) => left.status.localeCompare(right.status))).toEqual([
    { account: 'yookassa-busy', status: 'MANUAL_REVIEW', count: 1 },
    { account: 'yookassa-busy', status: 'QUEUED', count: 2 },
    { account: 'yookassa-busy', status: 'UNKNOWN', count: 1 },
  ]);
  expect(attention).toEqual([{ reason: 'MANUAL_REVIEW', count: 1 }]);

  await db
    .updateTable('payments')
    .set({ next_look_at: secondsAgo(500) })
    .where('id', '=', payments[4]!)
    .execute();
  const later = await readBacklog(db);
  expect(later.accounts[0]!.oldestDueSeconds).toBeGreaterThan(400);
});

test('reads only indexes of what is open, however much has ended', async () => {
  statements.length = 0;
  await readBacklog(database.db);
  expect(statements).toHaveLength(5);
  const plans = await database.db.connection().execute(async (connection) => {
    await sql`SET enable_seqscan = off`.execute(connection);
    const found: string[] = [];
    for (const text of statements.slice(0, 3)) {
      const { rows } = await sql<{ 'QUERY PLAN': string }>`EXPLAIN ${sql.raw(text)}`.execute(connection);
      found.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
    }
    await sql`RESET enable_seqscan`.execute(connection);
    return found;
  });
  for (const index of ['refund_legs_due', 'payments_due', 'payment_operations_due'])
    expect(plans[0]).toMatch(new RegExp(`Index .*Scan using ${index}`));
  expect(plans[1]).toMatch(/Scan (using|on) refund_legs_open/);
  expect(plans[2]).toMatch(/Scan (using|on) refunds_needing_attention/);
});
