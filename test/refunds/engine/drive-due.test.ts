import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SendOutcome } from '../../../src/providers/provider.ts';
import { yookassa } from '../../../src/providers/yookassa/index.ts';
import { createRefund } from '../../../src/refunds/create-refund.ts';
import { driveDue } from '../../../src/refunds/engine/drive-due.ts';
import type { World } from '../../../src/refunds/world.ts';
import { expectScheduled, legOf, pass, queueRefund, silentWorld, statusOf } from '../../support/engine.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  paymentRow,
  refundCommand,
  refundRow,
  refundsAre,
  settleAll,
  valueOf,
  watchRequests,
} from '../../support/rules.ts';
import { createReversals } from '../../support/reversals.ts';
import { createTestWorld, type TestWorld } from '../../support/world.ts';

let t: TestWorld;
let silent: World;
beforeAll(async () => {
  t = await createTestWorld('engine');
  silent = await silentWorld(t);
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'instant');
});
afterEach(() => expectScheduled(t));

const leaseSeconds = (yookassa.sendDeadlineMs * 2 + 10_000) / 1000;

async function create(paymentId: string, minor = 40_000n) {
  const created = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, minor)));
  return created.refundId;
}

describe('what waits is sent without any caller', () => {
  test('as soon as it is due', async () => {
    const paymentId = await t.payment('1500.00');
    const refundId = await queueRefund(t, silent, paymentId);
    await driveDue(t.world);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', attempts: [{ sends: 1 }] });
    await expectSound(t, paymentId);
  });

  test('in the order of its payment', async () => {
    const paymentId = await t.payment('1500.00');
    const ids = [];
    for (const minor of [1_000n, 2_000n, 3_000n, 4_000n])
      ids.push(await queueRefund(t, silent, paymentId, minor));
    await driveDue(t.world);
    const { refunds } = await t.ledgerOf(paymentId);
    expect(refunds.map((refund) => refund.amountMinor)).toEqual(['1000', '2000', '3000', '4000']);
    for (const id of ids) expect(await statusOf(t, id)).toBe('SUCCEEDED');
    await expectSound(t, paymentId);
  });

  test('again when the provider was too busy, not before it said', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'rate-limited', { retryAfterMs: 60_000 });
    const refundId = await create(paymentId);
    await pass(t, t.world, 50);
    expect(await statusOf(t, refundId)).toBe('QUEUED');
    await pass(t, t.world, 11);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', attempts: [{ sends: 2 }] });
    await expectSound(t, paymentId);
  });

  test('again when nothing had left', async () => {
    const paymentId = await t.payment('1500.00');
    const refused: SendOutcome = {
      kind: 'not-sent',
      failure: {
        code: 'PROVIDER_UNAVAILABLE',
        message: 'Nothing was sent.',
        retry: 'WAIT',
        providerCode: null,
      },
      evidence: {},
    };
    const cut = await t.replica({ adapter: { sendRefund: async () => refused } });
    const { refundId } = valueOf(
      await createRefund(cut, t.caller(), refundCommand(paymentId, 40_000n, { waitMs: 5_000 })),
    );
    expect(await cut.background.drain(5_000)).toBe(true);
    expect(await statusOf(t, refundId)).toBe('QUEUED');
    await pass(t, t.world, 31);
    expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    await expectSound(t, paymentId);
  });

  test('not by itself after a day: it stays in sight, hour by hour', async () => {
    const paymentId = await t.payment('1500.00');
    const refundId = await queueRefund(t, silent, paymentId);
    const requests = await watchRequests(t);
    await pass(t, t.world, 24 * 3_600 + 1);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'QUEUED', attempts: [{ sends: 0 }] });
    expect(await requests('createRefund')).toEqual([]);
    const { next_look_at: next } = await legOf(t, refundId);
    expect(next!.getTime() - t.clock.now().getTime()).toBeGreaterThan(3_500_000);
    expect(next!.getTime() - t.clock.now().getTime()).toBeLessThanOrEqual(3_601_000);
    await expectSound(t, paymentId);
  });
});

/** A process that stops for good at some point of a send, until it is woken up. */
async function dyingWorld(point: 'before the call' | 'after the call') {
  const woken = Promise.withResolvers<void>();
  const there = Promise.withResolvers<void>();
  const world = await t.replica({
    adapter: {
      async sendRefund(access, request, order, mayStillSend) {
        const send = () => yookassa.sendRefund(access as never, request, order, mayStillSend);
        const outcome = point === 'after the call' ? await send() : undefined;
        there.resolve();
        await woken.promise;
        return outcome ?? send();
      },
    },
  });
  return { world, isThere: there.promise, wakeUp: woken.resolve };
}

