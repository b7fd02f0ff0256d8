import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SendOutcome } from '../../src/providers/provider.ts';
import { yookassa } from '../../src/providers/yookassa/index.ts';
import type { RefundId } from '../../src/ids.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { World } from '../../src/refunds/world.ts';
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
let other: World;
beforeAll(async () => {
  t = await createTestWorld('replicas');
  other = await t.replica();
});
afterAll(() => t.close());
beforeEach(() => clearFaults(t));

const sync = (world: World, refundId: RefundId) =>
  syncRefund(world, t.caller(), { refundId, waitMs: 10_000 });

const leaseSeconds = (yookassa.sendDeadlineMs * 2 + 10_000) / 1000;

/** A process that stops for good at some point of a send: what it would do after that never comes. */
async function dyingWorld(point: 'before the call' | 'after the call') {
  let wake: ((outcome: SendOutcome) => void) | undefined;
  const stopped = new Promise<SendOutcome>((resolve) => {
    wake = resolve;
  });
  let reached: (() => void) | undefined;
  const isThere = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const world = await t.replica({
    adapter: {
      async sendRefund(access, request, order, mayStillSend) {
        const send = () => yookassa.sendRefund(access as never, request, order, mayStillSend);
        if (point === 'before the call') {
          reached!();
          await stopped;
          return send();
        }
        const outcome = await send();
        reached!();
        await stopped;
        return outcome;
      },
    },
  });
  return { world, isThere, wakeUp: () => wake!({} as SendOutcome) };
}

describe('a sender that never came back', () => {
  test.each(['before the call', 'after the call'] as const)(
    '%s: its leg is found by another process after its lease, with one refund in the end',
    async (point) => {
      const paymentId = await t.payment('1500.00');
      const dying = await dyingWorld(point);
      const input = refundCommand(paymentId, 40_000n, { waitMs: 0 });
      const { refundId } = valueOf(await createRefund(dying.world, t.caller(), input));
      await dying.isThere;
      const requests = await watchRequests(t);

      // Within the lease nobody else touches it.
      valueOf(await createRefund(other, t.caller(), { ...input, waitMs: 200 }));
      const within = await refundRow(t, refundId);
      expect(within).toMatchObject({ status: 'PENDING', attempts: [{ sends: 1 }] });
      expect(await requests('createRefund')).toEqual([]);

      await t.advance(leaseSeconds + 1);
      // Another operation on the payment finds it first.
      valueOf(await createRefund(other, t.caller(), refundCommand(paymentId, 1_000n)));
      const found = await refundRow(t, refundId);
      expect(['UNKNOWN', 'SUCCEEDED']).toContain(found.status);
      valueOf(await sync(other, refundId));
      expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED' });

      // The dead one wakes up: it sends nothing, and its writing changes nothing.
      const before = (await requests('createRefund')).length;
      dying.wakeUp();
      expect(await dying.world.background.drain(5_000)).toBe(true);
      expect(await requests('createRefund')).toHaveLength(before);
      expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', returned_minor: 40_000n });
      expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(2);
      await expectSound(t, paymentId);
    },
  );

  test('syncRefund alone finds it too', async () => {
    const paymentId = await t.payment('1500.00');
    const dying = await dyingWorld('before the call');
    const { refundId } = valueOf(
      await createRefund(dying.world, t.caller(), refundCommand(paymentId, 40_000n, { waitMs: 0 })),
    );
    await dying.isThere;
    await t.advance(leaseSeconds + 1);
    valueOf(await sync(other, refundId));
    const found = await refundRow(t, refundId);
    expect(found).toMatchObject({ status: 'SUCCEEDED', attempts: [{ sends: 2, unclear_sends: 1 }] });
    dying.wakeUp();
    await dying.world.background.drain(5_000);
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(1);
    await expectSound(t, paymentId);
  });

  test('a late answer does not end the lease of the process that sends now', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'lost-before-effect');
    const late = await dyingWorld('after the call');
    const { refundId } = valueOf(
      await createRefund(late.world, t.caller(), refundCommand(paymentId, 40_000n, { waitMs: 0 })),
    );
    await late.isThere;
    await t.advance(leaseSeconds + 1);
    const now = await dyingWorld('before the call');
    const syncing = sync(now.world, refundId);
    await now.isThere;
    late.wakeUp();
    await late.world.background.drain(5_000);
    const [leg] = (await refundRow(t, refundId)).legs;
    expect(leg!.status).toBe('UNKNOWN');
    expect(leg!.lease_until).not.toBeNull();
    now.wakeUp();
    valueOf(await syncing);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });
});

