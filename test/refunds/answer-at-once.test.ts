import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { connectDatabase, type ConnectedDatabase } from '../../src/db/connect.ts';
import { inTransaction } from '../../src/db/in-transaction.ts';
import { listLegs } from '../../src/db/legs.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { lookAtLegs } from '../../src/refunds/looks/look.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import type { Database } from '../../src/db/tables.ts';
import type { World } from '../../src/refunds/world.ts';
import { ask } from '../support/execute.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  newKey,
  paymentRow,
  refundCommand,
  refundRows,
  refundsAre,
  valueOf,
} from '../support/rules.ts';
import { silentLog } from '../support/silent-log.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('answer_once');
});
afterAll(() => t.close());
afterEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'instant');
});

test('refunds, reads and looks of one payment at once, by two processes: no deadlock, and every sum is right', async () => {
  const other = await t.replica();
  const paymentId = await t.payment('1500.00');
  const connection = t.world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
  const countDeadlocks = async () => {
    const { rows } = await sql<{ deadlocks: bigint }>`SELECT pg_stat_force_next_flush(), deadlocks
      FROM pg_stat_database WHERE datname = current_database()`.execute(t.database.db);
    return rows[0]!.deadlocks;
  };
  const before = await countDeadlocks();
  const oneOf = async (world: World) => {
    const command = refundCommand(paymentId, 1_000n, { waitMs: 0 });
    const created = valueOf(await createRefund(world, t.caller(), command));
    const legs = await listLegs(world.db, created.refundId);
    await Promise.all([
      seePayment(world, connection, paymentId),
      lookAtLegs(
        world,
        connection.merchantId,
        legs.map(({ id }) => id),
      ),
    ]);
  };
  await Promise.all(Array.from({ length: 40 }, (_, index) => oneOf(index % 2 === 0 ? t.world : other)));
  // Nobody waits and no engine runs: who has sent one leg finds the next one.
  const listOpen = async () =>
    (await refundRows(t, paymentId)).filter(({ status }) => status !== 'SUCCEEDED');
  await expect.poll(listOpen, { timeout: 60_000, interval: 100 }).toEqual([]);
  expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 40_000n, reserved_minor: 0n });
  expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(40);
  for (const { attempts } of await refundRows(t, paymentId))
    expect(attempts).toMatchObject([{ sends: 1, outcome: 'accepted' }]);
  await expectSound(t, paymentId);
  expect(await countDeadlocks()).toBe(before);
});

test('what was committed while the statement had begun, and had no lock yet, is not overlooked', async () => {
  const own = await createTestWorld('answer_stale');
  let other: ConnectedDatabase<Database> | undefined;
  try {
    const { db } = own.database;
    other = connectDatabase<Database>({ config: own.database.config, log: silentLog, max: 1 });
    const paymentId = await own.payment('1500.00');
    valueOf(await createRefund(own.world, own.caller(), refundCommand(paymentId, 1_000n)));
    // Whoever reads an attempt waits for this lock: the statement is stopped between its snapshot and its locks.
    await sql`ALTER TABLE leg_attempts RENAME TO attempts_behind`.execute(db);
    await sql`CREATE FUNCTION pass() RETURNS boolean LANGUAGE plpgsql VOLATILE AS
      $$ BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN true; END $$`.execute(db);
    await sql`CREATE VIEW leg_attempts AS SELECT * FROM attempts_behind WHERE pass()`.execute(db);
    const first = await inTransaction(other.db, async (tx) => {
      await sql`SELECT pg_advisory_xact_lock(7)`.execute(tx);
      const creating = createRefund(own.world, own.caller(), refundCommand(paymentId, 1_000n));
      const countWaiting = async () => {
        const { rows } = await sql`SELECT pid FROM pg_stat_activity WHERE datname = current_database()
          AND wait_event = 'advisory' AND query LIKE 'WITH held%'`.execute(db);
        return rows.length;
      };
      await expect.poll(countWaiting, { timeout: 4_000 }).toBe(1);
      const next = refundCommand(paymentId, 2_000n, { waitMs: 0 });
      valueOf(await createRefund(await own.replica(), own.caller(), next));
      return { creating };
    });
    valueOf(await first.creating);
    const listOpen = async () =>
      (await refundRows(own, paymentId)).filter(({ status }) => status !== 'SUCCEEDED');
    await expect.poll(listOpen, { timeout: 20_000 }).toEqual([]);
    await expectSound(own, paymentId);
  } finally {
    await other?.close();
    await own.close();
  }
});

const FIELDS = `id status isFinal moneyMovement version createdAt updatedAt finalizedAt reference note reason metadata
  origin attention { reason } amount { value currency } returned { value } freshness { asOf } allowedActions
  legs { id status amount { value } providerRefundId failure { code } }`;

test.each(['SUCCEEDED', 'PENDING', 'FAILED'])(
  'what createRefund answers is what a read finds: %s',
  async (status) => {
    if (status === 'PENDING') await refundsAre(t, 'pending');
    if (status === 'FAILED') await armFault(t, 'refuse', { code: 'insufficient_funds' });
    const paymentId = await t.payment('1500.00');
    const input = {
      idempotencyKey: newKey(),
      payment: { provider: { account: 'yookassa-demo', paymentId } },
      amount: { money: { value: '10.00', currency: 'RUB' } },
      reason: 'GOODWILL',
      reference: newKey(),
      metadata: { order: '7' },
      waitMs: 30_000,
    };
    const { createRefund: created } = await ask<{ createRefund: { refund: { id: string } } }>(
      t.world,
      t.caller(),
      `mutation ($input: CreateRefundInput!) { createRefund(input: $input) { refund { ${FIELDS} } } }`,
      { input },
    );
    expect(created.refund).toMatchObject({ status });
    const { refund } = await ask<{ refund: unknown }>(
      t.world,
      t.caller(),
      `query ($id: ID!) { refund(by: { id: $id }) { ${FIELDS} } }`,
      { id: created.refund.id },
    );
    expect(refund).toEqual(created.refund);
  },
);
