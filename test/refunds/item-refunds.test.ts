import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RefundId } from '../../src/ids.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { cancelRefund } from '../../src/refunds/cancel-refund.ts';
import type { ItemWish } from '../../src/refunds/refund-wish.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { resolveRefund } from '../../src/refunds/resolve-refund.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { World } from '../../src/refunds/world.ts';
import { legOf, queueRefund, recordLog, silentWorld, statusOf } from '../support/engine.ts';
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
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

const recorded = recordLog();
const provider = createItemProvider();
let t: TestWorld;
let world: World;
let silent: World;
beforeAll(async () => {
  t = await createTestWorld('item_refunds', recorded.log);
  world = await t.replica({ adapter: provider.adapter });
  silent = await silentWorld(t, { adapter: provider.adapter });
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'instant');
  recorded.clear();
});

/** Three mugs at 100.00 and one kettle at 700.00. */
async function sell(): Promise<string> {
  const paymentId = await t.payment('1000.00');
  provider.sell(paymentId, [
    { item: 'mug', units: 3, priceMinor: 10_000n },
    { item: 'kettle', units: 1, priceMinor: 70_000n },
  ]);
  return paymentId;
}

const units = (item: string, count: number): ItemWish => ({
  item,
  quantityHundredths: BigInt(count * 100),
  amount: null,
});
const cut = (item: string, minor: bigint): ItemWish => ({
  item,
  quantityHundredths: null,
  amount: { minor, currency: 'RUB' },
});

const refund = (paymentId: string, items: readonly ItemWish[], more = {}) =>
  createRefund(
    world,
    t.caller(),
    refundCommand(paymentId, 1n, { amount: { kind: 'items', items }, ...more }),
  );
const made = async (paymentId: string, items: readonly ItemWish[], more = {}): Promise<RefundId> =>
  valueOf(await refund(paymentId, items, more)).refundId;

async function lineOf(paymentId: string, item: string) {
  const { id } = await paymentRow(t, paymentId);
  const line = await t.database.db
    .selectFrom('payment_items')
    .selectAll()
    .where('payment_id', '=', id)
    .where('item', '=', item)
    .executeTakeFirstOrThrow();
  return {
    sold: [line.sold_hundredths, line.sold_minor],
    left: [line.left_hundredths, line.left_minor],
    returned: [line.returned_hundredths, line.returned_minor],
    reserved: [line.reserved_hundredths, line.reserved_minor],
    overcommitted: line.overcommitted,
  };
}

const partsOf = async (refundId: RefundId) =>
  t.database.db
    .selectFrom('refund_items')
    .innerJoin('payment_items', 'payment_items.id', 'refund_items.item_id')
    .select(['item', 'quantity_hundredths as hundredths', 'amount_minor as minor'])
    .where('refund_id', '=', refundId)
    .orderBy('position')
    .execute();

const see = (paymentId: string) =>
  seePayment(world, world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!, paymentId);

