import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from './support/execute.ts';
import { newKey } from './support/rules.ts';
import { createTestWorld, type TestWorld } from './support/world.ts';

const guide = readFileSync(path.resolve(import.meta.dirname, '../docs/growth.md'), 'utf8');
const blocks = [...guide.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql = '']) => sql);

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('growth_guide');
});
afterAll(() => t.close());

/** One block, as a person would paste it: outside of a transaction unless it begins one. Returns what PostgreSQL says. */
async function run(block: string): Promise<readonly string[]> {
  const client = await t.database.pool.connect();
  const said: string[] = [];
  const hear = ({ message }: { readonly message?: string | undefined }) => void said.push(message ?? '');
  client.on('notice', hear);
  try {
    await client.query('SET client_min_messages = debug1');
    // CONCURRENTLY is refused in the implicit transaction of several statements.
    const parts = /^\s*(BEGIN|DO)\b/.test(block)
      ? [block]
      : block.split(/;\n/).filter((part) => part.trim() !== '');
    for (const part of parts) await client.query(part);
    return said;
  } finally {
    client.off('notice', hear);
    await client.query('RESET client_min_messages');
    client.release();
  }
}

async function refund(): Promise<string> {
  const input = {
    idempotencyKey: newKey(),
    payment: { provider: { account: 'yookassa-demo', paymentId: await t.payment('100.00') } },
    amount: { remaining: true },
    reason: 'GOODWILL',
    waitMs: 10_000,
  };
  const { createRefund } = await ask<{ createRefund: { refund: { id: string; status: string } } }>(
    t.world,
    t.caller(),
    `mutation ($input: CreateRefundInput!) { createRefund(input: $input) { refund { id status } errors { message } } }`,
    { input },
  );
  expect(createRefund.refund.status).toBe('SUCCEEDED');
  return createRefund.refund.id;
}

async function historyOf(id: string): Promise<readonly unknown[]> {
  const { refund: found } = await ask<{ refund: { history: unknown[] } }>(
    t.world,
    t.caller(),
    'query ($id: ID!) { refund(by: { id: $id }) { history { kind at } } }',
    { id },
  );
  return found.history;
}

const query = (sql: string) => t.database.pool.query(sql);
const partitions = async (): Promise<string[]> =>
  (
    await query(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'events'::regclass ORDER BY 1`,
    )
  ).rows.map((row: { name: string }) => row.name);

test('every statement of docs/growth.md runs, and the service goes on', async () => {
  expect(blocks.length).toBeGreaterThan(7);
  const exchange = blocks.findIndex((block) => block.includes('ATTACH PARTITION'));
  const next = exchange + 1;
  const detach = blocks.findIndex((block) => block.includes('DETACH PARTITION'));
  const before = await refund();
  const told = await historyOf(before);
  expect(told.length).toBeGreaterThan(1);

  for (const block of blocks.slice(0, exchange)) await run(block);
  expect((await run(blocks[exchange]!)).join('\n'), 'not every row is looked at under the lock').toMatch(
    /partition constraint for table "events_before" is implied by existing constraints/,
  );
  expect(await historyOf(before), 'nothing was lost').toEqual(told);
  const meanwhile = await refund();
  expect((await historyOf(meanwhile)).length).toBe(told.length);
  const { rows: ids } = await query(
    'SELECT count(*)::int AS all, count(DISTINCT id)::int AS own FROM events',
  );
  expect(ids[0].all).toBe(ids[0].own);

  await run(blocks[next]!);
  const all = await partitions();
  expect(all).toHaveLength(3);
  await query(`INSERT INTO events (merchant_id, payment_id, kind, source, actor, at)
    SELECT merchant_id, payment_id, 'test', 'SERVICE', 'test', now() + interval '1 month' * n FROM
    (SELECT * FROM events LIMIT 1) e, generate_series(1, 3) n`);
  for (const table of ['events', ...all]) {
    const { rows } = await query(`SELECT count(*)::int AS count FROM ${table}`);
    expect(rows[0].count, table).toBeGreaterThan(0);
    for (const change of [`UPDATE ${table} SET kind = 'other'`, `DELETE FROM ${table}`, `TRUNCATE ${table}`])
      await expect(query(change), change).rejects.toMatchObject({ message: 'events are append-only' });
  }

  for (const block of blocks.slice(next + 1, detach + 1)) await run(block);
  expect(await historyOf(before), 'what was put away').toEqual([]);
  const after = await refund();
  expect((await historyOf(after)).length, 'this month has no partition any more').toBe(told.length);

  for (const block of blocks.slice(detach + 1)) await run(block);
  await refund();
});

test('messages of providers cannot be partitioned by month, as the guide says', async () => {
  await query(`CREATE TABLE by_month (LIKE webhook_deliveries) PARTITION BY RANGE (received_at)`);
  await expect(
    query('ALTER TABLE by_month ADD CONSTRAINT told_once UNIQUE (account_id, deduplication_key)'),
  ).rejects.toMatchObject({
    message: expect.stringMatching(/must include all partitioning columns/) as string,
  });
});
