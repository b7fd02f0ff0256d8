import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RefundId } from '../../src/ids.ts';
import { yookassa } from '../../src/providers/yookassa/index.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { World } from '../../src/refunds/world.ts';
import { pass, queueRefund, silentWorld, statusOf } from '../support/engine.ts';
import { createItemProvider } from '../support/items.ts';
import {
  armFault,
  clearFaults,
  consoleRefund,
  expectSound,
  paymentRow,
  problemOf,
  refundCommand,
  refundRow,
  refundsAre,
  settleAll,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

/** Whose bytes say what is left before, and how often they were made. */
const base = createItemProvider();
const provider = createItemProvider({
  capabilities: {
    ...yookassa.capabilities,
    itemRefunds: true,
    concurrentOperationsPerPayment: 'ONE',
  },
  buildsFromFreshPayment: true,
  readPayment: (access, id) => base.adapter.readPayment!(access, id),
  buildRefund(order) {
    const request = base.adapter.buildRefund!(order);
    const left = order.cart.map(({ item, leftHundredths }) => `${item} ${leftHundredths}`).join(', ');
    return { ...request, headers: { ...request.headers, 'X-Cart': `${left}; sends ${order.sends}` } };
  },
});

let t: TestWorld;
let world: World;
let silent: World;
beforeAll(async () => {
  t = await createTestWorld('fresh_bytes');
  world = await t.replica({ adapter: provider.adapter });
  silent = await silentWorld(t, { adapter: provider.adapter });
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'instant');
});

/** Four mugs at 100.00. */
async function sell(): Promise<string> {
  const paymentId = await t.payment('400.00');
  base.sell(paymentId, [{ item: 'mug', units: 4, priceMinor: 10_000n }]);
  return paymentId;
}

const mugs = (count: number) => ({
  amount: {
    kind: 'items' as const,
    items: [{ item: 'mug', quantityHundredths: BigInt(count * 100), amount: null }],
  },
});
const make = async (paymentId: string, count: number, waitMs = 10_000): Promise<RefundId> =>
  valueOf(await createRefund(world, t.caller(), refundCommand(paymentId, 1n, { ...mugs(count), waitMs })))
    .refundId;
const wait = (paymentId: string, count: number) => queueRefund(t, silent, paymentId, 1n, mugs(count));
const cartSent = async (refundId: RefundId) => {
  const { attempts } = await refundRow(t, refundId);
  return attempts.at(-1)!.headers['X-Cart'];
};
const see = (paymentId: string) =>
  seePayment(
    silent,
    silent.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!,
    paymentId,
  );

describe('bytes that depend on what is left', () => {
  test('are sent as they were made where the request itself has read the payment', async () => {
    const paymentId = await sell();
    const requests = await watchRequests(t);
    const refundId = await make(paymentId, 1);
    expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    expect(await cartSent(refundId)).toBe('mug 400; sends 0');
    expect(await requests('getPayment')).toHaveLength(1);
    await expectSound(t, paymentId);
  });

  test('are made anew after a read where the facts are older, however young', async () => {
    const paymentId = await sell();
    await make(paymentId, 1);
    const requests = await watchRequests(t);
    const second = await make(paymentId, 1);
    expect(await statusOf(t, second)).toBe('SUCCEEDED');
    expect(await cartSent(second)).toBe('mug 300; sends 0');
    const order = (await requests('getPayment', 'createRefund')).map(({ operation }) => operation);
    expect(order).toEqual(['getPayment', 'createRefund']);
    await expectSound(t, paymentId);
  });

  test('of a leg that waited say what the one before it has left', async () => {
    const paymentId = await sell();
    await refundsAre(t, 'pending');
    const first = await make(paymentId, 1);
    expect(await statusOf(t, first)).toBe('PENDING');
    const second = await make(paymentId, 2, 0);
    expect(await refundRow(t, second)).toMatchObject({ status: 'QUEUED', attempts: [{ sends: 0 }] });
    await settleAll(t, 'canceled');
    await refundsAre(t, 'instant');
    await syncRefund(world, t.caller(), { refundId: first, waitMs: 10_000 });
    expect(await statusOf(t, first)).toBe('FAILED');
    await pass(t, world, 61, 2);
    expect(await statusOf(t, second)).toBe('SUCCEEDED');
    expect(await cartSent(second), 'the first has taken nothing').toBe('mug 400; sends 0');
    await expectSound(t, paymentId);
  });

  test('are made anew for a send that was put off, and say that there was one', async () => {
    const paymentId = await sell();
    await armFault(t, 'rate-limited');
    const refundId = await make(paymentId, 1);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'QUEUED', attempts: [{ sends: 1 }] });
    await consoleRefund(t, paymentId, '100.00');
    await pass(t, world, 61);
    expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    expect(await cartSent(refundId)).toBe('mug 300; sends 1');
    expect(await refundRow(t, refundId)).toMatchObject({ attempts: [{ attempt: 1, sends: 2 }] });
    await expectSound(t, paymentId);
  });

  test('stay what they are once a send may have been executed', async () => {
    const paymentId = await sell();
    const requests = await watchRequests(t);
    await armFault(t, 'lost-before-effect');
    const refundId = await make(paymentId, 1);
    expect(await statusOf(t, refundId)).toBe('UNKNOWN');
    const before = (await refundRow(t, refundId)).attempts;
    await consoleRefund(t, paymentId, '100.00');
    await syncRefund(world, t.caller(), { refundId, waitMs: 10_000 });
    expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    const after = (await refundRow(t, refundId)).attempts;
    const bytes = ({ method, path, headers, body }: (typeof before)[number]) => ({
      method,
      path,
      headers,
      body,
    });
    expect(after.map(bytes)).toEqual(before.map(bytes));
    const sent = await requests('createRefund');
    expect(sent).toHaveLength(2);
    expect(new Set(sent.map(({ bodyHash }) => bodyHash)).size).toBe(1);
    await expectSound(t, paymentId);
  });
});

