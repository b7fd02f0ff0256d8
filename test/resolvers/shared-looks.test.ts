import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { claimLooks } from '../../src/db/look-leases.ts';
import { yookassa } from '../../src/providers/yookassa/index.ts';
import { driveDue } from '../../src/refunds/engine/drive-due.ts';
import { driveLegs } from '../../src/refunds/engine/drive-legs.ts';
import { lookLeaseMs } from '../../src/refunds/looks/look-lease.ts';
import type { World } from '../../src/refunds/world.ts';
import { isDeskEmpty, poll, polledRefunds, pollMany, type PolledRefund } from '../support/pollers.ts';
import { armFault, clearFaults, refundRow, refundsAre, settleAll, watchRequests } from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

/** Two processes on one database, whose pollers want the same refunds. */
let t: TestWorld;
let worlds: readonly [World, World];
beforeAll(async () => {
  t = await createTestWorld('shared_looks');
  worlds = [await t.replica({ minLookIntervalMs: 2_000 }), await t.replica({ minLookIntervalMs: 2_000 })];
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'pending');
});

const pollers = 200;
const windowSeconds = 6;

/** Long enough that everybody has come while the first one is asking. */
const slow = () => armFault(t, 'slow', { operation: '*', ms: 400, times: 1_000 });

async function expectNothingLeft(): Promise<void> {
  await expect.poll(() => worlds.every(isDeskEmpty)).toBe(true);
}

const retryOf = async ({ id }: PolledRefund) => {
  const [leg] = (await refundRow(t, id)).legs;
  return { retries: leg!.look_retries, retryAt: leg!.look_retry_at, lease: leg!.look_lease_until };
};

/** A process whose calls of lists wait until they are let go; with what the provider was asked. */
async function gatedWorld() {
  let open = (): void => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  let begin = (): void => {};
  const isAsking = new Promise<void>((resolve) => {
    begin = resolve;
  });
  let calls = 0;
  const world = await t.replica({
    minLookIntervalMs: 2_000,
    adapter: {
      async listRefunds(access, query) {
        calls += 1;
        begin();
        await gate;
        return yookassa.listRefunds(access as never, query);
      },
    },
  });
  return { world, open, isAsking, calls: () => calls };
}

describe('many pollers of the same refunds', () => {
  test(`${pollers} in two processes cost the calls of one, window after window`, async () => {
    const refunds = await polledRefunds(t, 12);
    await t.advance(windowSeconds);
    const alone = await watchRequests(t);
    await poll(t, worlds[0], refunds);
    const ofOne = (await alone()).length;
    expect(ofOne).toBeGreaterThan(0);
    await slow();
    for (let window = 0; window < 3; window += 1) {
      await t.advance(windowSeconds);
      const requests = await watchRequests(t);
      const answers = await pollMany(t, worlds, pollers, refunds);
      expect(answers.flat().filter(({ freshness }) => freshness.isStale)).toEqual([]);
      expect(await requests()).toHaveLength(ofOne);
      await pollMany(t, worlds, pollers, refunds);
      expect(await requests(), 'within the window').toHaveLength(ofOne);
    }
    await expectNothingLeft();
  });

  test('learn at once what the one look has found', async () => {
    const refunds = await polledRefunds(t, 4);
    await settleAll(t, 'succeeded');
    await slow();
    await t.advance(windowSeconds);
    for (const nodes of await pollMany(t, worlds, 50, refunds))
      expect(nodes.map(({ status }) => status)).toEqual(Array(4).fill('SUCCEEDED'));
    await expectNothingLeft();
  });

  test('who want it younger than what is under way get one look more, together', async () => {
    const refunds = await polledRefunds(t, 3);
    await t.advance(60);
    const gated = await gatedWorld();
    const first = poll(t, gated.world, refunds, { maxAgeSeconds: 50 });
    await gated.isAsking;
    await t.advance(10);
    const requests = await watchRequests(t);
    // The look began ten seconds ago: young enough for some, too old for the others.
    const patient = pollMany(t, [gated.world], 20, refunds, { maxAgeSeconds: 20 });
    const strict = pollMany(t, [gated.world], 20, refunds, { maxAgeSeconds: 5 });
    await sleep(50);
    expect(gated.calls()).toBe(1);
    gated.open();
    const answers = [await first, ...(await patient), ...(await strict)].flat();
    expect(answers.filter(({ freshness }) => freshness.isStale)).toEqual([]);
    expect(gated.calls()).toBe(2);
    expect(await requests('listRefunds')).toHaveLength(2);
    await expect.poll(() => isDeskEmpty(gated.world)).toBe(true);
  });

  test('keep refunds of one age that were made one after the other', async () => {
    const refunds = await polledRefunds(t, 2);
    await t.advance(3);
    refunds.push(...(await polledRefunds(t, 2)));
    await t.advance(3);
    const requests = await watchRequests(t);
    // Two are older than five seconds, two are not yet: they come along in the same list.
    await poll(t, worlds[0], refunds);
    expect(await requests()).toHaveLength(1);
    const rows = await Promise.all(refunds.map(({ id }) => refundRow(t, id)));
    expect(new Set(rows.map(({ legs }) => legs[0]!.as_of.getTime())).size).toBe(1);
    await t.advance(3);
    await poll(t, worlds[1], refunds);
    expect(await requests()).toHaveLength(1);
  });

  test('in the background begin one look', async () => {
    const refunds = await polledRefunds(t, 3);
    await t.advance(windowSeconds);
    const gated = await gatedWorld();
    const requests = await watchRequests(t);
    await poll(t, gated.world, refunds, { waitMs: 0 });
    await gated.isAsking;
    for (const nodes of await pollMany(t, [gated.world, ...worlds], 60, refunds, { waitMs: 0 }))
      expect(nodes.every(({ freshness }) => freshness.isStale)).toBe(true);
    gated.open();
    await expect
      .poll(async () =>
        (await poll(t, worlds[0], refunds, { waitMs: 0 })).every(({ freshness }) => !freshness.isStale),
      )
      .toBe(true);
    expect(await requests()).toHaveLength(1);
    await expectNothingLeft();
  });
});

