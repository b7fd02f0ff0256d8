import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { lockPaymentForUpdate } from '../../src/db/payments.ts';
import type { Connection } from '../../src/providers/connections.ts';
import { yookassa } from '../../src/providers/yookassa/index.ts';
import { claimNextLeg, readClocks, sendCheck } from '../../src/refunds/claim.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { findPayment } from '../../src/refunds/find-payment.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { World } from '../../src/refunds/world.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  refundCommand,
  refundRow,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
let ahead: World;
let behind: World;
const hourMs = 3_600_000;

/** The clock of a machine that is wrong by so much. */
const wrongBy = (ms: number): Clock => ({
  now: () => new Date(t.clock.now().getTime() + ms),
  monotonicMs: () => performance.now(),
});
beforeAll(async () => {
  t = await createTestWorld('clocks');
  ahead = await t.replica({ clock: wrongBy(hourMs) });
  behind = await t.replica({ clock: wrongBy(-hourMs) });
});
afterAll(() => t.close());
afterEach(() => clearFaults(t));

const wrong = [
  ['ahead', () => ahead],
  ['behind', () => behind],
] as const;

describe.each(wrong)('a process whose clock is an hour %s', (_how, worldOf) => {
  test('judges the age of facts like everybody: fresh ones are taken, old ones read again', async () => {
    const paymentId = await t.payment('1500.00');
    valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 1_000n)));
    const requests = await watchRequests(t);
    valueOf(await createRefund(worldOf(), t.caller(), refundCommand(paymentId, 1_000n)));
    expect(await requests('getPayment')).toHaveLength(0);
    await t.advance(120);
    valueOf(await createRefund(worldOf(), t.caller(), refundCommand(paymentId, 1_000n)));
    expect((await requests('getPayment')).length).toBeGreaterThan(0);
    await expectSound(t, paymentId);
  });

  test('answers queries with what is young enough, and reads what is not', async () => {
    const paymentId = await t.payment('1500.00');
    const ask = () =>
      findPayment(
        worldOf(),
        t.caller().viewer.merchantId,
        { account: 'yookassa-demo', paymentId },
        {
          maxAgeSeconds: 60,
          waitMs: 10_000,
          mayFetch: () => true,
        },
      );
    await ask();
    const requests = await watchRequests(t);
    await ask();
    expect(await requests('getPayment')).toHaveLength(0);
    await t.advance(61);
    await ask();
    expect(await requests('getPayment')).toHaveLength(1);
  });

  test('neither takes over a send within its lease nor leaves one alone after it', async () => {
    const paymentId = await t.payment('1500.00');
    const reached = Promise.withResolvers<void>();
    const wake = Promise.withResolvers<void>();
    const sleeping = await t.replica({
      adapter: {
        async sendRefund(access, request, order, mayStillSend) {
          reached.resolve();
          await wake.promise;
          return yookassa.sendRefund(access as never, request, order, mayStillSend);
        },
      },
    });
    const command = refundCommand(paymentId, 40_000n, { waitMs: 0 });
    const { refundId } = valueOf(await createRefund(sleeping, t.caller(), command));
    await reached.promise;
    const requests = await watchRequests(t);
    valueOf(await createRefund(worldOf(), t.caller(), { ...command, waitMs: 200 }));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'PENDING', attempts: [{ sends: 1 }] });
    expect(await requests('createRefund')).toEqual([]);
    await t.advance((yookassa.sendDeadlineMs * 2 + 10_000) / 1000 + 1);
    valueOf(await syncRefund(worldOf(), t.caller(), { refundId, waitMs: 10_000 }));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', attempts: [{ sends: 2 }] });
    wake.resolve();
    await sleeping.background.drain(5_000);
    expect(await requests('createRefund')).toHaveLength(1);
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(1);
    await expectSound(t, paymentId);
  });

  test('sends bytes again within the life of their key, and not after it', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'lost-before-effect', { times: 2 });
    const first = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
    expect((await refundRow(t, first.refundId)).status).toBe('UNKNOWN');
    await t.advance(yookassa.recovery.replayForMs / 1000 - 1_800);
    await clearFaults(t);
    valueOf(await syncRefund(worldOf(), t.caller(), { refundId: first.refundId, waitMs: 10_000 }));
    expect(await refundRow(t, first.refundId)).toMatchObject({ status: 'SUCCEEDED' });

    await armFault(t, 'lost-before-effect');
    const second = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
    await t.advance(yookassa.recovery.replayForMs / 1000 + 60);
    const requests = await watchRequests(t);
    valueOf(await syncRefund(worldOf(), t.caller(), { refundId: second.refundId, waitMs: 10_000 }));
    expect(await requests('createRefund')).toEqual([]);
    expect((await refundRow(t, second.refundId)).status).not.toBe('FAILED');
    await expectSound(t, paymentId);
  });
});

