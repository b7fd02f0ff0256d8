import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRefund, type CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import { lookAtLegs } from '../../src/refunds/look.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { RefundId } from '../../src/ids.ts';
import {
  clearFaults,
  expectSound,
  paymentRow,
  problemOf,
  refundRow,
  refundRows,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';
import {
  ACCOUNT,
  armYandex,
  cartLine,
  MERCHANT_ID,
  resetYandex,
  settleYandex,
  UZBEK_ACCOUNT,
  yandexCommand,
  yandexConsoleRefund,
  yandexMode,
  yandexOrder,
} from '../support/yandex-pay.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('yandex_pay');
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await resetYandex(t);
});

const sync = (refundId: RefundId) => syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 });
const see = (paymentId: string, account = ACCOUNT) =>
  seePayment(t.world, t.world.connections.findByCode(t.caller().viewer.merchantId, account)!, paymentId);

/** A refund as it is when the provider has ended it. */
async function create(
  paymentId: string,
  minor: bigint | 'remaining',
  more: Partial<CreateRefundCommand> = {},
) {
  const { refundId } = valueOf(
    await createRefund(t.world, t.caller(), yandexCommand(paymentId, minor, more)),
  );
  valueOf(await sync(refundId));
  return refundRow(t, refundId);
}

const mugsAndKettle = () =>
  yandexOrder(t, '1500.00', { items: [cartLine('mug', '3', '100.00'), cartLine('kettle', '1', '1200.00')] });

const takenOf = async (refundId: RefundId) =>
  t.database.db
    .selectFrom('refund_items as part')
    .innerJoin('payment_items as line', 'line.id', 'part.item_id')
    .select(['line.item', 'part.quantity_hundredths as quantity', 'part.amount_minor as minor'])
    .where('part.refund_id', '=', refundId)
    .orderBy('line.position')
    .execute();

