import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connectDatabase, type ConnectOptions } from '../../src/db/connect.ts';
import { inTransaction } from '../../src/db/in-transaction.ts';
import type { Database } from '../../src/db/tables.ts';
import { isDatabaseUnavailable } from '../../src/db/unavailable.ts';
import { yookassa } from '../../src/providers/yookassa/index.ts';
import { cancelRefund } from '../../src/refunds/cancel-refund.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import { untilCommitted } from '../../src/refunds/until-committed.ts';
import type { RefundId } from '../../src/ids.ts';
import { proxiedWorld, type ProxiedWorld } from '../support/proxied-world.ts';
import { silentLog } from '../support/silent-log.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  paymentRow,
  refundCommand,
  refundRow,
  refundRows,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
const opened: ProxiedWorld[] = [];
beforeAll(async () => {
  t = await createTestWorld('outage');
});
afterAll(() => t.close());
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
  await clearFaults(t);
});

const leaseSeconds = (yookassa.sendDeadlineMs * 2 + 10_000) / 1000;

/** A process that loses its database for good as soon as a provider has executed its refund. */
async function cutOffAfterSending(
  lines: string[] = [],
  options: Partial<ConnectOptions> = {},
): Promise<ProxiedWorld & { isCutOff: Promise<void> }> {
  const cutOff = Promise.withResolvers<void>();
  const own = await proxiedWorld(t, options, {
    log: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }),
    adapter: {
      async sendRefund(access, request, order, mayStillSend) {
        const outcome = await yookassa.sendRefund(access as never, request, order, mayStillSend);
        own.proxy.refuse();
        await own.proxy.cut('reset');
        cutOff.resolve();
        return outcome;
      },
    },
  });
  opened.push(own);
  return { ...own, isCutOff: cutOff.promise };
}

async function untilStatus(refundId: RefundId, status: string): Promise<void> {
  while ((await refundRow(t, refundId)).status !== status) await sleep(20);
}

async function onlyRefund(paymentId: string): Promise<RefundId> {
  const [refund, ...others] = await refundRows(t, paymentId);
  expect(others).toEqual([]);
  return refund!.id;
}

describe('what a provider has answered', () => {
  test('is kept over an outage of 20 s and written when it is over', async () => {
    const paymentId = await t.payment('1500.00');
    const lines: string[] = [];
    const process = await cutOffAfterSending(lines);
    const command = refundCommand(paymentId, 40_000n, { waitMs: 100 });
    valueOf(await createRefund(process.world, t.caller(), command));
    await process.isCutOff;
    await sleep(20_000);
    const refundId = await onlyRefund(paymentId);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'PENDING', legs: [{ status: 'SENDING' }] });
    process.proxy.pass();
    await untilStatus(refundId, 'SUCCEEDED');
    await process.world.background.drain(5_000);
    const refund = await refundRow(t, refundId);
    expect(refund.attempts).toMatchObject([{ sends: 1, outcome: 'accepted' }]);
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(1);
    await expectSound(t, paymentId);
    const repeated = lines.filter((line) => line.includes('will be repeated'));
    expect(repeated.length).toBeGreaterThan(1);
    expect(repeated.length).toBeLessThan(6);
  });

  test('and is lost with its process is read from the provider after the lease, and not sent again', async () => {
    const paymentId = await t.payment('1500.00');
    const process = await cutOffAfterSending();
    const command = refundCommand(paymentId, 40_000n, { waitMs: 100 });
    valueOf(await createRefund(process.world, t.caller(), command));
    await process.isCutOff;
    await process.database.close();
    // A write whose pool is closed ends; it would otherwise go on for ever.
    expect(await process.world.background.drain(10_000)).toBe(true);
    const requests = await watchRequests(t);
    await t.advance(leaseSeconds + 1);
    const refundId = await onlyRefund(paymentId);
    valueOf(await syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 }));
    expect((await refundRow(t, refundId)).status).toBe('SUCCEEDED');
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(1);
    for (const { effect } of await requests('createRefund')) expect(effect).toBe(false);
    await expectSound(t, paymentId);
  });
});