describe('the last look before the first byte', () => {
  const connection = { adapter: yookassa } as unknown as Connection;
  const halfLeaseMs = yookassa.sendDeadlineMs + 5_000;

  function checkOf(replayLeftMs: number | null) {
    let [wallMs, monotonicMs] = [Date.parse('2026-01-01'), 5_000];
    const clock: Clock = { now: () => new Date(wallMs), monotonicMs: () => monotonicMs };
    return {
      mayStillSend: sendCheck({ clock }, connection, readClocks({ clock }), replayLeftMs),
      pass: (passed: { wall: number; monotonic: number }): void => {
        wallMs += passed.wall;
        monotonicMs += passed.monotonic;
      },
    };
  }

  test.each([
    ['both clocks ran', halfLeaseMs, halfLeaseMs],
    ['the machine slept', halfLeaseMs, 0],
    ['the wall clock was set back', -hourMs, halfLeaseMs],
  ])('forbids sending once half of the lease is over, when %s', (_what, wall, monotonic) => {
    const { mayStillSend, pass } = checkOf(null);
    pass({ wall: Math.min(wall, wall - 1), monotonic: Math.max(0, monotonic - 1) });
    expect(mayStillSend()).toBe(true);
    pass({ wall: 1, monotonic: monotonic > 0 ? 1 : 0 });
    expect(mayStillSend()).toBe(false);
  });

  test.each([
    ['the clock is right', 0],
    ['the clock jumps back', -hourMs],
  ])('forbids sending again once the provider may have forgotten the key, when %s', (_what, jump) => {
    const { mayStillSend, pass } = checkOf(2_000);
    pass({ wall: 1_999 + jump, monotonic: 1_999 });
    expect(mayStillSend()).toBe(true);
    pass({ wall: 1, monotonic: 1 });
    expect(mayStillSend()).toBe(false);
  });

  test('the lease itself is in the time of the database', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'lost-before-effect');
    const leases: (Date | null)[] = [];
    const wrongClock = await t.replica({
      clock: wrongBy(hourMs),
      adapter: {
        async sendRefund(access, request, order, mayStillSend) {
          const { rows } = await sql<{ lease: Date; now: Date }>`
            SELECT lease_until AS lease, app_now() AS now FROM refund_legs
            WHERE status = 'SENDING'`.execute(t.database.db);
          leases.push(...rows.map(({ lease, now }) => new Date(lease.getTime() - now.getTime())));
          return yookassa.sendRefund(access as never, request, order, mayStillSend);
        },
      },
    });
    valueOf(await createRefund(wrongClock, t.caller(), refundCommand(paymentId, 40_000n)));
    expect(leases).toHaveLength(1);
    expect(leases[0]!.getTime()).toBeGreaterThan(halfLeaseMs * 2 - 5_000);
    expect(leases[0]!.getTime()).toBeLessThanOrEqual(halfLeaseMs * 2);
  });

  test('counts from before the lease was asked for, however long its transaction waits', async () => {
    const paymentId = await t.payment('1500.00');
    // Seen once, so that the payment is not read while its provider cannot be reached.
    valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 1_000n)));
    await armFault(t, 'connect-refused');
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 50_000n)));
    const leg = (await refundRow(t, refundId)).legs[0]!;
    expect(leg.status).toBe('QUEUED');
    let waitedMs = 0;
    const clock: Clock = { now: () => new Date(), monotonicMs: () => performance.now() + waitedMs };
    const waiting = await t.replica({ clock });
    const own = waiting.connections.find(leg.account_id)!;
    const claimed = await t.database.db.transaction().execute(async (tx) => {
      await lockPaymentForUpdate(tx, leg.merchant_id, leg.payment_id);
      const claiming = claimNextLeg(waiting, own, leg.merchant_id, leg.payment_id, leg.id);
      await expect
        .poll(async () => {
          const { rows } = await sql<{ waits: boolean }>`
            SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted) AS waits`.execute(tx);
          return rows[0]!.waits;
        })
        .toBe(true);
      waitedMs = halfLeaseMs;
      return { claiming };
    });
    expect((await claimed.claiming)!.mayStillSend()).toBe(false);
  });
});
