import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { yookassa } from '../../../src/providers/yookassa/index.ts';
import { createRefund } from '../../../src/refunds/create-refund.ts';
import { driveDue } from '../../../src/refunds/engine/drive-due.ts';
import type { World } from '../../../src/refunds/world.ts';
import {
  expectScheduled,
  legOf,
  pass,
  queueRefund,
  recordLog,
  silentWorld,
  statusOf,
} from '../../support/engine.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  refundCommand,
  refundsAre,
  settleAll,
  valueOf,
  watchRequests,
} from '../../support/rules.ts';
import { armRazorpay, razorpayCommand, razorpayPayment } from '../../support/razorpay.ts';
import { createTestWorld, type TestWorld } from '../../support/world.ts';

const recorded = recordLog();
let t: TestWorld;
let silent: World;
beforeAll(async () => {
  t = await createTestWorld('engine_side_by_side', recorded.log);
  silent = await silentWorld(t);
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'instant');
  recorded.clear();
});
afterEach(() => expectScheduled(t));

const failuresOf = async (refundId: Parameters<typeof legOf>[1]) => (await legOf(t, refundId)).look_failures;

describe('accounts', () => {
  test('one that cannot be asked backs off, and the others go on', async () => {
    const paymentId = await t.payment('1500.00');
    const elsewhere = await razorpayPayment(t, '500.00');
    await armFault(t, 'lost-before-effect');
    await armRazorpay(t, 'lost-before-effect');
    const ours = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
    const theirs = valueOf(await createRefund(t.world, t.caller(), razorpayCommand(elsewhere, 40_000n)));
    await armFault(t, 'unauthorized', { operation: '*', times: 1_000 });
    const gaps: number[] = [];
    for (let round = 1; round <= 5; round += 1) {
      await pass(t, t.world, 100);
      const leg = await legOf(t, ours.refundId);
      expect(leg.look_failures).toBe(round);
      gaps.push(leg.next_look_at!.getTime() - t.clock.now().getTime());
    }
    expect(await statusOf(t, theirs.refundId)).toBe('SUCCEEDED');
    for (const [index, gapMs] of gaps.entries()) {
      expect(gapMs).toBeGreaterThan(3_500 * 2 ** index);
      expect(gapMs).toBeLessThanOrEqual(5_100 * 2 ** index);
    }
    await clearFaults(t);
    await pass(t, t.world, 100);
    expect(await statusOf(t, ours.refundId)).toBe('SUCCEEDED');
    expect(await failuresOf(ours.refundId)).toBe(0);
    await expectSound(t, paymentId);
  });

  test('one that hangs delays none of the others', async () => {
    const [paymentId, elsewhere] = [await t.payment('1500.00'), await razorpayPayment(t, '500.00')];
    const hung = Promise.withResolvers<never>();
    const ours = await queueRefund(t, silent, paymentId);
    const theirs = valueOf(
      await createRefund(silent, t.caller(), razorpayCommand(elsewhere, 40_000n, { waitMs: 0 })),
    );
    const there = Promise.withResolvers<void>();
    const world = await t.replica({
      adapter: {
        sendRefund: (access, request, order, mayStillSend) => {
          if (access.code !== 'yookassa-demo')
            return t.world.connections
              .findByCode(t.caller().viewer.merchantId, access.code)!
              .adapter.sendRefund(access, request, order, mayStillSend);
          there.resolve();
          return hung.promise;
        },
      },
    });
    const round = driveDue(world);
    await there.promise;
    await expect.poll(() => statusOf(t, theirs.refundId)).toBe('SUCCEEDED');
    expect((await legOf(t, ours)).status).toBe('SENDING');
    hung.reject(new Error('the test is over'));
    await round;
    await pass(t, t.world, 3_600);
    expect(await statusOf(t, ours)).toBe('SUCCEEDED');
    await expectSound(t, paymentId);
  });

  test('whose credentials are refused have one leg tried now and then, by one process', async () => {
    const payments = [await t.payment('1500.00'), await t.payment('1500.00'), await t.payment('1500.00')];
    const ids = [];
    for (const paymentId of payments) ids.push(await queueRefund(t, silent, paymentId));
    await armFault(t, 'unauthorized', { times: 1_000 });
    const other = await t.replica();
    await driveDue(t.world);
    const requests = await watchRequests(t);
    for (let minute = 0; minute < 3; minute += 1) {
      await t.advance(75);
      for (let round = 0; round < 2; round += 1)
        await Promise.all([driveDue(t.world, { batchSize: 1 }), driveDue(other, { batchSize: 1 })]);
    }
    const posts = await requests('createRefund');
    expect(posts.length, 'one a minute').toBeGreaterThanOrEqual(2);
    expect(posts.length).toBeLessThanOrEqual(3);
    for (const id of ids) expect(await statusOf(t, id)).toBe('QUEUED');
    await clearFaults(t);
    await pass(t, t.world, 75, 2);
    await pass(t, other, 75, 2);
    for (const id of ids) expect(await statusOf(t, id)).toBe('SUCCEEDED');
    for (const paymentId of payments) await expectSound(t, paymentId);
  });
});