describe('a refund', () => {
  test('is PENDING at first, and of everything and of parts adds up, here and there', async () => {
    const whole = await mugsAndKettle();
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), yandexCommand(whole, 'remaining')));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'PENDING' });
    valueOf(await sync(refundId));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', returned_minor: 150_000n });
    await expectSound(t, whole);

    const parts = await mugsAndKettle();
    for (const minor of [20_000n, 30_000n, 'remaining'] as const)
      expect(await create(parts, minor)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await paymentRow(t, parts)).toMatchObject({ refunded_minor: 150_000n, reserved_minor: 0n });
    expect((await t.ledgerOf(parts)).refunds.map(({ amountMinor }) => amountMinor)).toEqual([
      '20000',
      '30000',
      '100000',
    ]);
    expect(problemOf(await createRefund(t.world, t.caller(), yandexCommand(parts, 1n)))).toMatchObject({
      code: 'PAYMENT_NOT_REFUNDABLE',
    });
    await expectSound(t, parts);
  });

  test('of an amount takes units where they make it up, else the price of one line', async () => {
    const paymentId = await mugsAndKettle();
    const units = await create(paymentId, 20_000n);
    expect(await takenOf(units.id)).toEqual([{ item: 'mug', quantity: 200n, minor: 20_000n }]);
    const price = await create(paymentId, 5_050n);
    expect(await takenOf(price.id)).toEqual([{ item: 'kettle', quantity: 0n, minor: 5_050n }]);
    expect(price).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });

  test('of items takes quantities with two decimals, and prices as they are after a cut', async () => {
    const paymentId = await yandexOrder(t, '550.00', {
      items: [cartLine('cloth', '2.50', '100.00'), cartLine('mug', '3', '100.00')],
    });
    const items = (...wishes: Extract<CreateRefundCommand['amount'], { kind: 'items' }>['items']) =>
      create(paymentId, 'remaining', { amount: { kind: 'items', items: wishes } });
    const cut = await items({
      item: 'mug',
      quantityHundredths: null,
      amount: { minor: 9_000n, currency: 'RUB' },
    });
    expect(cut).toMatchObject({ status: 'SUCCEEDED', amount_minor: 9_000n });
    const units = await items(
      { item: 'mug', quantityHundredths: 100n, amount: null },
      { item: 'cloth', quantityHundredths: 75n, amount: null },
    );
    expect(units).toMatchObject({ status: 'SUCCEEDED', amount_minor: 7_000n + 7_500n });
    expect(await takenOf(units.id)).toEqual([
      { item: 'cloth', quantity: 75n, minor: 7_500n },
      { item: 'mug', quantity: 100n, minor: 7_000n },
    ]);
    await expectSound(t, paymentId);
  });

  test.each(['rewritten', 'beside'])('starts from the price after a cut that is %s', async (priceCut) => {
    await yandexMode(t, { priceCut });
    const paymentId = await yandexOrder(t, '300.00', { items: [cartLine('mug', '3', '100.00')] });
    for (const minor of [9_000n, 7_000n, 'remaining'] as const)
      expect(await create(paymentId, minor)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });

  test('of an amount that no cart leaves is refused with the nearest ones, and nothing is sent', async () => {
    const paymentId = await yandexOrder(t, '100.03', { items: [cartLine('bulb', '7', '14.29')] });
    await see(paymentId);
    const requests = await watchRequests(t, 'yandex-pay');
    const problem = problemOf(await createRefund(t.world, t.caller(), yandexCommand(paymentId, 5_000n)));
    expect(problem).toMatchObject({ type: 'AmountNotAllocatable', code: 'AMOUNT_NOT_ALLOCATABLE' });
    const { nearestAmounts } = problem as Extract<typeof problem, { type: 'AmountNotAllocatable' }>;
    expect(nearestAmounts.map(({ minor }) => minor)).toEqual([4_998n, 5_005n]);
    expect(await requests('createRefund')).toEqual([]);
    expect(await refundRows(t, paymentId)).toEqual([]);
    for (const { minor } of nearestAmounts.slice(0, 1))
      expect(await create(paymentId, minor)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });

  test('is of at least 1.00, and leaves nothing or at least 1.00, in Russia; in Uzbekistan of anything', async () => {
    const russian = await yandexOrder(t, '10.00');
    for (const minor of [99n, 950n])
      expect(problemOf(await createRefund(t.world, t.caller(), yandexCommand(russian, minor)))).toMatchObject(
        { code: 'AMOUNT_NOT_ALLOCATABLE' },
      );
    const uzbek = await t.payment('10.00', {
      provider: 'yandex-pay',
      account: UZBEK_ACCOUNT,
      amount: { value: '10.00', currency: 'UZS' },
    });
    const refund = await create(uzbek, 99n, {
      payment: { account: UZBEK_ACCOUNT, paymentId: uzbek },
      amount: { kind: 'money', money: { minor: 99n, currency: 'UZS' } },
    });
    expect(refund).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, uzbek);
  });

  test('that is pending keeps its amount reserved, whenever the order shrinks, until it is settled', async () => {
    for (const amountShrinks of ['success', 'creation']) {
      await yandexMode(t, { refunds: 'pending', amountShrinks });
      const paymentId = await mugsAndKettle();
      const refund = await create(paymentId, 30_000n);
      expect(refund).toMatchObject({ status: 'PENDING' });
      await see(paymentId);
      expect(await paymentRow(t, paymentId)).toMatchObject({
        captured_minor: 150_000n,
        reserved_minor: 30_000n,
        refunded_minor: 0n,
        mismatch_looks: 0,
      });
      await settleYandex(t, 'succeeded');
      valueOf(await sync(refund.id));
      expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
      await expectSound(t, paymentId);
    }
  });

  test.each(['keep', 'order-failed'])(
    'that fails frees its amount, also where its order is then called FAILED (%s), and may be retried',
    async (failedRefund) => {
      await yandexMode(t, { refunds: 'pending', failedRefund });
      const paymentId = await mugsAndKettle();
      const refund = await create(paymentId, 30_000n);
      await settleYandex(t, 'failed', { all: true, reason: 'bank_refused' });
      valueOf(await sync(refund.id));
      const after = await refundRow(t, refund.id);
      expect(after).toMatchObject({ status: 'FAILED' });
      expect(after.legs[0]!.failure).toMatchObject({ code: 'PROVIDER_REJECTED', retry: 'ASK_A_HUMAN' });
      await see(paymentId);
      expect(await paymentRow(t, paymentId)).toMatchObject({
        state: 'CAPTURED',
        captured_minor: 150_000n,
        reserved_minor: 0n,
        refunded_minor: 0n,
        refundable_by_provider: true,
        mismatch_looks: 0,
      });
      await expectSound(t, paymentId);

      await yandexMode(t, { refunds: 'instant' });
      valueOf(
        await retryRefund(t.world, t.caller(), { refundId: refund.id, expectedRetries: 0, waitMs: 10_000 }),
      );
      valueOf(await sync(refund.id));
      const again = await refundRow(t, refund.id);
      expect(again).toMatchObject({ status: 'SUCCEEDED', returned_minor: 30_000n });
      expect(new Set(again.attempts.map(({ provider_key: key }) => key)).size).toBe(2);
      await expectSound(t, paymentId);
    },
  );

  test('is sent again by the same key as the same refund, with nothing sent', async () => {
    const paymentId = await mugsAndKettle();
    const command = yandexCommand(paymentId, 30_000n);
    const first = valueOf(await createRefund(t.world, t.caller(), command));
    const requests = await watchRequests(t, 'yandex-pay');
    expect(valueOf(await createRefund(t.world, t.caller(), command))).toEqual({
      refundId: first.refundId,
      replayed: true,
    });
    expect(await requests()).toEqual([]);
  });
});