describe('a provider that hangs', () => {
  test('is asked once, and everybody is answered as it is stored; nothing piles up', async () => {
    const refunds = await polledRefunds(t, 5);
    await t.advance(windowSeconds);
    const gated = await gatedWorld();
    const both = [gated.world, worlds[1]];
    const requests = await watchRequests(t);
    await poll(t, gated.world, refunds, { waitMs: 0 });
    await gated.isAsking;
    for (let wave = 0; wave < 5; wave += 1)
      for (const nodes of await pollMany(t, both, 60, refunds, { waitMs: 60 }))
        expect(nodes.every(({ freshness }) => freshness.isStale)).toBe(true);
    expect(gated.calls()).toBe(1);
    expect(await requests()).toEqual([]);
    // Whoever has left is forgotten: what stays is one look, and what it is about.
    await expect.poll(() => isDeskEmpty(worlds[1])).toBe(true);
    const { entries, lines, elsewhere } = gated.world.looks.legs;
    expect([...entries.values()].map(({ state, waiters }) => [state, waiters.size])).toEqual(
      refunds.map(() => ['looking', 0]),
    );
    expect([lines.size, elsewhere.size]).toEqual([1, 0]);
    gated.open();
    await expect.poll(() => isDeskEmpty(gated.world)).toBe(true);
    // The look that nobody waited for is stored.
    const nodes = await poll(t, worlds[1], refunds, { maxAgeSeconds: 3_600 });
    expect(nodes.every(({ freshness }) => !freshness.isStale)).toBe(true);
    expect(await requests()).toHaveLength(1);
    expect(await gated.world.background.drain(1)).toBe(true);
  });

  test('and is never answered costs one call, and its next one only after a pause', async () => {
    const refunds = await polledRefunds(t, 2);
    await t.advance(windowSeconds);
    await armFault(t, 'hang', { operation: '*', times: 1_000 });
    const alone = await watchRequests(t);
    const hanging = pollMany(t, worlds, 60, refunds, { waitMs: 100 });
    expect((await hanging).flat().every(({ freshness }) => freshness.isStale)).toBe(true);
    await expect.poll(async () => (await retryOf(refunds[0]!)).retries, { timeout: 20_000 }).toBe(1);
    const ofOne = (await alone()).length;
    await pollMany(t, worlds, 60, refunds, { waitMs: 10_000 });
    expect(await alone()).toHaveLength(ofOne);
    await expectNothingLeft();
  });
});

describe('a look whose process has died', () => {
  test('costs its lease, and then exactly one more', async () => {
    const refunds = await polledRefunds(t, 4);
    const [first] = refunds;
    await t.advance(windowSeconds);
    const { account_id: accountId } = await refundRow(t, first!.id);
    const wanted = refunds.map(({ legId: id }) => ({
      id,
      after: new Date(t.clock.now().getTime() - 1_000),
      isUrgent: false,
      isAlong: false,
    }));
    const claimed = await claimLooks(t.database.db, 'refund_legs', accountId, wanted, lookLeaseMs);
    expect(claimed.every(({ token }) => token !== null)).toBe(true);
    const requests = await watchRequests(t);
    const stale = await pollMany(t, worlds, 40, refunds, { waitMs: 300 });
    expect(stale.flat().every(({ freshness }) => freshness.isStale)).toBe(true);
    expect(await requests()).toEqual([]);
    const waiting = pollMany(t, worlds, 40, refunds, { maxAgeSeconds: 5 });
    await t.advance(lookLeaseMs / 1000 + 1);
    const fresh = await waiting;
    expect(fresh.flat().every(({ freshness }) => !freshness.isStale)).toBe(true);
    expect(await requests()).toHaveLength(1);
    await expectNothingLeft();
  });
});

