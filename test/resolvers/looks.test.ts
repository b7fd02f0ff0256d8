import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AccountId } from '../../src/ids.ts';
import { yookassa } from '../../src/providers/yookassa/index.ts';
import { ask, execute } from '../support/execute.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('looks');
});
afterAll(() => t.close());
beforeEach(async () => {
  await t.control('faults', undefined, 'DELETE');
  await t.control('mode', { provider: 'yookassa', refunds: 'pending' });
});

interface RefundView {
  readonly id: string;
  readonly status: string;
  readonly freshness: { readonly isStale: boolean; readonly pollAfterMs: number | null };
  readonly legs: readonly { readonly status: string; readonly providerRefundId: string }[];
}

let keys = 0;
/** A refund that is pending at the provider, or in a world that never learns what became of it. */
async function pendingRefund(world = t.world, waitMs = 10_000): Promise<RefundView> {
  const paymentId = await t.payment('100.00');
  keys += 1;
  const { createRefund } = await ask<{ createRefund: { refund: RefundView; errors: unknown[] } }>(
    world,
    t.caller(),
    `mutation ($key: IdempotencyKey!, $paymentId: String!, $waitMs: Int!) {
      createRefund(input: { idempotencyKey: $key, payment: { provider: { account: "yookassa-demo", paymentId: $paymentId } },
        amount: { money: { value: "10.00", currency: "RUB" } }, reason: OTHER, waitMs: $waitMs }) {
        refund { id status freshness { isStale pollAfterMs } legs { status providerRefundId } } errors { message } } }`,
    { key: `looks-test-${keys}`, paymentId, waitMs },
  );
  expect(createRefund.errors).toEqual([]);
  expect(createRefund.refund).toMatchObject({ status: 'PENDING', legs: [{ status: 'PENDING' }] });
  return createRefund.refund;
}

const settle = (refund: RefundView) =>
  t.control('settle', {
    provider: 'yookassa',
    refundId: refund.legs[0]!.providerRefundId,
    status: 'succeeded',
  });

/** Counts how often the provider is asked from now on. */
async function countCalls(): Promise<{ calls: () => Promise<number> }> {
  const all = async () =>
    (await t.control<{ requests: unknown[] }>('requests?provider=yookassa')).requests.length;
  const before = await all();
  return { calls: async () => (await all()) - before };
}

const GET = `query ($id: ID!, $maxAgeSeconds: Int, $waitMs: Int) {
  refund(by: { id: $id }, maxAgeSeconds: $maxAgeSeconds, waitMs: $waitMs) {
    id status isFinal freshness { isStale pollAfterMs } legs { status providerRefundId } } }`;

const get = async (id: string, variables: object) =>
  (await ask<{ refund: RefundView }>(t.world, t.caller(), GET, { id, ...variables })).refund;

describe('a refund that the provider has settled', () => {
  test('is asked about when it is older than maxAgeSeconds, and the answer is fresh', async () => {
    const refund = await pendingRefund();
    await settle(refund);
    const fresh = await get(refund.id, { maxAgeSeconds: 0, waitMs: 10_000 });
    expect(fresh).toMatchObject({
      status: 'SUCCEEDED',
      isFinal: true,
      freshness: { isStale: false, pollAfterMs: null },
      legs: [{ status: 'SUCCEEDED' }],
    });
  });

  test.each([
    ['without maxAgeSeconds', {}],
    ['when it is young enough', { maxAgeSeconds: 86_400, waitMs: 10_000 }],
  ])('is not asked about %s', async (_name, variables) => {
    const refund = await pendingRefund();
    await settle(refund);
    const { calls } = await countCalls();
    expect((await get(refund.id, variables)).status).toBe('PENDING');
    expect(await calls()).toBe(0);
  });

  test('is not asked about twice within the shortest interval of its account', async () => {
    const refund = await pendingRefund();
    await settle(refund);
    const { connections } = t.world;
    const patient = {
      ...t.world,
      connections: {
        ...connections,
        find: (id: AccountId) => {
          const connection = connections.find(id);
          return connection && { ...connection, minLookIntervalMs: 60_000 };
        },
      },
    };
    const { calls } = await countCalls();
    const data = await ask<{ refund: RefundView }>(patient, t.caller(), GET, {
      id: refund.id,
      maxAgeSeconds: 0,
      waitMs: 10_000,
    });
    expect(data.refund).toMatchObject({ status: 'PENDING', freshness: { isStale: false } });
    expect(await calls()).toBe(0);
  });

  test('is asked about in the background with waitMs 0, and the next query sees it', async () => {
    const refund = await pendingRefund();
    await settle(refund);
    expect(await get(refund.id, { maxAgeSeconds: 0 })).toMatchObject({
      status: 'PENDING',
      freshness: { isStale: true },
    });
    await expect.poll(async () => (await get(refund.id, {})).status).toBe('SUCCEEDED');
  });

  test('is not asked about any more once it is final', async () => {
    const refund = await pendingRefund();
    await settle(refund);
    await get(refund.id, { maxAgeSeconds: 0, waitMs: 10_000 });
    const { calls } = await countCalls();
    await get(refund.id, { maxAgeSeconds: 0, waitMs: 10_000 });
    expect(await calls()).toBe(0);
  });

  test('is not asked about by node, nodes and nested fields', async () => {
    const refund = await pendingRefund();
    await settle(refund);
    const { calls } = await countCalls();
    await ask(
      t.world,
      t.caller(),
      `query ($id: ID!) { node(id: $id) { ... on Refund { status payment { refunds { nodes { status } } } } } nodes(ids: [$id]) { id } }`,
      { id: refund.id },
    );
    expect(await calls()).toBe(0);
  });
});