describe('what a process left behind is found out', () => {
  test.each(['before the call', 'after the call'] as const)('killed %s', async (point) => {
    const paymentId = await t.payment('1500.00');
    const dying = await dyingWorld(point);
    const { refundId } = valueOf(
      await createRefund(dying.world, t.caller(), refundCommand(paymentId, 40_000n, { waitMs: 0 })),
    );
    await dying.isThere;
    await pass(t, t.world, leaseSeconds - 5);
    expect((await legOf(t, refundId)).status, 'its sender may live').toBe('SENDING');
    await pass(t, t.world, 6);
    expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    dying.wakeUp();
    expect(await dying.world.background.drain(5_000)).toBe(true);
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(1);
    await expectSound(t, paymentId);
  });

  test('killed with a batch of looks claimed: another takes it when the claims have ended', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'lost-after-effect');
    const refundId = await create(paymentId);
    await t.advance(6);
    const stuck = Promise.withResolvers<never>();
    const there = Promise.withResolvers<void>();
    const dying = await t.replica({
      adapter: {
        readPayment: () => {
          there.resolve();
          return stuck.promise;
        },
      },
    });
    const round = driveDue(dying);
    await there.promise;
    await driveDue(t.world);
    expect(await statusOf(t, refundId), 'it is claimed').toBe('UNKNOWN');
    await pass(t, t.world, leaseSeconds + 1);
    expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    const before = await legOf(t, refundId);
    stuck.reject(new Error('the end of this process'));
    await round;
    expect(await legOf(t, refundId), 'a late release touches nothing').toEqual(before);
    await expectSound(t, paymentId);
  });
});

describe('a lost answer is found out without any caller', () => {
  test.each([
    ['lost-before-effect', 2],
    ['lost-after-effect', 1],
  ])('%s', async (kind, posts) => {
    const paymentId = await t.payment('1500.00');
    const requests = await watchRequests(t);
    await armFault(t, kind);
    const refundId = await create(paymentId);
    expect(await statusOf(t, refundId)).toBe('UNKNOWN');
    await pass(t, t.world, 6);
    expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    const sent = await requests('createRefund');
    expect(sent).toHaveLength(posts);
    expect(new Set(sent.map(({ providerKey, bodyHash }) => `${providerKey} ${bodyHash}`)).size).toBe(1);
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(1);
    await expectSound(t, paymentId);
  });

  test('several of one payment share its reads', async () => {
    const paymentId = await t.payment('1500.00');
    const ids = [];
    for (let index = 0; index < 3; index += 1) {
      await armFault(t, 'lost-after-effect');
      ids.push(await create(paymentId, 1_000n));
      expect(await statusOf(t, ids.at(-1)!)).toBe('UNKNOWN');
    }
    await t.advance(6);
    const requests = await watchRequests(t);
    await driveDue(t.world);
    for (const id of ids) expect(await statusOf(t, id)).toBe('SUCCEEDED');
    expect(await requests('listRefunds')).toHaveLength(1);
    await expectSound(t, paymentId);
  });

  test('repetitions that go wrong again come at growing gaps', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'lost-before-effect', { times: 100 });
    const refundId = await create(paymentId);
    const requests = await watchRequests(t);
    await pass(t, t.world, 5, 720);
    const posts = (await requests('createRefund')).length;
    expect(posts).toBeGreaterThan(5);
    expect(posts, 'of the hour').toBeLessThan(30);
    await clearFaults(t);
    await pass(t, t.world, 1_800, 3);
    expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(1);
    await expectSound(t, paymentId);
  });
});

describe('what is known is watched', () => {
  test('while it waits at the provider, at its own times only', async () => {
    const paymentId = await t.payment('1500.00');
    await refundsAre(t, 'pending');
    const refundId = await create(paymentId);
    await pass(t, t.world, 6);
    expect(await statusOf(t, refundId)).toBe('PENDING');
    await settleAll(t, 'succeeded');
    const requests = await watchRequests(t);
    await driveDue(t.world);
    expect(await requests(), 'not before its time').toEqual([]);
    await pass(t, t.world, 31);
    expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    await expectSound(t, paymentId);
  });

  test('after its success, for thirty days: a reversal gives the amount back', async () => {
    const reversals = await createReversals(t, 2n);
    const paymentId = await t.payment('3000.00');
    const { refundId } = valueOf(
      await createRefund(reversals.world, t.caller(), refundCommand(paymentId, 150_000n)),
    );
    const { provider_refund_id: id } = await legOf(t, refundId);
    await pass(t, reversals.world, 86_401, 6);
    expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    reversals.reverse({ id: id!, providerPaymentId: paymentId, amountMinor: 150_000n });
    await pass(t, reversals.world, 86_401, 2);
    expect(await statusOf(t, refundId)).toBe('REVERSED');
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 0n, reserved_minor: 0n });
    expect((await legOf(t, refundId)).next_look_at).toBeNull();
    const again = valueOf(
      await createRefund(reversals.world, t.caller(), refundCommand(paymentId, 150_000n)),
    );
    expect(await statusOf(t, again.refundId)).toBe('SUCCEEDED');
    await expectSound(t, paymentId, { reversed: reversals.ids });
  });

  test('no longer than that', async () => {
    const paymentId = await t.payment('1500.00');
    const refundId = await create(paymentId);
    await pass(t, t.world, 86_401, 31);
    expect((await legOf(t, refundId)).next_look_at).toBeNull();
    const requests = await watchRequests(t);
    await pass(t, t.world, 86_401 * 30, 2);
    // Sweeps of the account go on; they ask about no refund of ours.
    expect(await requests('getRefund', 'getPayment')).toEqual([]);
  });
});