describe('a refund by items', () => {
  test('returns what they cost, and is counted with its lines', async () => {
    const paymentId = await sell();
    const refundId = await made(paymentId, [units('mug', 2), units('kettle', 1)]);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', amount_minor: 90_000n });
    expect(await partsOf(refundId)).toEqual([
      { item: 'mug', hundredths: 200n, minor: 20_000n },
      { item: 'kettle', hundredths: 100n, minor: 70_000n },
    ]);
    expect(await lineOf(paymentId, 'mug')).toMatchObject({
      sold: [300n, 30_000n],
      returned: [200n, 20_000n],
      reserved: [0n, 0n],
    });
    const over = problemOf(await refund(paymentId, [units('mug', 2)]));
    expect(over).toMatchObject({
      type: 'AmountExceedsRefundable',
      path: ['input', 'amount', 'items', '0', 'quantity'],
      refundable: { minor: 10_000n },
    });
    await expectSound(t, paymentId);
  });

  test('reserves its lines while it is under way, and frees them when it fails or is canceled', async () => {
    const paymentId = await sell();
    await refundsAre(t, 'pending');
    const first = await made(paymentId, [units('mug', 2)]);
    expect(await lineOf(paymentId, 'mug')).toMatchObject({ reserved: [200n, 20_000n], returned: [0n, 0n] });
    expect(problemOf(await refund(paymentId, [units('mug', 2)]))).toMatchObject({
      type: 'AmountExceedsRefundable',
      refundable: { minor: 10_000n },
    });
    await expectSound(t, paymentId, { quiet: false });
    await settleAll(t, 'canceled');
    await syncRefund(world, t.caller(), { refundId: first, waitMs: 10_000 });
    expect(await statusOf(t, first)).toBe('FAILED');
    expect(await lineOf(paymentId, 'mug')).toMatchObject({ reserved: [0n, 0n], returned: [0n, 0n] });
    await armFault(t, 'rate-limited', { times: 5 });
    const waiting = await made(paymentId, [units('mug', 3)]);
    expect((await legOf(t, waiting)).status).toBe('QUEUED');
    await cancelRefund(world, t.caller(), { refundId: waiting });
    expect(await lineOf(paymentId, 'mug')).toMatchObject({ reserved: [0n, 0n], returned: [0n, 0n] });
    await expectSound(t, paymentId);
  });

  test('that only lowers a price takes no quantity', async () => {
    const paymentId = await sell();
    const refundId = await made(paymentId, [cut('mug', 9_000n)]);
    expect(await partsOf(refundId)).toEqual([{ item: 'mug', hundredths: 0n, minor: 9_000n }]);
    expect(await lineOf(paymentId, 'mug')).toMatchObject({ returned: [0n, 9_000n] });
    const odd = problemOf(await refund(paymentId, [units('kettle', 1), cut('mug', 100n)]));
    expect(odd).toMatchObject({
      type: 'AmountNotAllocatable',
      path: ['input', 'amount', 'items', '1', 'amount'],
      nearest: { minor: 99n },
      nearestAmounts: [{ minor: 99n }, { minor: 102n }],
    });
    // A mug costs 70.00 since.
    expect(await refundRow(t, await made(paymentId, [units('mug', 1)]))).toMatchObject({
      amount_minor: 7_000n,
    });
    await expectSound(t, paymentId);
  });

  test.each<[string, ItemWish[], object]>([
    [
      'an item that was not sold',
      [units('mug', 1), units('spoon', 1)],
      { type: 'InvalidInput', path: ['input', 'amount', 'items', '1', 'item'] },
    ],
    [
      'more money than an item has left',
      [cut('mug', 30_001n)],
      {
        type: 'AmountExceedsRefundable',
        path: ['input', 'amount', 'items', '0', 'amount'],
        refundable: { minor: 30_000n },
      },
    ],
    [
      'another currency',
      [{ item: 'mug', quantityHundredths: null, amount: { minor: 1n, currency: 'USD' } }],
      { type: 'CurrencyMismatch', path: ['input', 'amount', 'items', '0', 'amount', 'currency'] },
    ],
  ])('of %s is refused, and nothing is reserved', async (_name, items, problem) => {
    const paymentId = await sell();
    expect(problemOf(await refund(paymentId, items))).toMatchObject(problem);
    expect(await lineOf(paymentId, 'mug')).toMatchObject({ reserved: [0n, 0n] });
  });

  test('of a payment that has none is refused', async () => {
    const paymentId = await t.payment('1000.00');
    expect(problemOf(await refund(paymentId, [units('mug', 1)]))).toMatchObject({
      type: 'InvalidInput',
      path: ['input', 'amount', 'items'],
    });
  });

  test('is a missing capability where the provider knows no items', async () => {
    const paymentId = await t.payment('1000.00');
    const command = refundCommand(paymentId, 1n, { amount: { kind: 'items', items: [units('mug', 1)] } });
    expect(problemOf(await createRefund(t.world, t.caller(), command))).toMatchObject({
      type: 'CapabilityMissing',
      capability: 'itemRefunds',
      alternative: expect.stringContaining('"money"'),
    });
  });

  test('is the same refund for the same items in any order, and another for others', async () => {
    const paymentId = await sell();
    const command = refundCommand(paymentId, 1n, {
      amount: { kind: 'items', items: [units('mug', 1), cut('kettle', 700n)] },
    });
    const { refundId } = valueOf(await createRefund(world, t.caller(), command));
    const turned = {
      ...command,
      amount: {
        kind: 'items' as const,
        items: command.amount.kind === 'items' ? command.amount.items.toReversed() : [],
      },
    };
    expect(valueOf(await createRefund(world, t.caller(), turned))).toEqual({ refundId, replayed: true });
    const other = { ...command, amount: { kind: 'items' as const, items: [units('mug', 2)] } };
    expect(problemOf(await createRefund(world, t.caller(), other))).toMatchObject({
      type: 'IdempotencyKeyReused',
      existingRefundId: refundId,
    });
  });
});

