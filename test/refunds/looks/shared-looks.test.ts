import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { claimDueLegs } from '../../../src/db/due.ts';
import { listUnclearLegs } from '../../../src/db/unclear-legs.ts';
import { claimLooks, type LookId } from '../../../src/db/look-leases.ts';
import { uuidv7, type LegId } from '../../../src/ids.ts';
import { createLookDesk, join, type Waiter } from '../../../src/refunds/looks/look-desk.ts';
import { yookassa } from '../../../src/providers/yookassa/index.ts';
import { createRefund } from '../../../src/refunds/create-refund.ts';
import { findPayment } from '../../../src/refunds/find-payment.ts';
import { lookLeaseMs } from '../../../src/refunds/looks/look-lease.ts';
import { askAboutLegs, lookAtDueLegs, startDueLooks } from '../../../src/refunds/looks/look-together.ts';
import { syncRefund } from '../../../src/refunds/sync-refund.ts';
import type { World } from '../../../src/refunds/world.ts';
import { readBatchOf } from '../../../src/db/read-batch.ts';
import { isDeskEmpty, poll, polledRefunds, type PolledRefund } from '../../support/pollers.ts';
import {
  armFault,
  clearFaults,
  refundCommand,
  refundRow,
  refundsAre,
  settleAll,
  valueOf,
  watchRequests,
} from '../../support/rules.ts';
import { createTestWorld, type TestWorld, type WorldDifferences } from '../../support/world.ts';

let t: TestWorld;
let worlds: readonly [World, World];
const intervals = { minLookIntervalMs: 2_000 };
beforeAll(async () => {
  t = await createTestWorld('shared_looks_rules');
  worlds = [await t.replica(intervals), await t.replica(intervals)];
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'pending');
});

const merchantId = () => t.caller().viewer.merchantId;
const connectionOf = (world: World) => world.connections.findByCode(merchantId(), 'yookassa-demo')!;
const legOf = async ({ id }: PolledRefund) => (await refundRow(t, id)).legs[0]!;
const sync = (world: World, { id: refundId }: PolledRefund, waitMs = 10_000) =>
  syncRefund(world, t.caller(), { refundId, waitMs });

async function wanted(refunds: readonly PolledRefund[]) {
  const { legsOfRefund } = readBatchOf(t.database.db);
  const legs = await Promise.all(refunds.map(({ id }) => legsOfRefund(merchantId(), id)));
  return legs.flatMap((some) => [...(some ?? [])]);
}

/** As another process would have that claimed these legs and died. */
async function abandon(refunds: readonly PolledRefund[]): Promise<void> {
  const claimed = await claimLooks(
    t.database.db,
    'refund_legs',
    connectionOf(t.world).accountId,
    refunds.map(({ legId: id }) => ({ id, after: t.clock.now(), isUrgent: false, isAlong: false })),
    lookLeaseMs,
  );
  expect(claimed.every(({ token }) => token !== null)).toBe(true);
}

/** A process whose reads of single refunds wait until they are let go. */
async function gatedWorld(more: WorldDifferences['adapter'] = {}) {
  const gates: (() => void)[] = [];
  const world = await t.replica({
    ...intervals,
    adapter: {
      async readRefund(access, known) {
        await new Promise<void>((resolve) => gates.push(resolve));
        return yookassa.readRefund(access as never, known);
      },
      ...more,
    },
  });
  return {
    world,
    calls: () => gates.length,
    isAsking: (call: number) => expect.poll(() => gates.length).toBe(call),
    letGo: (call: number) => gates[call - 1]!(),
  };
}

