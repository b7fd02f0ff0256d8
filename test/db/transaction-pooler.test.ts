import type { PoolClient } from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { recordStatements } from '../../bench/statement-log.ts';
import { readBacklog } from '../../src/db/metrics.ts';
import { endAbandonedLeases } from '../../src/db/abandoned-leases.ts';
import { driveDue } from '../../src/refunds/engine/drive-due.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { ask } from '../support/execute.ts';
import { newKey } from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';
import type { Database } from '../../src/db/tables.ts';

/**
 * Whoever gets a connection gets one without any state of the session before it: what PgBouncer does in transaction mode,
 * where each statement outside of a transaction may meet another server connection.
 */
async function behindPooler(name: string, preparedStatements: boolean): Promise<TestDatabase<Database>> {
  const database = await createTestDatabase(name, { preparedStatements });
  const { pool } = database;
  const connect = pool.connect.bind(pool) as () => Promise<PoolClient>;
  Reflect.set(pool, 'connect', async () => {
    const client = await connect();
    await client.query('DISCARD ALL');
    return client;
  });
  return database;
}

/** Statements that leave something in the session. */
const SESSION_STATE =
  /^\s*(set\s+(?!local|transaction)|listen|prepare|declare\s.*with hold|create\s+temp)|pg_(try_)?advisory_lock\s*\(|set_config\(/i;

let t: TestWorld;
afterEach(() => t.close());

const CREATE = `mutation ($input: CreateRefundInput!) {
  createRefund(input: $input) { refund { id status } errors { code message } }
}`;

function create(paymentId: string): Promise<{ createRefund: { refund: { id: string; status: string } } }> {
  const input = {
    idempotencyKey: newKey(),
    payment: { provider: { account: 'yookassa-demo', paymentId } },
    amount: { money: { value: '10.00', currency: 'RUB' } },
    reason: 'GOODWILL',
    waitMs: 30_000,
  };
  return ask(t.world, t.caller(), CREATE, { input });
}

describe('behind a transaction pooler', () => {
  test('everything works without prepared statements, and nothing is left in a session', async () => {
    t = await createTestWorld('pooler', undefined, (name) => behindPooler(name, false));
    const log = recordStatements();
    const { refundChanges: start } = await ask<{ refundChanges: { cursor: string } }>(
      t.world,
      t.caller(),
      '{ refundChanges { cursor } }',
    );
    const paymentId = await t.payment('1500.00');
    const made = await create(paymentId);
    expect(made.createRefund.refund.status).toBe('SUCCEEDED');
    await t.control('mode', { provider: 'yookassa', refunds: 'pending' });
    const pending = await create(paymentId);
    const { id } = pending.createRefund.refund;
    await t.control('settle', { provider: 'yookassa', all: true, status: 'succeeded' });
    const polled = await ask(
      t.world,
      t.caller(),
      `query ($id: ID!) { refund(by: { id: $id }, maxAgeSeconds: 0, waitMs: 5000) { status history { kind } payment { refunded { value } } } }`,
      { id },
    );
    expect(polled).toMatchObject({
      refund: { status: 'SUCCEEDED', payment: { refunded: { value: '20.00' } } },
    });
    await driveDue(t.world);
    await endAbandonedLeases(t.database.db);
    expect((await readBacklog(t.database.db)).accounts.length).toBeGreaterThan(0);
    const changes = await ask<{ refundChanges: { changes: unknown[] } }>(
      t.world,
      t.caller(),
      'query ($after: String) { refundChanges(after: $after) { changes { refund { id } } } }',
      { after: start.cursor },
    );
    expect(changes.refundChanges.changes).toHaveLength(2);
    log.stop();
    const sent = log.take().map(({ text }) => text);
    expect(sent.length).toBeGreaterThan(30);
    expect(sent.filter((text) => text !== 'DISCARD ALL' && SESSION_STATE.test(text))).toEqual([]);
  });

  test('prepared statements do not work: what DB_PREPARED=0 is for', async () => {
    t = await createTestWorld('pooler_prepared', undefined, (name) => behindPooler(name, true));
    const ids = Array.from({ length: 12 }, () =>
      ask(t.world, t.caller(), '{ refunds(first: 1) { nodes { id } } }'),
    );
    const first = await Promise.allSettled(ids);
    const again = await Promise.allSettled(
      first.map(() => ask(t.world, t.caller(), '{ refunds(first: 1) { nodes { id } } }')),
    );
    expect([...first, ...again].map(({ status }) => status)).toContain('rejected');
  });
});