describe('an amount of a payment with items', () => {
  const money = (paymentId: string, minor: bigint | 'remaining') =>
    createRefund(world, t.caller(), refundCommand(paymentId, minor));

  test('is laid over them', async () => {
    const paymentId = await sell();
    const { refundId } = valueOf(await money(paymentId, 20_000n));
    expect(await partsOf(refundId)).toEqual([{ item: 'mug', hundredths: 200n, minor: 20_000n }]);
    await expectSound(t, paymentId);
  });

  test('that is named as the share of the account itself is laid over them, too', async () => {
    const paymentId = await sell();
    const amount = { minor: 10_000n, currency: 'RUB' as const };
    const sources = [{ seller: 'yookassa-demo', amount, platformFee: null }];
    const command = refundCommand(paymentId, 1n, { amount: { kind: 'sources', sources } });
    const { refundId } = valueOf(await createRefund(world, t.caller(), command));
    expect(await partsOf(refundId)).toEqual([{ item: 'mug', hundredths: 100n, minor: 10_000n }]);
    await expectSound(t, paymentId);
  });

  test('that no items make up is refused with the nearest amounts', async () => {
    const paymentId = await sell();
    expect(problemOf(await money(paymentId, 15_000n))).toMatchObject({
      type: 'AmountNotAllocatable',
      nearest: { minor: 10_000n, currency: 'RUB' },
      nearestAmounts: [{ minor: 10_000n }, { minor: 20_000n }],
    });
  });

  test('that remains is all that is left of each', async () => {
    const paymentId = await sell();
    await made(paymentId, [units('mug', 1)]);
    const { refundId } = valueOf(await money(paymentId, 'remaining'));
    expect(await partsOf(refundId)).toEqual([
      { item: 'mug', hundredths: 200n, minor: 20_000n },
      { item: 'kettle', hundredths: 100n, minor: 70_000n },
    ]);
    expect(await lineOf(paymentId, 'kettle')).toMatchObject({ returned: [100n, 70_000n] });
    expect(provider.built.at(-1)).toMatchObject({ takesRest: true });
    await expectSound(t, paymentId);
  });
});

describe('what was sold', () => {
  const carts = [
    [{ item: 'mug', units: 3, priceMinor: 10_000n }],
    [
      { item: 'mug', units: 4, priceMinor: 9_000n },
      { item: 'spoon', units: 1, priceMinor: 1_000n },
    ],
    [{ item: 'mug', units: 2, priceMinor: 9_000n }],
  ];
  const soldOf = async (state: Record<string, unknown>) => {
    const paymentId = await t.payment('1000.00', state);
    const sold: unknown[] = [];
    for (const cart of carts) {
      provider.sell(paymentId, cart);
      await see(paymentId);
      sold.push((await lineOf(paymentId, 'mug')).sold);
    }
    return sold;
  };

  test('is what the cart has last before the payment is captured', async () => {
    expect(await soldOf({ status: 'authorized' })).toEqual([
      [300n, 30_000n],
      [400n, 36_000n],
      [200n, 18_000n],
    ]);
  });

  test('is not learned again of a captured payment', async () => {
    expect(await soldOf({})).toEqual([
      [300n, 30_000n],
      [300n, 30_000n],
      [300n, 30_000n],
    ]);
  });
});

test('where a payment is refunded once, a failed refund is not retried after another', async () => {
  const { capabilities } = provider.adapter;
  const once = await t.replica({
    adapter: { ...provider.adapter, capabilities: { ...capabilities!, severalRefundsPerPayment: false } },
  });
  const paymentId = await sell();
  await armFault(t, 'refuse', { code: 'insufficient_funds' });
  const command = (minor: bigint) => refundCommand(paymentId, minor);
  const { refundId } = valueOf(await createRefund(once, t.caller(), command(10_000n)));
  expect(await statusOf(t, refundId)).toBe('FAILED');
  valueOf(await createRefund(once, t.caller(), command(20_000n)));
  const retried = await retryRefund(once, t.caller(), { refundId, expectedRetries: 0, waitMs: 10_000 });
  expect(problemOf(retried)).toMatchObject({ type: 'NotRetryable' });
  expect(problemOf(await createRefund(once, t.caller(), command(10_000n)))).toMatchObject({
    type: 'CapabilityMissing',
    capability: 'severalRefundsPerPayment',
  });
});