describe('a page of refunds', () => {
  const LIST = `query ($ids: [ID!]!, $waitMs: Int) {
    refunds(first: 100, filter: { ids: $ids }, maxAgeSeconds: 0, waitMs: $waitMs) { nodes { id status freshness { isStale } legs { status } } } }`;
  const list = async (refunds: readonly RefundView[], waitMs = 10_000) =>
    execute<{ refunds: { nodes: RefundView[] } }>(t.world, t.caller(), LIST, {
      ids: refunds.map((refund) => refund.id),
      waitMs,
    });

  test('asks in fewer calls than it has refunds', async () => {
    const refunds: RefundView[] = [];
    for (let index = 0; index < 12; index += 1) refunds.push(await pendingRefund());
    await t.control('settle', { provider: 'yookassa', all: true, status: 'succeeded' });
    const { calls } = await countCalls();
    const { data, errors } = await list(refunds);
    expect(errors).toEqual([]);
    expect(new Set(data.refunds.nodes.map((node) => node.status))).toEqual(new Set(['SUCCEEDED']));
    expect(data.refunds.nodes.every((node) => !node.freshness.isStale)).toBe(true);
    expect(await calls()).toBeGreaterThan(0);
    expect(await calls()).toBeLessThan(12);
  });

  test('asks once about a refund that two fields of one operation want', async () => {
    const refund = await pendingRefund();
    const { calls } = await countCalls();
    await ask(
      t.world,
      t.caller(),
      `query ($id: ID!) {
        a: refund(by: { id: $id }, maxAgeSeconds: 0, waitMs: 10000) { status }
        b: refunds(filter: { ids: [$id] }, maxAgeSeconds: 0, waitMs: 10000) { nodes { status } } }`,
      { id: refund.id },
    );
    expect(await calls()).toBe(1);
  });

  test('gives stored values that say they are stale when the provider is down', async () => {
    const refunds = [await pendingRefund(), await pendingRefund()];
    await t.control('faults', { provider: 'yookassa', operation: '*', kind: 'connect-refused', times: 1000 });
    const { data, errors } = await list(refunds);
    expect(errors).toEqual([]);
    expect(data.refunds.nodes).toHaveLength(2);
    for (const node of data.refunds.nodes)
      expect(node).toMatchObject({ status: 'PENDING', freshness: { isStale: true } });
  });

  test('does not wait longer than waitMs for a provider that hangs', async () => {
    const refunds = [await pendingRefund()];
    await t.control('faults', { provider: 'yookassa', operation: '*', kind: 'hang', times: 1000 });
    const { data, errors } = await list(refunds, 200);
    expect(errors).toEqual([]);
    expect(data.refunds.nodes[0]).toMatchObject({ status: 'PENDING', freshness: { isStale: true } });
    await t.control('faults', undefined, 'DELETE');
  });
});

describe('a refund whose sender died', () => {
  const SHOWN = `query ($id: ID!) { refund(by: { id: $id }, maxAgeSeconds: 0, waitMs: 10000) {
    status moneyMovement isFinal legs { status } } }`;
  const shown = async (id: string) =>
    (await ask<{ refund: object }>(t.world, t.caller(), SHOWN, { id })).refund;
  const leaseSeconds = (yookassa.sendDeadlineMs * 2 + 10_000) / 1000;

  test.each(['before', 'after'] as const)(
    '%s the provider had it is on its way during the lease, and after it what a look finds',
    async (point) => {
      let wakeUp = (): void => {};
      const stopped = new Promise<void>((resolve) => {
        wakeUp = resolve;
      });
      let arrive = (): void => {};
      const isThere = new Promise<void>((resolve) => {
        arrive = resolve;
      });
      const dying = await t.replica({
        adapter: {
          async sendRefund(access, request, order, mayStillSend) {
            const send = () => yookassa.sendRefund(access as never, request, order, mayStillSend);
            const early = point === 'after' ? await send() : undefined;
            arrive();
            await stopped;
            return early ?? send();
          },
        },
      });
      await t.control('mode', { provider: 'yookassa', refunds: 'instant' });
      const { id } = await pendingRefund(dying, 0);
      await isThere;
      if (point === 'before')
        expect(await shown(id)).toMatchObject({ status: 'PENDING', moneyMovement: 'IN_FLIGHT' });
      await t.advance(leaseSeconds + 1);
      expect(await shown(id)).toEqual(
        point === 'before'
          ? { status: 'UNKNOWN', moneyMovement: 'UNCLEAR', isFinal: false, legs: [{ status: 'UNKNOWN' }] }
          : {
              status: 'SUCCEEDED',
              moneyMovement: 'RETURNED',
              isFinal: true,
              legs: [{ status: 'SUCCEEDED' }],
            },
      );
      wakeUp();
      expect(await dying.background.drain(5_000)).toBe(true);
    },
  );

  test('is unclear after the lease even while the provider cannot be asked', async () => {
    let wakeUp = (): void => {};
    const stopped = new Promise<void>((resolve) => {
      wakeUp = resolve;
    });
    const dying = await t.replica({
      adapter: {
        async sendRefund(access, request, order, mayStillSend) {
          await stopped;
          return yookassa.sendRefund(access as never, request, order, mayStillSend);
        },
      },
    });
    const { id } = await pendingRefund(dying, 0);
    await t.advance(leaseSeconds + 1);
    await t.control('faults', {
      provider: 'yookassa',
      operation: '*',
      kind: 'error-before-effect',
      times: 20,
    });
    expect(await shown(id)).toMatchObject({ status: 'UNKNOWN', moneyMovement: 'UNCLEAR' });
    wakeUp();
    expect(await dying.background.drain(5_000)).toBe(true);
  });
});