describe('a write that is repeated', () => {
  const failing = (...errors: unknown[]) => {
    let tries = 0;
    const write = async () => {
      const error = errors[Math.min(tries, errors.length - 1)];
      tries += 1;
      if (error !== undefined) throw error;
    };
    return { write, tries: () => tries };
  };
  const said = (code: string) =>
    sql
      .raw(`DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${code}'; END $$`)
      .execute(t.world.db)
      .then(
        () => undefined,
        (error: unknown) => error,
      );

  test('goes on through all troubles of the database', async () => {
    const codes = ['25006', '40P01', '53100', '53300', '57P01', '57P03', '55P03', '57014'];
    const errors = await Promise.all(codes.map(said));
    const { write, tries } = failing(...errors.slice(0, 6), undefined);
    await untilCommitted(t.world, 'a test', write);
    expect(tries()).toBe(7);
  });

  test('ends at once with a bug of ours', async () => {
    for (const error of [new TypeError('bug'), await said('23505'), await said('42P01')]) {
      const { write, tries } = failing(error);
      await expect(untilCommitted(t.world, 'a test', write)).rejects.toBe(error);
      expect(tries()).toBe(1);
    }
  });

  test('ends after a few times with what nobody can explain', async () => {
    const error = new Error('leg has vanished');
    const { write, tries } = failing(error);
    await expect(untilCommitted(t.world, 'a test', write)).rejects.toBe(error);
    expect(tries()).toBe(5);
  });
});

describe('a deadlock', () => {
  test('does not fail the caller: the decision is made again, on what is true then', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'rate-limited');
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
    const payment = await paymentRow(t, paymentId);
    const other = connectDatabase<Database>({
      config: t.database.config,
      log: silentLog,
      lockTimeoutMs: 0,
      max: 1,
    });
    let begun = 0;
    const ours = connectDatabase<Database>({
      config: t.database.config,
      log: silentLog,
      max: 1,
      applicationName: 'canceling',
      onQuery: (statement) => (begun += statement === 'begin' ? 1 : 0),
    });
    const world = await t.replica({ db: ours.db });
    let canceling: ReturnType<typeof cancelRefund> | undefined;
    await inTransaction(other.db, async (tx) => {
      await sql`SET LOCAL deadlock_timeout = '30s'`.execute(tx);
      await tx.selectFrom('refund_legs').select('id').where('refund_id', '=', refundId).forUpdate().execute();
      canceling = cancelRefund(world, t.caller(), { refundId });
      for (;;) {
        const { rows } = await sql`SELECT pid FROM pg_stat_activity
          WHERE application_name = 'canceling' AND wait_event_type = 'Lock'`.execute(tx);
        if (rows.length > 0) break;
        await sleep(5);
      }
      await tx.selectFrom('payments').select('id').where('id', '=', payment.id).forUpdate().execute();
    });
    valueOf(await canceling!);
    expect((await refundRow(t, refundId)).status).toBe('CANCELED');
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n, refunded_minor: 0n });
    expect(begun).toBe(2);
    await expectSound(t, paymentId);
    await ours.close();
    await other.close();
  });
});

describe('a pool without a free connection', () => {
  test('is told soon, nothing is reserved by it, and it is over when one is free', async () => {
    const paymentId = await t.payment('1500.00');
    const own = await proxiedWorld(t, { max: 2, connectTimeoutMs: 1_000 });
    opened.push(own);
    const held = await Promise.all([own.database.pool.connect(), own.database.pool.connect()]);
    const commands = Array.from({ length: 20 }, () => refundCommand(paymentId, 100n));
    const started = performance.now();
    const told = await Promise.all(
      commands.map((command) =>
        createRefund(own.world, t.caller(), command).then(
          () => 'took effect',
          (error: unknown) => isDatabaseUnavailable(error),
        ),
      ),
    );
    const tookMs = performance.now() - started;
    for (const client of held) client.release();
    expect(tookMs).toBeLessThan(10_000);
    expect(new Set(told)).toEqual(new Set([true]));
    for (const command of commands) valueOf(await createRefund(own.world, t.caller(), command));
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 2_000n, reserved_minor: 0n });
    await expectSound(t, paymentId);
  });
});