describe('what happens at the provider', () => {
  test('elsewhere takes no line of ours, and lowers what is refundable of it', async () => {
    const paymentId = await sell();
    await see(paymentId);
    await consoleRefund(t, paymentId, '200.00');
    await see(paymentId);
    expect(await lineOf(paymentId, 'mug')).toMatchObject({
      sold: [300n, 30_000n],
      left: [100n, 10_000n],
      returned: [0n, 0n],
    });
    expect(problemOf(await refund(paymentId, [units('mug', 2)]))).toMatchObject({
      type: 'AmountExceedsRefundable',
      refundable: { minor: 10_000n },
    });
    const { refundId } = valueOf(
      await createRefund(world, t.caller(), refundCommand(paymentId, 'remaining')),
    );
    expect(await partsOf(refundId)).toEqual([
      { item: 'mug', hundredths: 100n, minor: 10_000n },
      { item: 'kettle', hundredths: 100n, minor: 70_000n },
    ]);
    await expectSound(t, paymentId);
  });

  test('a failed refund reserves its lines again when it is retried, and not when they are gone', async () => {
    const paymentId = await sell();
    await armFault(t, 'refuse', { code: 'insufficient_funds' });
    const refundId = await made(paymentId, [units('mug', 2)]);
    expect(await statusOf(t, refundId)).toBe('FAILED');
    await refundsAre(t, 'pending');
    const second = await made(paymentId, [units('mug', 2)]);
    const retry = () => retryRefund(world, t.caller(), { refundId, expectedRetries: 0, waitMs: 10_000 });
    expect(problemOf(await retry())).toMatchObject({
      type: 'AmountExceedsRefundable',
      retry: 'RETRY_REFUND',
      refundable: { minor: 10_000n },
    });
    await settleAll(t, 'canceled');
    await syncRefund(world, t.caller(), { refundId: second, waitMs: 10_000 });
    await refundsAre(t, 'instant');
    expect(valueOf(await retry())).toEqual({ refundId, replayed: false });
    expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    expect(await lineOf(paymentId, 'mug')).toMatchObject({ returned: [200n, 20_000n], reserved: [0n, 0n] });
    await expectSound(t, paymentId);
  });

  test('with another amount than was ordered counts no line: the person’s verdict does not say which', async () => {
    const paymentId = await sell();
    await armFault(t, 'wrong-amount');
    const refundId = await made(paymentId, [units('mug', 2)]);
    expect(await statusOf(t, refundId)).toBe('MANUAL_REVIEW');
    expect(await lineOf(paymentId, 'mug')).toMatchObject({ reserved: [200n, 20_000n] });
    const leg = await legOf(t, refundId);
    const bound = await t.database.db
      .selectFrom('provider_refunds')
      .selectAll()
      .where('leg_id', '=', leg.id)
      .executeTakeFirstOrThrow();
    expect(bound.amount_minor).not.toBe(20_000n);
    await t.advance(24 * 3_600);
    const { version } = await refundRow(t, refundId);
    valueOf(
      await resolveRefund(world, t.caller(), {
        refundId,
        expectedVersion: version,
        verdict: {
          kind: 'returned',
          legId: null,
          amount: { minor: bound.amount_minor, currency: 'RUB' },
          providerRefundId: bound.provider_refund_id,
        },
        evidence: 'The console says so.',
      }),
    );
    expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    expect(await lineOf(paymentId, 'mug')).toMatchObject({ reserved: [0n, 0n], returned: [0n, 0n] });
    await expectSound(t, paymentId, { quiet: false });
  });

  test('that contradicts a failure is counted, and what was not sent of that line fails', async () => {
    const paymentId = await sell();
    await refundsAre(t, 'pending');
    const failed = await made(paymentId, [units('mug', 2)]);
    // Taken for failed, although the provider will have executed it.
    const leg = await legOf(t, failed);
    const seen = await paymentRow(t, paymentId);
    await settleAll(t, 'canceled');
    await syncRefund(world, t.caller(), { refundId: failed, waitMs: 10_000 });
    expect(await statusOf(t, failed)).toBe('FAILED');
    const waits = async (item: string, count: number) =>
      queueRefund(t, silent, paymentId, 1n, { amount: { kind: 'items', items: [units(item, count)] } });
    const older = await waits('mug', 1);
    const waiting = await waits('mug', 2);
    const elsewhere = await waits('kettle', 0.5);
    recorded.clear();
    const contradicting = await t.replica({
      adapter: {
        ...provider.adapter,
        async readPayment(access, id) {
          const look = await provider.adapter.readPayment!(access, id);
          if (look.kind !== 'found') return look;
          const refunds = look.value.refunds.map((one) =>
            one.providerRefundId === leg.provider_refund_id
              ? { ...one, status: 'SUCCEEDED' as const, failure: null }
              : one,
          );
          return { kind: 'found', value: { ...look.value, refunds } };
        },
      },
    });
    const connection = contradicting.connections.find(seen.account_id)!;
    await seePayment(contradicting, connection, paymentId);
    expect(await statusOf(t, failed)).toBe('SUCCEEDED');
    expect(await refundRow(t, waiting)).toMatchObject({
      status: 'FAILED',
      legs: [{ failure: { code: 'AMOUNT_EXCEEDS_REFUNDABLE' } }],
    });
    for (const kept of [older, elsewhere]) expect((await legOf(t, kept)).status).toBe('QUEUED');
    expect(recorded.alerts()).toContain('ITEM_OVERCOMMITTED');
    expect(await lineOf(paymentId, 'mug')).toMatchObject({
      returned: [200n, 20_000n],
      reserved: [100n, 10_000n],
      overcommitted: false,
    });
    await expectSound(t, paymentId, { quiet: false });
  });
});