describe('a provider that fails', () => {
  test('is asked again after pauses that grow, and at once by nobody', async () => {
    const refunds = await polledRefunds(t, 3);
    await t.advance(windowSeconds);
    await armFault(t, 'error-before-effect', { operation: '*', times: 1_000 });
    const requests = await watchRequests(t);
    const pauses: number[] = [];
    let perLook = 0;
    for (let look = 1; look <= 4; look += 1) {
      const answers = await pollMany(t, worlds, 40, refunds);
      expect(answers.flat().every(({ freshness }) => freshness.isStale)).toBe(true);
      const { retries, retryAt, lease } = await retryOf(refunds[0]!);
      expect([retries, lease]).toEqual([look, null]);
      pauses.push(retryAt!.getTime() - t.clock.now().getTime());
      const calls = (await requests()).length;
      perLook ||= calls;
      expect(calls).toBe(perLook * look);
      await pollMany(t, worlds, 40, refunds);
      expect(await requests(), 'during the pause').toHaveLength(calls);
      await t.advance(Math.ceil(Math.max(retryAt!.getTime() - t.clock.now().getTime(), 0) / 1000));
    }
    // Twice as long each time, less a fifth: over two of them no slowness of this test hides it.
    for (const [index, pause] of pauses.slice(2).entries()) expect(pause).toBeGreaterThan(pauses[index]!);
    // All of them are asked together again.
    const rows = await Promise.all(refunds.map(retryOf));
    expect(new Set(rows.map(({ retryAt }) => retryAt!.getTime())).size).toBe(1);
    await clearFaults(t);
    await pollMany(t, worlds, 40, refunds);
    expect(await retryOf(refunds[0]!)).toEqual({ retries: 0, retryAt: null, lease: null });
    await expectNothingLeft();
  });

  test('keeps the time that the engine has for it', async () => {
    const [refund] = await polledRefunds(t, 1);
    await t.advance(windowSeconds);
    const before = (await refundRow(t, refund!.id)).legs[0]!;
    await armFault(t, 'error-before-effect', { operation: '*', times: 3 });
    await poll(t, worlds[0], [refund!]);
    const after = (await refundRow(t, refund!.id)).legs[0]!;
    expect(after).toMatchObject({ next_look_at: before.next_look_at, look_failures: 0 });
    await clearFaults(t);
    await driveDue(worlds[0]);
    expect((await refundRow(t, refund!.id)).legs[0]).toMatchObject({ look_retries: 0, look_retry_at: null });
  });
});

describe('the engine and pollers at once', () => {
  const drive = (world: World) => {
    const connection = world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
    return driveLegs(world, connection, { batchSize: 100, isStopping: () => false });
  };
  /** Nothing of other tests is due any more. */
  beforeEach(async () => {
    await settleAll(t, 'succeeded');
    await t.advance(3_600);
    await drive(worlds[0]);
  });

  test('ask once where the engine is first: pollers wait for its look', async () => {
    const refunds = await polledRefunds(t, 8);
    await t.advance(3_600);
    const gated = await gatedWorld();
    const requests = await watchRequests(t);
    const driving = drive(gated.world);
    await gated.isAsking;
    const polling = pollMany(t, [gated.world, ...worlds], 60, refunds);
    const cut = await pollMany(t, worlds, 10, refunds, { waitMs: 100 });
    expect(cut.flat().every(({ freshness }) => freshness.isStale)).toBe(true);
    expect([gated.calls(), await requests()]).toEqual([1, []]);
    gated.open();
    await driving;
    expect((await polling).flat().every(({ freshness }) => !freshness.isStale)).toBe(true);
    expect(await requests()).toHaveLength(1);
    await expectNothingLeft();
  });

  test('ask once where pollers are first: the engine passes over what they look at', async () => {
    const refunds = await polledRefunds(t, 8);
    await t.advance(3_600);
    const gated = await gatedWorld();
    const requests = await watchRequests(t);
    const polling = pollMany(t, [gated.world], 30, refunds);
    await gated.isAsking;
    expect(await drive(worlds[0])).toEqual({ isFull: false, legIds: [] });
    gated.open();
    expect((await polling).flat().every(({ freshness }) => !freshness.isStale)).toBe(true);
    expect(await drive(worlds[0])).toEqual({ isFull: false, legIds: [] });
    expect(await requests()).toHaveLength(1);
  });

  test('what readers have looked at has its next time for the engine', async () => {
    const [refund] = await polledRefunds(t, 1);
    await t.advance(3_600);
    await poll(t, worlds[0], [refund!]);
    const leg = (await refundRow(t, refund!.id)).legs[0]!;
    expect(leg.look_lease_until).toBeNull();
    expect(leg.next_look_at!.getTime()).toBeGreaterThan(t.clock.now().getTime());
  });
});

describe('another merchant', () => {
  test('neither sees nor looks at refunds that it names, and is not held up by them', async () => {
    const refunds = await polledRefunds(t, 2);
    await t.advance(windowSeconds);
    const requests = await watchRequests(t);
    expect(await poll(t, worlds[0], refunds, { merchant: 'other' })).toEqual([]);
    expect(await requests()).toEqual([]);
    await expectNothingLeft();
  });
});