describe('syncRefund', () => {
  test('is told by a look that pollers began after it, and pollers by its own', async () => {
    const [refund] = await polledRefunds(t, 1);
    await t.advance(6);
    const gated = await gatedWorld();
    const requests = await watchRequests(t);
    const syncing = sync(gated.world, refund!);
    await gated.isAsking(1);
    const polling = poll(t, gated.world, [refund!]);
    const elsewhere = poll(t, worlds[0], [refund!]);
    gated.letGo(1);
    expect(valueOf(await syncing).problems).toEqual([]);
    for (const nodes of [await polling, await elsewhere])
      expect(nodes).toMatchObject([{ freshness: { isStale: false } }]);
    expect(await requests()).toHaveLength(1);
  });

  test('is not told by a look that began before it, and then asks itself, once for all who wait', async () => {
    const [refund] = await polledRefunds(t, 1);
    await t.advance(6);
    const gated = await gatedWorld();
    const polling = poll(t, gated.world, [refund!]);
    await gated.isAsking(1);
    // What happens now the look under way may not show.
    await settleAll(t, 'succeeded');
    const syncing = Promise.all([sync(gated.world, refund!), sync(gated.world, refund!)]);
    const waiting = () => gated.world.looks.legs.entries.get(refund!.legId)?.waiters.size;
    await expect.poll(waiting).toBe(3);
    gated.letGo(1);
    await gated.isAsking(2);
    await polling;
    gated.letGo(2);
    for (const synced of await syncing) expect(valueOf(synced).problems).toEqual([]);
    expect(gated.calls()).toBe(2);
    expect(await refundRow(t, refund!.id)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('asks beside a process that holds the refund and does not answer', async () => {
    const [refund] = await polledRefunds(t, 1);
    await t.advance(6);
    await abandon([refund!]);
    await settleAll(t, 'succeeded');
    const requests = await watchRequests(t);
    expect(valueOf(await sync(worlds[0], refund!)).problems).toEqual([]);
    expect(await refundRow(t, refund!.id)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await requests()).toHaveLength(1);
    expect((await legOf(refund!)).look_lease_until, 'another’s lease').not.toBeNull();
    await expect.poll(() => isDeskEmpty(worlds[0])).toBe(true);
  });

  test('says why the provider could not be asked, and does not wait for the pause of readers', async () => {
    const [refund] = await polledRefunds(t, 1);
    await t.advance(6);
    await armFault(t, 'error-before-effect', { operation: 'getRefund', times: 6 });
    const requests = await watchRequests(t);
    await poll(t, worlds[0], [refund!]);
    const asked = (await requests()).length;
    expect(valueOf(await sync(worlds[0], refund!)).problems).toMatchObject([
      { code: 'PROVIDER_UNAVAILABLE' },
    ]);
    expect(await requests()).toHaveLength(2 * asked);
    expect(await legOf(refund!)).toMatchObject({ look_retries: 2 });
    await clearFaults(t);
    expect(valueOf(await sync(worlds[1], refund!)).problems).toEqual([]);
    expect(await legOf(refund!)).toMatchObject({ look_retries: 0, look_retry_at: null });
  });
});

describe('the plan that an operation is told', () => {
  test('is that of its own looks; what others look at is shared', async () => {
    const refunds = await polledRefunds(t, 2);
    const [first, second] = refunds;
    await t.advance(6);
    const gated = await gatedWorld();
    const demand = { maxAgeSeconds: 5, waitMs: 10_000 };
    const mine = lookAtDueLegs(gated.world, await wanted([first!]), demand);
    await gated.isAsking(1);
    const both = lookAtDueLegs(gated.world, await wanted([first!, second!]), demand);
    const others = lookAtDueLegs(worlds[0], await wanted([first!]), demand);
    await gated.isAsking(2);
    gated.letGo(1);
    gated.letGo(2);
    const account = { accountCode: 'yookassa-demo' };
    expect(await mine).toMatchObject({
      plans: [{ ...account, wanted: 1, shared: 0, calls: [{ found: 1 }] }],
    });
    expect(await both).toMatchObject({ plans: [{ ...account, shared: 1, calls: [{ found: 1 }] }] });
    expect(await others).toEqual({
      failures: [],
      missed: [],
      isUnfinished: false,
      plans: [{ ...account, wanted: 1, shared: 1, calls: [], putOff: [], lowerBound: 0 }],
    });
  });

  test('names what was not looked at in time', async () => {
    const [refund] = await polledRefunds(t, 1);
    await t.advance(6);
    const gated = await gatedWorld();
    const met = await lookAtDueLegs(gated.world, await wanted([refund!]), { maxAgeSeconds: 5, waitMs: 50 });
    expect(met).toEqual({ failures: [], plans: [], missed: [refund!.legId], isUnfinished: true });
    await gated.isAsking(1);
    gated.letGo(1);
    await expect.poll(() => isDeskEmpty(gated.world)).toBe(true);
  });
});

describe('looks that find nothing', () => {
  test('count for all: a refund that the provider does not know is asked for once in a window', async () => {
    const [refund] = await polledRefunds(t, 1);
    await t.advance(6);
    await armFault(t, 'refuse', { operation: 'getRefund', code: 'not_found', status: 404, times: 100 });
    const requests = await watchRequests(t);
    for (const world of [...worlds, ...worlds]) await poll(t, world, [refund!]);
    expect(await requests()).toHaveLength(1);
    // It was answered: nothing is put off.
    expect(await legOf(refund!)).toMatchObject({ look_retries: 0, looked_at: expect.any(Date) as Date });
    await t.advance(6);
    await poll(t, worlds[0], [refund!]);
    expect(await requests()).toHaveLength(2);
  });

  test('for a lost answer are one read of the payment for everybody', async () => {
    const providerPaymentId = await t.payment('1500.00');
    await armFault(t, 'lost-before-effect');
    const { refundId: id } = valueOf(
      await createRefund(t.world, t.caller(), refundCommand(providerPaymentId, 1_000n)),
    );
    const { legs, payment_id: paymentId, status } = await refundRow(t, id);
    expect(status).toBe('UNKNOWN');
    const lost = { id, legId: legs[0]!.id, paymentId, providerPaymentId };
    await t.advance(6);
    const before = (await legOf(lost)).next_look_at;
    const requests = await watchRequests(t);
    for (const world of [...worlds, ...worlds]) await poll(t, world, [lost]);
    expect(await requests('getPayment')).toHaveLength(1);
    expect((await legOf(lost)).next_look_at, 'the plan goes on when it is due').toEqual(before);
  });
});

describe('a look that begins in the background', () => {
  test('is begun for what is due, and for nothing else or of anybody else', async () => {
    const [refund] = await polledRefunds(t, 1);
    const requests = await watchRequests(t);
    await startDueLooks(worlds[0], merchantId(), [refund!.id], 5);
    await t.advance(6);
    await startDueLooks(worlds[0], t.caller('other').viewer.merchantId, [refund!.id], 5);
    await expect.poll(() => isDeskEmpty(worlds[0])).toBe(true);
    expect(await requests()).toEqual([]);
    await Promise.all(
      Array.from({ length: 20 }, () => startDueLooks(worlds[0], merchantId(), [refund!.id], 5)),
    );
    await expect.poll(() => isDeskEmpty(worlds[0])).toBe(true);
    expect(await requests()).toHaveLength(1);
  });
});

describe('a plan that takes long', () => {
  test('gives each answer the time of its own call', async () => {
    const refunds = await polledRefunds(t, 2);
    await t.advance(6);
    const pauses = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let calls = 0;
    const slow = await t.replica({
      ...intervals,
      adapter: {
        capabilities: { ...yookassa.capabilities, listByTime: false, listByPayment: false },
        async readRefund(access, known) {
          const pause = pauses[calls]!;
          calls += 1;
          await pause.promise;
          return yookassa.readRefund(access as never, known);
        },
      },
    });
    const { connections } = slow;
    const oneByOne = (found: ReturnType<typeof connections.find>) => found && { ...found, maxInFlight: 1 };
    const world: World = {
      ...slow,
      connections: { ...connections, find: (id) => oneByOne(connections.find(id)) },
    };
    const polling = poll(t, world, refunds);
    await expect.poll(() => calls).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 60));
    pauses[0]!.resolve();
    await expect.poll(() => calls).toBe(2);
    const secondBegan = new Date();
    pauses[1]!.resolve();
    await polling;
    const times = (await Promise.all(refunds.map(legOf))).map(({ as_of }) => as_of.getTime());
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThanOrEqual(50);
    expect(Math.max(...times)).toBeLessThanOrEqual(
      t.clock.now().getTime() - (Date.now() - secondBegan.getTime()),
    );
  });
});

describe('a person’s verdict', () => {
  test('does not wait for what readers have asked', async () => {
    const [refund] = await polledRefunds(t, 1);
    await armFault(t, 'wrong-amount', {
      operation: 'getRefund',
      amount: { value: '11.00', currency: 'RUB' },
      times: 1_000,
    });
    await sync(worlds[0], refund!);
    const reviewed = await refundRow(t, refund!.id);
    expect(reviewed).toMatchObject({ status: 'MANUAL_REVIEW' });
    await t.advance(6);
    await abandon([refund!]);
    const heldUntil = async () => {
      const legs = await listUnclearLegs(t.database.db, merchantId(), [refund!.id]);
      return legs.get(refund!.id)!.map(({ look_lease_until: until }) => until);
    };
    expect((await legOf(refund!)).look_lease_until).not.toBeNull();
    expect(await heldUntil()).toEqual([null]);
    // The engine's look is part of the plan, and is waited for.
    await t.advance(3_600);
    await claimDueLegs(t.database.db, connectionOf(t.world).accountId, 1_000, 60_000);
    expect(await heldUntil()).toEqual([expect.any(Date)]);
  });
});

describe('payments', () => {
  const find = (world: World, providerPaymentId: string, maxAgeSeconds = 5, waitMs = 10_000) =>
    findPayment(
      world,
      merchantId(),
      { account: 'yookassa-demo', paymentId: providerPaymentId },
      { maxAgeSeconds, waitMs, mayFetch: () => true },
    );
  const row = (id: string) =>
    t.database.db
      .selectFrom('payments')
      .selectAll()
      .where('provider_payment_id', '=', id)
      .executeTakeFirstOrThrow();
  const readMany = (providerPaymentId: string, waitMs?: number) =>
    Promise.all(
      Array.from({ length: 100 }, (_, index) => find(worlds[index % 2]!, providerPaymentId, 5, waitMs)),
    );

  test('that many poll in two processes are read once in a window', async () => {
    const id = await t.payment('1500.00');
    await find(worlds[0], id);
    await armFault(t, 'slow', { operation: '*', ms: 300, times: 100 });
    for (let window = 0; window < 3; window += 1) {
      await t.advance(6);
      const requests = await watchRequests(t);
      await readMany(id);
      await readMany(id);
      expect(await requests('getPayment')).toHaveLength(1);
      expect((await row(id)).look_lease_until).toBeNull();
    }
    for (const world of worlds) await expect.poll(() => isDeskEmpty(world)).toBe(true);
  });

  test('that cannot be read are asked for again after a pause', async () => {
    const id = await t.payment('1500.00');
    await find(worlds[0], id);
    await t.advance(6);
    await armFault(t, 'error-before-effect', { operation: 'getPayment', times: 1_000 });
    const requests = await watchRequests(t);
    await readMany(id);
    const ofOne = (await requests()).length;
    await readMany(id);
    expect(await requests()).toHaveLength(ofOne);
    expect(await row(id)).toMatchObject({ look_retries: 1, look_lease_until: null });
    await t.advance(3);
    await clearFaults(t);
    await readMany(id);
    expect(await row(id)).toMatchObject({ look_retries: 0, look_retry_at: null });
  });

  test('that the provider does not know any more are asked for once in a window', async () => {
    const id = await t.payment('1500.00');
    await find(worlds[0], id);
    await t.advance(6);
    await armFault(t, 'refuse', { operation: 'getPayment', code: 'not_found', status: 404, times: 100 });
    const requests = await watchRequests(t);
    await readMany(id);
    await readMany(id);
    expect(await requests('getPayment')).toHaveLength(1);
  });

  test('whose answer is late are answered as they are stored, and stored when it comes', async () => {
    const id = await t.payment('1500.00');
    await find(worlds[0], id);
    await t.advance(6);
    const gate = Promise.withResolvers<void>();
    let calls = 0;
    const world = await t.replica({
      ...intervals,
      adapter: {
        async readPayment(access, paymentId) {
          calls += 1;
          await gate.promise;
          return yookassa.readPayment(access as never, paymentId);
        },
      },
    });
    const before = (await row(id)).as_of;
    for (let wave = 0; wave < 3; wave += 1)
      await Promise.all(Array.from({ length: 30 }, () => find(world, id, 5, 50)));
    expect(calls).toBe(1);
    expect((await row(id)).as_of).toEqual(before);
    gate.resolve();
    await expect.poll(() => isDeskEmpty(world)).toBe(true);
    expect((await row(id)).as_of.getTime()).toBeGreaterThan(before.getTime());
  });
});

describe('a look that takes longer than its lease', () => {
  test('keeps it', async () => {
    const [refund] = await polledRefunds(t, 1);
    await t.advance(6);
    const gated = await gatedWorld();
    await poll(t, gated.world, [refund!], { waitMs: 0 });
    await gated.isAsking(1);
    const { look_lease_until: first } = await legOf(refund!);
    await expect
      .poll(async () => (await legOf(refund!)).look_lease_until!.getTime(), { timeout: 15_000 })
      .toBeGreaterThan(first!.getTime());
    // The first lease would be over.
    await t.advance(Math.ceil((first!.getTime() - t.clock.now().getTime()) / 1000));
    const requests = await watchRequests(t);
    expect(await poll(t, worlds[0], [refund!], { waitMs: 200 })).toMatchObject([
      { freshness: { isStale: true } },
    ]);
    expect(await requests()).toEqual([]);
    gated.letGo(1);
    await expect.poll(() => isDeskEmpty(gated.world)).toBe(true);
    expect(await legOf(refund!)).toMatchObject({ look_lease_until: null, look_is_shared: false });
  });
});

describe('what many want of one account', () => {
  test('is asked by a few plans at once, and the rest by one more', async () => {
    const refunds = await polledRefunds(t, 8);
    await t.advance(6);
    const gated = await gatedWorld();
    for (const [index, refund] of refunds.entries()) {
      await poll(t, gated.world, [refund], { waitMs: 0 });
      await gated.isAsking(Math.min(index + 1, 4));
    }
    expect(gated.calls()).toBe(4);
    expect(gated.world.looks.legs.entries.size).toBe(8);
    const requests = await watchRequests(t);
    gated.letGo(1);
    // Together they are a list, which is not held up here.
    await expect.poll(async () => (await requests('listRefunds')).length).toBe(1);
    for (const call of [2, 3, 4]) gated.letGo(call);
    await expect.poll(() => isDeskEmpty(gated.world)).toBe(true);
    expect(await requests()).toHaveLength(5);
  });

  test('is bounded: what is too much is answered as it is stored', () => {
    const connection = connectionOf(t.world);
    const desk = createLookDesk();
    const line = { ids: new Set<LookId>(), isGathering: false, running: 0 };
    const waiter: Waiter = {
      isUrgent: false,
      aloneAtMs: Infinity,
      pending: new Map(),
      looks: new Set(),
      shared: new Map(),
      missed: [],
      done: () => undefined,
    };
    const wishes = Array.from({ length: 1_200 }, () => ({ id: uuidv7<LegId>(), after: new Date() }));
    join(desk, connection, line, wishes, false, waiter);
    expect([desk.entries.size, line.ids.size, waiter.missed.length]).toEqual([1_000, 1_000, 200]);
    join(desk, connection, line, [{ id: uuidv7<LegId>(), after: new Date() }], true, waiter);
    expect(desk.entries.size, 'what is wanted now is not left out').toBe(1_001);
  });
});

describe('a process that stops', () => {
  test('waits for the look of no other', async () => {
    const [refund] = await polledRefunds(t, 1);
    await t.advance(6);
    await abandon([refund!]);
    const stopping = await t.replica(intervals);
    const polling = poll(t, stopping, [refund!]);
    await expect.poll(() => stopping.looks.legs.elsewhere.size).toBe(1);
    expect(await stopping.background.drain(5_000)).toBe(true);
    expect(await polling).toMatchObject([{ freshness: { isStale: true } }]);
    expect(isDeskEmpty(stopping)).toBe(true);
  });
});

describe('what breaks while a look is made', () => {
  test('puts the next one off, and gives the row back', async () => {
    const [refund] = await polledRefunds(t, 1);
    await t.advance(6);
    let calls = 0;
    const world = await t.replica({
      ...intervals,
      adapter: {
        readRefund(): never {
          calls += 1;
          throw new Error('a fault of ours');
        },
      },
    });
    const nodes = await poll(t, world, [refund!]);
    expect(nodes).toMatchObject([{ freshness: { isStale: true } }]);
    await poll(t, world, [refund!]);
    expect(calls).toBe(1);
    expect(await legOf(refund!)).toMatchObject({ look_retries: 1, look_lease_until: null });
    const met = await askAboutLegs(world, connectionOf(world), [
      { legId: refund!.legId, after: t.clock.now() },
    ]);
    expect(met.missed).toEqual([refund!.legId]);
    await expect.poll(() => isDeskEmpty(world)).toBe(true);
  });

  test('a database that is away answers as it was stored', async () => {
    const refunds = await polledRefunds(t, 1);
    const legs = await wanted(refunds);
    const gone = await t.replica({ ...intervals });
    const late = legs.map((leg) => ({ ...leg, read_at: new Date(leg.read_at.getTime() + 60_000) }));
    const broken = {
      ...gone,
      db: {
        getExecutor: () => {
          throw new Error('gone');
        },
      } as unknown as World['db'],
    };
    const met = await lookAtDueLegs(broken, late, { maxAgeSeconds: 5, waitMs: 5_000 });
    expect(met).toMatchObject({ failures: [], plans: [], missed: [refunds[0]!.legId] });
    await expect.poll(() => isDeskEmpty(broken)).toBe(true);
  });
});