test('where a cart shrinks with a refund that is under way, others get the lesser figure until it has ended', async () => {
  const early = createItemProvider({}, ['SUCCEEDED', 'PENDING']);
  const shrinking = await t.replica({ adapter: early.adapter });
  const paymentId = await t.payment('300.00');
  early.sell(paymentId, [{ item: 'mug', units: 3, priceMinor: 10_000n }]);
  await refundsAre(t, 'pending');
  const command = (minor: bigint | 'remaining', items: readonly ItemWish[] = []) =>
    refundCommand(paymentId, minor, items.length > 0 ? { amount: { kind: 'items', items } } : {});
  valueOf(await createRefund(shrinking, t.caller(), command(1n, [units('mug', 1)])));
  await t.advance(61);
  // One is reserved and gone, or reserved and not yet gone: nobody knows, so that the lesser figure counts.
  expect(problemOf(await createRefund(shrinking, t.caller(), command(1n, [units('mug', 2)])))).toMatchObject({
    type: 'AmountExceedsRefundable',
    refundable: { minor: 10_000n },
  });
  const all = await createRefund(shrinking, t.caller(), command('remaining'));
  expect(problemOf(all)).toMatchObject({ type: 'AmountNotAllocatable', nearest: { minor: 10_000n } });
  await settleAll(t, 'succeeded');
  await refundsAre(t, 'instant');
  await t.advance(61);
  valueOf(await createRefund(shrinking, t.caller(), command('remaining')));
  expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 30_000n });
  await expectSound(t, paymentId);
});

describe('the same item, twice at once', () => {
  test('50 refunds of one line add up to what was sold of it, exactly', async () => {
    const paymentId = await t.payment('1000.00');
    provider.sell(paymentId, [
      { item: 'mug', units: 10, priceMinor: 2_000n },
      { item: 'kettle', units: 1, priceMinor: 80_000n },
    ]);
    await see(paymentId);
    const results = await Promise.all(
      Array.from({ length: 50 }, () => refund(paymentId, [units('mug', 1)], { waitMs: 30_000 })),
    );
    const refused = results.flatMap((result) => (result.ok ? [] : result.problems));
    expect(results.filter((result) => result.ok)).toHaveLength(10);
    expect(new Set(refused.map((problem) => problem.type))).toEqual(new Set(['AmountExceedsRefundable']));
    expect(await lineOf(paymentId, 'mug')).toMatchObject({ returned: [1_000n, 20_000n], reserved: [0n, 0n] });
    await expectSound(t, paymentId);
  });

  test('is refused by the database itself where the rules are passed by', async () => {
    const paymentId = await sell();
    await made(paymentId, [units('mug', 2)]);
    const { id } = await paymentRow(t, paymentId);
    const take = (column: 'reserved_hundredths' | 'returned_minor', much: bigint) =>
      t.database.db
        .updateTable('payment_items')
        .set((eb) => ({ [column]: eb(column, '+', much) }))
        .where('payment_id', '=', id)
        .where('item', '=', 'mug')
        .execute();
    const refusal = { constraint: 'payment_items_never_more_than_sold' };
    await expect(take('reserved_hundredths', 101n)).rejects.toMatchObject(refusal);
    await expect(take('returned_minor', 10_001n)).rejects.toMatchObject(refusal);
    await expectSound(t, paymentId);
  });
});