describe('two processes at work', () => {
  test('a new refund waits while a lost one of the same payment is sent again', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'lost-before-effect');
    const lost = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
    const busy = await dyingWorld('before the call');
    const syncing = sync(busy.world, lost.refundId);
    await busy.isThere;
    const requests = await watchRequests(t);
    const input = refundCommand(paymentId, 1_000n, { waitMs: 300 });
    const waiting = valueOf(await createRefund(other, t.caller(), input));
    expect(await refundRow(t, waiting.refundId)).toMatchObject({ status: 'QUEUED' });
    expect(await requests('createRefund')).toEqual([]);
    busy.wakeUp();
    valueOf(await syncing);
    valueOf(await createRefund(other, t.caller(), { ...input, waitMs: 10_000 }));
    for (const { refundId } of [lost, waiting])
      expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });

  test('one key at both at once is one refund and one call', async () => {
    const paymentId = await t.payment('1500.00');
    const requests = await watchRequests(t);
    const input = refundCommand(paymentId, 40_000n, { reference: `order-${paymentId}` });
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        createRefund(index % 2 === 0 ? t.world : other, t.caller(), input),
      ),
    );
    expect(new Set(results.map((result) => valueOf(result).refundId)).size).toBe(1);
    expect(results.filter((result) => !valueOf(result).replayed)).toHaveLength(1);
    expect(await requests('createRefund')).toHaveLength(1);
    await expectSound(t, paymentId);
  });

  test('the sends of one payment are one after the other, and none of them happens twice', async () => {
    let running = 0;
    let most = 0;
    const counting: Parameters<TestWorld['replica']>[0] = {
      adapter: {
        async sendRefund(access, request, order, mayStillSend) {
          running += 1;
          most = Math.max(most, running);
          await sleep(5);
          const outcome = await yookassa.sendRefund(access as never, request, order, mayStillSend);
          running -= 1;
          return outcome;
        },
      },
    };
    const [left, right] = [await t.replica(counting), await t.replica(counting)];
    const paymentId = await t.payment('1500.00');
    const requests = await watchRequests(t);
    const results = await Promise.all(
      Array.from({ length: 24 }, (_, index) =>
        createRefund(index % 2 === 0 ? left : right, t.caller(), refundCommand(paymentId, 1_000n)),
      ),
    );
    for (const result of results) valueOf(result);
    for (const row of await refundRows(t, paymentId)) expect(row.status).toBe('SUCCEEDED');
    expect(most).toBe(1);
    expect(await requests('createRefund')).toHaveLength(24);
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 24_000n, reserved_minor: 0n });
    await expectSound(t, paymentId);
  });

  test('two that find the same lost answer send it again once', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'lost-before-effect');
    const created = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
    const requests = await watchRequests(t);
    await Promise.all([sync(t.world, created.refundId), sync(other, created.refundId)]);
    expect(await refundRow(t, created.refundId)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await requests('createRefund')).toHaveLength(1);
    await expectSound(t, paymentId);
  });

  test('a leg that two are asked to send is sent by one', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'rate-limited');
    const created = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
    const requests = await watchRequests(t);
    await Promise.all([sync(t.world, created.refundId), sync(other, created.refundId)]);
    expect(await refundRow(t, created.refundId)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await requests('createRefund')).toHaveLength(1);
    await expectSound(t, paymentId);
  });
});
