import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimDueLegs, dueRows, listDueAccounts, releaseLegs } from '../../src/db/due.ts';
import { noteLooks } from '../../src/db/legs.ts';
import { connectDatabase } from '../../src/db/connect.ts';
import type { Database } from '../../src/db/tables.ts';
import type { AccountId } from '../../src/ids.ts';
import { queueRefund, silentWorld } from '../support/engine.ts';
import { manyRows } from '../support/many-rows.ts';
import { paymentRow, refundRow } from '../support/rules.ts';
import { silentLog } from '../support/silent-log.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
let accountId: AccountId;
beforeAll(async () => {
  t = await createTestWorld('due');
  const paymentId = await t.payment('1500.00');
  const silent = await silentWorld(t);
  await queueRefund(t, silent, paymentId);
  accountId = (await paymentRow(t, paymentId)).account_id;
  await manyRows(t.database.db);
});
afterAll(() => t.close());

async function planOf(query: {
  compile(): { sql: string; parameters: readonly unknown[] };
}): Promise<string> {
  const { sql: text, parameters } = query.compile();
  const { rows } = await t.database.pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, [...parameters]);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

describe('the claim of what is due', () => {
  test.each([
    ['refund_legs', 'refund_legs_due'],
    ['payments', 'payments_due'],
  ] as const)('reads %s by %s, in its order', async (table, index) => {
    const plan = await planOf(dueRows(t.database.db, table, accountId, 100));
    expect(plan).toContain(`Index Scan using ${index}`);
    expect(plan).not.toContain('Seq Scan');
    expect(plan).not.toContain('Sort');
    expect(plan).toMatch(/Index Cond: \(\(account_id = .*\) AND \(next_look_at <= /);
  });

  test('of operations reads payment_operations_due, where a scan is not allowed', async () => {
    await t.database.db.connection().execute(async (db) => {
      await sql`SET enable_seqscan = off`.execute(db);
      const query = dueRows(db, 'payment_operations', accountId, 100).compile();
      const { rows } = await sql<{ 'QUERY PLAN': string }>`EXPLAIN ${sql.raw(
        query.sql.replace('$1', `'${accountId}'`).replace('$2', '100'),
      )}`.execute(db);
      await sql`RESET enable_seqscan`.execute(db);
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).toContain('payment_operations_due');
      expect(plan).toMatch(/Index Cond: \(\(account_id = .*\) AND \(next_look_at <= /);
    });
  });

  test('is preceded by asking which accounts have anything, by the same indexes', async () => {
    const queries: string[] = [];
    const listening = connectDatabase<Database>({
      config: t.database.config,
      log: silentLog,
      onQuery: (text) => queries.push(text),
    });
    const due = await listDueAccounts(listening.db, [accountId]);
    expect(due).toMatchObject([{ accountId, legs: true, operations: false, payments: false }]);
    const [question] = queries;
    const { rows } = await listening.pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${question}`, [accountId]);
    await listening.close();
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    for (const index of ['refund_legs_due', 'payments_due']) expect(plan).toContain(index);
    expect(plan).not.toMatch(/Seq Scan on (refund_legs|payments)/);
  });
});

describe('a claim', () => {
  test('is one process’s until it is released, and only its own token releases it', async () => {
    const { db } = t.database;
    const [leg] = await claimDueLegs(db, accountId, 10, 60_000);
    expect(leg).toBeDefined();
    expect(await claimDueLegs(db, accountId, 10, 60_000)).toEqual([]);
    expect(await listDueAccounts(db, [accountId])).toMatchObject([{ legs: false }]);
    const release = {
      id: leg!.id,
      claimedUntil: leg!.claimedUntil,
      status: leg!.status,
      nextLookInMs: 60_000,
      lookFailures: 3,
      holdForMs: null,
    };
    const before = (await refundRow(t, leg!.refundId)).legs.find((row) => row.id === leg!.id)!;
    await releaseLegs(db, [{ ...release, claimedUntil: new Date(leg!.claimedUntil.getTime() - 1) }]);
    expect((await refundRow(t, leg!.refundId)).legs.find((row) => row.id === leg!.id)).toEqual(before);
    await releaseLegs(db, [{ ...release, status: 'PENDING' }]);
    const moved = (await refundRow(t, leg!.refundId)).legs.find((row) => row.id === leg!.id)!;
    expect(moved, 'a leg that has moved keeps the time of its move').toMatchObject({
      next_look_at: before.next_look_at,
      look_failures: 0,
      look_lease_until: null,
    });
    const [again] = await claimDueLegs(db, accountId, 10, 60_000);
    await releaseLegs(db, [{ ...release, claimedUntil: again!.claimedUntil }]);
    const after = (await refundRow(t, leg!.refundId)).legs.find((row) => row.id === leg!.id)!;
    expect(after).toMatchObject({ look_failures: 3, look_lease_until: null });
    expect(after.next_look_at!.getTime()).toBeGreaterThan(before.next_look_at!.getTime());
  });

  test('keeps the newest fifty looks of an attempt', async () => {
    const { db } = t.database;
    const { leg_id: id } = await db.selectFrom('leg_attempts').select('leg_id').executeTakeFirstOrThrow();
    for (let look = 0; look < 55; look += 1) await noteLooks(db, [id], look < 5 ? 'unavailable' : 'absent');
    const { looks } = await db
      .selectFrom('leg_attempts')
      .select('looks')
      .where('leg_id', '=', id)
      .executeTakeFirstOrThrow();
    expect(looks).toHaveLength(50);
    expect(looks.every((look) => look.found === 'absent')).toBe(true);
    const times = looks.map((look) => Date.parse(look.at));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.every((time) => Number.isFinite(time))).toBe(true);
  });
});