describe('a refusal', () => {
  test.each([
    ['cartMismatch', {}, 'INVALID_AMOUNT'],
    ['forced', {}, 'PROVIDER_REJECTED'],
    ['SOME_NEW_CODE', { status: 409 }, 'PROVIDER_REJECTED'],
    ['SOME_NEW_CODE', { status: 200 }, 'PROVIDER_REJECTED'],
    ['orderUnknown', {}, 'PROVIDER_REJECTED'],
  ])('%s %o is FAILED with nothing reserved', async (code, more, expected) => {
    const paymentId = await mugsAndKettle();
    await armYandex(t, 'refuse', { code, ...more });
    const refund = await create(paymentId, 30_000n);
    expect(refund).toMatchObject({ status: 'FAILED' });
    expect(refund.legs[0]!.failure).toMatchObject({ code: expected });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n, refunded_minor: 0n });
    await expectSound(t, paymentId);
  });
});

describe('what others do', () => {
  test('a refund in the console is imported once as EXTERNAL, and takes its lines', async () => {
    const paymentId = await mugsAndKettle();
    await see(paymentId);
    await yandexConsoleRefund(t, paymentId, '1200.00');
    await see(paymentId);
    await see(paymentId);
    expect(await refundRows(t, paymentId)).toMatchObject([
      { origin: 'EXTERNAL', status: 'SUCCEEDED', amount_minor: 120_000n },
    ]);
    expect(
      problemOf(await createRefund(t.world, t.caller(), yandexCommand(paymentId, 120_000n))),
    ).toMatchObject({ code: 'AMOUNT_EXCEEDS_REFUNDABLE' });
    expect(await create(paymentId, 'remaining')).toMatchObject({
      status: 'SUCCEEDED',
      amount_minor: 30_000n,
    });
    await expectSound(t, paymentId);
  });

  test.each(['visible', 'hidden'])(
    'a rollback of a paid order is a refund of what was left, with its operation %s',
    async (rollbackOperation) => {
      await yandexMode(t, { rollbackOperation });
      const paymentId = await mugsAndKettle();
      expect(await create(paymentId, 30_000n)).toMatchObject({ status: 'SUCCEEDED' });
      await rollBack(paymentId);
      await see(paymentId);
      expect(
        problemOf(await createRefund(t.world, t.caller(), yandexCommand(paymentId, 100n))),
      ).toMatchObject({ code: 'PAYMENT_NOT_REFUNDABLE' });
      await t.advance(601);
      await see(paymentId);
      await see(paymentId);
      expect(await refundRows(t, paymentId)).toMatchObject([
        { origin: 'API', status: 'SUCCEEDED', amount_minor: 30_000n },
        { origin: 'EXTERNAL', status: 'SUCCEEDED', amount_minor: 120_000n },
      ]);
      expect(await paymentRow(t, paymentId)).toMatchObject({
        state: 'CAPTURED',
        captured_minor: 150_000n,
        refunded_minor: 150_000n,
        overcommitted: false,
        mismatch_looks: 0,
      });
    },
  );

  test('a rollback whose operation shows late is counted once', async () => {
    await yandexMode(t, { readLagSeconds: 120 });
    const paymentId = await mugsAndKettle();
    await t.advance(600);
    await see(paymentId);
    await rollBack(paymentId);
    await see(paymentId);
    expect(await refundRows(t, paymentId)).toEqual([]);
    await t.advance(700);
    await see(paymentId);
    expect(await refundRows(t, paymentId)).toMatchObject([{ origin: 'EXTERNAL', amount_minor: 150_000n }]);
    await expectSound(t, paymentId);
  });

  /** As somebody does it at the provider, past this service. */
  async function rollBack(paymentId: string): Promise<void> {
    const answer = await fetch(`${t.sandbox.yandexPayUrl}/v1/orders/${paymentId}/rollback`, {
      method: 'POST',
      headers: { authorization: `Api-Key ${MERCHANT_ID}`, 'x-request-id': `rollback-${paymentId}` },
    });
    expect(answer.status).toBe(200);
  }
});

test('a look at 12 pending refunds of 12 orders is one call for each, and at several of one order one call', async () => {
  await yandexMode(t, { refunds: 'pending' });
  const refunds: Awaited<ReturnType<typeof create>>[] = [];
  for (let made = 0; made < 12; made += 1) refunds.push(await create(await yandexOrder(t, '15.00'), 1_000n));
  await settleYandex(t, 'succeeded');
  const requests = await watchRequests(t, 'yandex-pay');
  const look = (some: typeof refunds) =>
    lookAtLegs(
      t.world,
      t.caller().viewer.merchantId,
      some.map((refund) => refund.legs[0]!.id),
    );
  expect((await look(refunds)).failures).toEqual([]);
  expect(await requests()).toHaveLength(12);
  for (const refund of refunds) expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });

  await yandexMode(t, { refunds: 'instant' });
  const paymentId = await mugsAndKettle();
  const ofOne = [await create(paymentId, 10_000n), await create(paymentId, 20_000n)];
  const more = await watchRequests(t, 'yandex-pay');
  expect((await look(ofOne)).failures).toEqual([]);
  expect(await more()).toHaveLength(1);
});
