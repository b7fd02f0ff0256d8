import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { claimDuePayments, postponePayment, releasePayment } from '../../src/db/due-payments.ts';
import { recordStatements } from '../../bench/statement-log.ts';
import type { Database } from '../../src/db/tables.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertPayment, insertTenant, type Tenant } from '../support/rows.ts';

let database: TestDatabase<Database>;
let tenant: Tenant;
beforeAll(async () => {
  database = await createTestDatabase('due_payments');
  tenant = await insertTenant(database.db, 'due');
});
afterAll(() => database.drop());
beforeEach(() =>
  database.db.updateTable('payments').set({ next_look_at: null, look_lease_until: null }).execute(),
);

const due = (secondsAgo: number) =>
  insertPayment(database.db, tenant, {
    next_look_at: sql<Date>`app_now() - make_interval(secs => ${secondsAgo})` as never,
  });
const claim = (limit = 10) => claimDuePayments(database.db, tenant.accountId, limit, 60_000);
const row = (id: string) =>
  database.db
    .selectFrom('payments')
    .selectAll()
    .where('id', '=', id as never)
    .executeTakeFirstOrThrow();

test('what is due is claimed once, the longest due first, and what is not due stays', async () => {
  const [newer, older] = [await due(10), await due(20)];
  await due(-60);
  expect((await claim(1)).map(({ id }) => id)).toEqual([older]);
  expect((await claim()).map(({ id }) => id)).toEqual([newer]);
  expect(await claim()).toEqual([]);
});

test('two claims at once share what is due and never wait for each other', async () => {
  const ids = await Promise.all(Array.from({ length: 20 }, (_, index) => due(index + 1)));
  const claims = await Promise.all([claim(20), claim(20), claim(20)]);
  expect(
    claims
      .flat()
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(ids.toSorted());
});

test('a claim that has run out is taken by another, and its holder ends it no more', async () => {
  const id = await due(10);
  const [lost] = await claimDuePayments(database.db, tenant.accountId, 1, -1);
  const [taken] = await claim();
  expect(taken!.id).toBe(id);
  await releasePayment(database.db, lost!);
  await postponePayment(database.db, lost!, 60_000);
  expect(await row(id)).toMatchObject({ look_lease_until: taken!.look_lease_until, look_failures: 0 });
  await postponePayment(database.db, taken!, 60_000);
  const after = await row(id);
  expect(after).toMatchObject({ look_lease_until: null, look_failures: 1 });
  expect(after.next_look_at!.getTime()).toBeGreaterThan(Date.now() + 50_000);
});

test('claiming uses the index of what is due', async () => {
  await Promise.all(Array.from({ length: 30 }, (_, index) => due(index)));
  const log = recordStatements();
  await claim(1);
  const statement = log.take().find(({ text }) => /skip locked/i.test(text))!;
  log.stop();
  const plan = await database.db.transaction().execute(async (tx) => {
    await sql`SET LOCAL enable_seqscan = off`.execute(tx);
    const { rows } = await sql<{
      'QUERY PLAN': string;
    }>`EXPLAIN (GENERIC_PLAN) ${sql.raw(statement.text)}`.execute(tx);
    return rows.map((line) => line['QUERY PLAN']).join('\n');
  });
  expect(plan).toContain('payments_due');
  // The time is asked for once, not for every row.
  expect(plan).toContain('InitPlan');
  expect(plan).toMatch(/Index Cond:.*next_look_at <=/);
});