describe('legs', () => {
  test('one that cannot be worked on stops none of the others, and is tried again later', async () => {
    const [poisoned, well] = [await t.payment('1500.00'), await t.payment('1500.00')];
    await armFault(t, 'lost-after-effect', { times: 2 });
    const [ill, fine] = [
      valueOf(await createRefund(t.world, t.caller(), refundCommand(poisoned, 40_000n))),
      valueOf(await createRefund(t.world, t.caller(), refundCommand(well, 40_000n))),
    ];
    let isBroken = true;
    const broken = await t.replica({
      adapter: {
        async readPayment(access, id) {
          if (isBroken && id === poisoned) throw new Error('a bug of ours');
          return yookassa.readPayment(access as never, id);
        },
      },
    });
    await pass(t, broken, 6);
    expect(await statusOf(t, fine.refundId)).toBe('SUCCEEDED');
    expect(await statusOf(t, ill.refundId)).toBe('UNKNOWN');
    expect(await failuresOf(ill.refundId)).toBe(1);
    expect(recorded.errors()).toContain('a refund that was due could not be worked on');
    isBroken = false;
    await pass(t, broken, 6);
    expect(await statusOf(t, ill.refundId)).toBe('SUCCEEDED');
    await expectSound(t, poisoned);
    await expectSound(t, well);
  });

  test('one whose sending breaks is put off with growing gaps', async () => {
    const [poisoned, well] = [await t.payment('1500.00'), await t.payment('1500.00')];
    const ill = await queueRefund(t, silent, poisoned);
    const fine = await queueRefund(t, silent, well);
    const leg = await legOf(t, ill);
    await t.database.db.deleteFrom('leg_attempts').where('leg_id', '=', leg.id).execute();
    await driveDue(t.world);
    expect(await statusOf(t, fine)).toBe('SUCCEEDED');
    expect(await failuresOf(ill)).toBe(1);
    await pass(t, t.world, 6);
    expect(await failuresOf(ill)).toBe(2);
    expect((await legOf(t, ill)).status).toBe('QUEUED');
    await t.database.db
      .updateTable('refund_legs')
      .set({ next_look_at: new Date(t.clock.now().getTime() + 365 * 86_400_000) })
      .where('id', '=', leg.id)
      .execute();
  });

  test('are sent at most as many at once as the account may, one at a time of a payment', async () => {
    const allSlots = Promise.withResolvers<void>();
    let running = 0;
    let most = 0;
    const ofPayment = new Map<string, number>();
    let mostOfPayment = 0;
    const counting = await t.replica({
      adapter: {
        async sendRefund(access, request, order, mayStillSend) {
          const id = order.providerPaymentId;
          running += 1;
          ofPayment.set(id, (ofPayment.get(id) ?? 0) + 1);
          most = Math.max(most, running);
          mostOfPayment = Math.max(mostOfPayment, ...ofPayment.values());
          if (running === 8) allSlots.resolve();
          await allSlots.promise;
          await sleep(20);
          const outcome = await yookassa.sendRefund(access as never, request, order, mayStillSend);
          running -= 1;
          ofPayment.set(id, ofPayment.get(id)! - 1);
          return outcome;
        },
      },
    });
    const payments = await Promise.all(Array.from({ length: 20 }, () => t.payment('1500.00')));
    const ids = [];
    for (const paymentId of payments)
      ids.push(
        await queueRefund(t, silent, paymentId, 1_000n),
        await queueRefund(t, silent, paymentId, 2_000n),
      );
    await driveDue(counting);
    for (const id of ids) expect(await statusOf(t, id)).toBe('SUCCEEDED');
    expect(most).toBe(8);
    expect(mostOfPayment).toBe(1);
    for (const paymentId of payments) await expectSound(t, paymentId);
  });

  test('beyond one batch follow in the next', async () => {
    const payments = await Promise.all(Array.from({ length: 5 }, () => t.payment('1500.00')));
    const ids = [];
    for (const paymentId of payments) ids.push(await queueRefund(t, silent, paymentId));
    expect(await driveDue(t.world, { batchSize: 3 })).toMatchObject({ isFull: true });
    expect(await Promise.all(ids.map((id) => statusOf(t, id)))).toEqual([
      'SUCCEEDED',
      'SUCCEEDED',
      'SUCCEEDED',
      'QUEUED',
      'QUEUED',
    ]);
    expect(await driveDue(t.world, { batchSize: 3 })).toMatchObject({ isFull: false });
    for (const id of ids) expect(await statusOf(t, id)).toBe('SUCCEEDED');
  });
});

describe('two processes', () => {
  test('that drive at once send and look no more than one', async () => {
    const other = await t.replica();
    const waiting = await Promise.all(Array.from({ length: 6 }, () => t.payment('1500.00')));
    const lost = await Promise.all(Array.from({ length: 4 }, () => t.payment('1500.00')));
    const pending = await Promise.all(Array.from({ length: 4 }, () => t.payment('1500.00')));
    const ids = [];
    for (const paymentId of lost) {
      await armFault(t, 'lost-before-effect');
      ids.push(valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 1_000n))).refundId);
    }
    await refundsAre(t, 'pending');
    for (const paymentId of pending)
      ids.push(valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 1_000n))).refundId);
    await settleAll(t, 'succeeded');
    await refundsAre(t, 'instant');
    for (const paymentId of waiting) ids.push(await queueRefund(t, silent, paymentId));
    await t.advance(6);
    const requests = await watchRequests(t);
    await Promise.all([driveDue(t.world), driveDue(other), driveDue(t.world), driveDue(other)]);
    for (const id of ids) expect(await statusOf(t, id)).toBe('SUCCEEDED');
    expect(await requests('createRefund')).toHaveLength(waiting.length + lost.length);
    expect(await requests('getPayment'), 'one look for each lost answer').toHaveLength(lost.length);
    for (const paymentId of [...waiting, ...lost, ...pending]) await expectSound(t, paymentId);
  });
});