test('a read that began before another refund was sent is no fresh one', async () => {
  const paymentId = await sell();
  await see(paymentId);
  await t.advance(61);
  const requests = await watchRequests(t);
  let others = 0;
  const overtaken = await t.replica({
    adapter: {
      ...provider.adapter,
      async readPayment(access, id) {
        const look = await provider.adapter.readPayment!(access, id);
        if (others === 0) {
          others += 1;
          await make(paymentId, 1);
        }
        return look;
      },
    },
  });
  const command = refundCommand(paymentId, 1n, mugs(2));
  const { refundId } = valueOf(await createRefund(overtaken, t.caller(), command));
  expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
  expect(await cartSent(refundId)).toBe('mug 300; sends 0');
  const order = (await requests('getPayment', 'createRefund')).map(({ operation }) => operation);
  // Ours, the other one's, which is sent, and ours once more.
  expect(order).toEqual(['getPayment', 'getPayment', 'createRefund', 'getPayment', 'createRefund']);
  await expectSound(t, paymentId);
});

describe('a leg that waited', () => {
  test('takes all that is left only where nothing else waits behind it', async () => {
    const paymentId = await sell();
    await see(paymentId);
    const three = await wait(paymentId, 3);
    const one = await wait(paymentId, 1);
    const before = base.built.length;
    await pass(t, world, 1);
    for (const refundId of [three, one]) expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    const built = base.built.slice(before);
    expect(built.map(({ takesRest, isFirst }) => ({ takesRest, isFirst }))).toEqual([
      { takesRest: false, isFirst: true },
      { takesRest: true, isFirst: false },
    ]);
    await expectSound(t, paymentId);
  });

  test('fails unsent where what it takes is gone, and the next one is sent', async () => {
    const paymentId = await t.payment('400.00');
    base.sell(paymentId, [
      { item: 'mug', units: 2, priceMinor: 10_000n },
      { item: 'plate', units: 2, priceMinor: 10_000n },
    ]);
    await see(paymentId);
    const both = await wait(paymentId, 2);
    const plate = await queueRefund(t, silent, paymentId, 1n, {
      amount: { kind: 'items', items: [{ item: 'plate', quantityHundredths: 100n, amount: null }] },
    });
    // A mug, so that the sum of the payment holds.
    await consoleRefund(t, paymentId, '100.00');
    const requests = await watchRequests(t);
    await pass(t, world, 1);
    expect(await refundRow(t, both)).toMatchObject({
      status: 'FAILED',
      legs: [{ sent_at: null, failure: { code: 'AMOUNT_EXCEEDS_REFUNDABLE', retry: 'NEVER' } }],
      attempts: [{ sends: 0 }],
    });
    expect(await statusOf(t, plate)).toBe('SUCCEEDED');
    expect(await requests('createRefund')).toHaveLength(1);
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n, refunded_minor: 20_000n });
    await expectSound(t, paymentId);
  });

  test('fails unsent where its provider would certainly refuse what it has become', async () => {
    const paymentId = await sell();
    await see(paymentId);
    const refundId = await wait(paymentId, 1);
    const strict = await t.replica({
      adapter: {
        ...provider.adapter,
        checkRefund: () => [{ path: ['amount'], message: 'A mug costs something else now.' }],
      },
    });
    const requests = await watchRequests(t);
    await pass(t, strict, 1);
    expect(await refundRow(t, refundId)).toMatchObject({
      status: 'FAILED',
      legs: [
        {
          failure: {
            code: 'INVALID_AMOUNT',
            message: 'A mug costs something else now. It was never sent.',
          },
        },
      ],
    });
    expect(await requests('createRefund')).toEqual([]);
    await expectSound(t, paymentId);
  });

  test('waits on while its payment cannot be read, with its amount reserved', async () => {
    const paymentId = await sell();
    await see(paymentId);
    const refundId = await wait(paymentId, 1);
    await armFault(t, 'error-before-effect', { operation: 'getPayment', times: 20 });
    const requests = await watchRequests(t);
    await pass(t, world, 1);
    const row = await refundRow(t, refundId);
    expect(row).toMatchObject({ status: 'QUEUED', attempts: [{ sends: 0 }] });
    expect(row.legs[0]!.next_look_at).not.toBeNull();
    expect(await requests('createRefund')).toEqual([]);
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 10_000n });
    await clearFaults(t);
    await pass(t, world, 61);
    expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    await expectSound(t, paymentId);
  });

  test('is made anew when a person sends it, too', async () => {
    const paymentId = await sell();
    await see(paymentId);
    const refundId = await wait(paymentId, 1);
    await consoleRefund(t, paymentId, '100.00');
    valueOf(await syncRefund(world, t.caller(), { refundId, waitMs: 10_000 }));
    expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    expect(await cartSent(refundId)).toBe('mug 300; sends 0');
  });
});

test('nothing new is begun behind an unclear one, and what waits is not sent', async () => {
  const paymentId = await sell();
  await armFault(t, 'lost-before-effect', { times: 2 });
  await make(paymentId, 1);
  const refused = await createRefund(world, t.caller(), refundCommand(paymentId, 1n, mugs(1)));
  expect(problemOf(refused)).toMatchObject({ type: 'OperationInProgress' });
});
