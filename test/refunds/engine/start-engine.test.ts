import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { SendOutcome } from '../../../src/providers/provider.ts';
import { yookassa } from '../../../src/providers/yookassa/index.ts';
import { createRefund } from '../../../src/refunds/create-refund.ts';
import { startEngine, type Engine } from '../../../src/refunds/engine/start-engine.ts';
import type { World } from '../../../src/refunds/world.ts';
import { legOf, queueRefund, recordLog, silentWorld, statusOf } from '../../support/engine.ts';
import { razorpayCommand, razorpayPayment } from '../../support/razorpay.ts';
import { expectSound, valueOf } from '../../support/rules.ts';
import { createTestWorld, type TestWorld } from '../../support/world.ts';

const recorded = recordLog();
let t: TestWorld;
let silent: World;
let engine: Engine | undefined;
beforeAll(async () => {
  t = await createTestWorld('engine_runs', recorded.log);
  silent = await silentWorld(t);
});
afterAll(() => t.close());
afterEach(async () => {
  await engine?.stop();
  engine = undefined;
});

const soon = { timeout: 20_000 };

/** YooKassa, but for a send that waits until it is let go. */
async function holdingWorld() {
  const held = Promise.withResolvers<void>();
  const there = Promise.withResolvers<void>();
  const world = await t.replica({
    adapter: {
      async sendRefund(access, request, order, mayStillSend): Promise<SendOutcome> {
        const { adapter } = t.world.connections.findByCode(t.caller().viewer.merchantId, access.code)!;
        if (adapter.code === yookassa.code) {
          there.resolve();
          await held.promise;
        }
        return adapter.sendRefund(access, request, order, mayStillSend);
      },
    },
  });
  return { world, isThere: there.promise, letGo: held.resolve };
}

test('what comes due is worked on by itself', async () => {
  engine = startEngine(t.world);
  const paymentId = await t.payment('1500.00');
  const refundId = await queueRefund(t, silent, paymentId);
  await expect.poll(() => statusOf(t, refundId), soon).toBe('SUCCEEDED');
  await expectSound(t, paymentId);
});

test('an account that hangs does not delay what comes due later at another', async () => {
  const { world, isThere, letGo } = await holdingWorld();
  engine = startEngine(world);
  const paymentId = await t.payment('1500.00');
  const ours = await queueRefund(t, silent, paymentId);
  await isThere;
  const elsewhere = await razorpayPayment(t, '500.00');
  const command = razorpayCommand(elsewhere, 40_000n, { waitMs: 0 });
  const theirs = valueOf(await createRefund(silent, t.caller(), command));
  await expect.poll(() => statusOf(t, theirs.refundId), soon).toBe('SUCCEEDED');
  expect((await legOf(t, ours)).status).toBe('SENDING');
  letGo();
  await expect.poll(() => statusOf(t, ours), soon).toBe('SUCCEEDED');
});

test('a stop lets the send that runs end, and begins no other', async () => {
  const { world, isThere, letGo } = await holdingWorld();
  engine = startEngine(world);
  const first = await queueRefund(t, silent, await t.payment('1500.00'));
  await isThere;
  const second = await queueRefund(t, silent, await t.payment('1500.00'));
  let isStopped = false;
  const stopping = engine.stop().then(() => (isStopped = true));
  expect(isStopped).toBe(false);
  letGo();
  await stopping;
  expect(await statusOf(t, first)).toBe('SUCCEEDED');
  expect(await statusOf(t, second)).toBe('QUEUED');
});

test('a database that fails is told once, and survived', async () => {
  let rounds = 0;
  let waiting = { from: 0, resolve: (): void => undefined };
  const after = (count: number) =>
    new Promise<void>((resolve) => {
      waiting = { from: rounds + count, resolve };
    });
  recorded.clear();
  engine = startEngine(t.world, {
    beforeRound: async () => {
      rounds += 1;
      if (rounds >= waiting.from) waiting.resolve();
    },
  });
  const { db } = t.database;
  await sql`ALTER TABLE accounts RENAME TO accounts_away`.execute(db);
  await after(4);
  // A batch of the round before may have been cut, and tells that by itself.
  const told = () => recorded.errors().filter((message) => message.startsWith('the engine cannot ask'));
  expect(told()).toEqual(['the engine cannot ask what is due; it goes on trying']);
  await sql`ALTER TABLE accounts_away RENAME TO accounts`.execute(db);
  const refundId = await queueRefund(t, silent, await t.payment('1500.00'));
  await expect.poll(() => statusOf(t, refundId), soon).toBe('SUCCEEDED');
  expect(told()).toHaveLength(1);
});
