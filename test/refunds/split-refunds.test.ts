import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Money } from '../../src/money.ts';
import { cancelPayment } from '../../src/refunds/cancel-payment.ts';
import { createRefund, type CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  newKey,
  paymentRow,
  problemOf,
  refundCommand,
  refundRow,
  refundRows,
  refundsAre,
  valueOf,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('split_refunds');
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'instant');
});

const rub = (value: string) => ({ value, currency: 'RUB' });
const money = (minor: bigint): Money => ({ minor, currency: 'RUB' });

/** 900.00 with a commission of 90.00, and 600.00 with one of 60.00. */
const split = () =>
  t.payment('1500.00', {
    sources: [
      { account: '200601', amount: rub('900.00'), platformFee: rub('90.00') },
      { account: '200602', amount: rub('600.00'), platformFee: rub('60.00') },
    ],
  });

const refund = async (paymentId: string, more: Partial<CreateRefundCommand>) =>
  refundRow(
    t,
    valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 'remaining', more))).refundId,
  );

/** The books of the provider: of each refund its status and what came from which store. */
const booksOf = async (paymentId: string) =>
  (await t.ledgerOf(paymentId)).refunds.map(({ status, sources }) => ({
    status,
    sources: sources.map(({ account, amountMinor, feeMinor }) => `${account} ${amountMinor} fee ${feeMinor}`),
  }));

const sourcesOf = async (paymentId: string) => {
  const payment = await paymentRow(t, paymentId);
  return t.database.db
    .selectFrom('payment_sources')
    .select(['seller', 'refunded_minor', 'reserved_minor', 'fee_returned_minor', 'fee_reserved_minor'])
    .where('payment_id', '=', payment.id)
    .orderBy('seller')
    .execute();
};

const bodiesOf = (rows: Awaited<ReturnType<typeof refundRow>>) =>
  rows.attempts.map((attempt) => JSON.parse(attempt.body!) as Record<string, unknown>);

describe('all of a payment of two sellers', () => {
  test('borne by the sellers is one call without sources, and the provider takes it from each store', async () => {
    const paymentId = await split();
    const made = await refund(paymentId, { feeBearer: 'SELLER' });
    expect(made).toMatchObject({ status: 'SUCCEEDED', returned_minor: 150_000n });
    expect(made.legs.map(({ name }) => name)).toEqual(['all']);
    expect(bodiesOf(made).map((body) => body['sources'])).toEqual([undefined]);
    expect(await booksOf(paymentId)).toEqual([
      { status: 'succeeded', sources: ['200601 90000 fee 0', '200602 60000 fee 0'] },
    ]);
    expect(await sourcesOf(paymentId)).toMatchObject([
      { seller: '200601', refunded_minor: 90_000n, reserved_minor: 0n, fee_returned_minor: 0n },
      { seller: '200602', refunded_minor: 60_000n, reserved_minor: 0n, fee_returned_minor: 0n },
    ]);
    await expectSound(t, paymentId);
  });

  test('borne by the platform is one call for each seller, with its commission', async () => {
    const paymentId = await split();
    const made = await refund(paymentId, { feeBearer: 'PLATFORM' });
    expect(made).toMatchObject({ status: 'SUCCEEDED', returned_minor: 150_000n });
    expect(made.legs.map(({ name }) => name).toSorted()).toEqual(['200601', '200602']);
    expect(bodiesOf(made).flatMap((body) => body['sources'])).toEqual(
      expect.arrayContaining([
        { account_id: '200601', amount: rub('900.00'), platform_fee_amount: rub('90.00') },
        { account_id: '200602', amount: rub('600.00'), platform_fee_amount: rub('60.00') },
      ]),
    );
    expect((await booksOf(paymentId)).flatMap(({ sources }) => sources).toSorted()).toEqual([
      '200601 90000 fee 9000',
      '200602 60000 fee 6000',
    ]);
    expect(await sourcesOf(paymentId)).toMatchObject([
      { refunded_minor: 90_000n, fee_returned_minor: 9_000n, fee_reserved_minor: 0n },
      { refunded_minor: 60_000n, fee_returned_minor: 6_000n, fee_reserved_minor: 0n },
    ]);
    await expectSound(t, paymentId);
  });

  test('of which a part is gone is one call for each seller that has something left', async () => {
    const paymentId = await split();
    const sellerOnly = {
      kind: 'sources' as const,
      sources: [{ seller: '200602', amount: money(60_000n), platformFee: money(0n) }],
    };
    await refund(paymentId, { amount: sellerOnly });
    const rest = await refund(paymentId, { feeBearer: 'SELLER' });
    expect(rest.legs.map(({ name }) => name)).toEqual(['200601']);
    expect(bodiesOf(rest).map((body) => body['sources'])).toEqual([
      [{ account_id: '200601', amount: rub('900.00') }],
    ]);
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 150_000n });
    await expectSound(t, paymentId);
  });

  test('by cancelPayment needs to know who bears the commission, too', async () => {
    const paymentId = await split();
    const command = {
      idempotencyKey: newKey(),
      payment: { account: 'yookassa-demo', paymentId },
      reason: 'OTHER' as const,
      note: null,
      ifCaptured: 'REFUND' as const,
      feeBearer: null,
      waitMs: 10_000,
    };
    expect(problemOf(await cancelPayment(t.world, t.caller(), command))).toMatchObject({
      type: 'FeeBearerRequired',
    });
    const done = valueOf(await cancelPayment(t.world, t.caller(), { ...command, feeBearer: 'PLATFORM' }));
    expect(done).toMatchObject({ outcome: 'REFUND_CREATED' });
    expect(await sourcesOf(paymentId)).toMatchObject([
      { fee_returned_minor: 9_000n },
      { fee_returned_minor: 6_000n },
    ]);
    await expectSound(t, paymentId);
  });
});

describe('a part of a payment of two sellers', () => {
  test('comes from the sellers that are named, with the share of the commission that belongs to it', async () => {
    const paymentId = await split();
    const made = await refund(paymentId, {
      amount: {
        kind: 'sources',
        sources: [
          { seller: '200602', amount: money(20_000n), platformFee: null },
          { seller: '200601', amount: money(333n), platformFee: null },
        ],
      },
      feeBearer: 'PLATFORM',
    });
    expect(made).toMatchObject({ status: 'SUCCEEDED', amount_minor: 20_333n });
    expect((await booksOf(paymentId)).flatMap(({ sources }) => sources).toSorted()).toEqual([
      '200601 333 fee 33',
      '200602 20000 fee 2000',
    ]);
    await expectSound(t, paymentId);
  });

  test('may name its commission', async () => {
    const paymentId = await split();
    await refund(paymentId, {
      amount: {
        kind: 'sources',
        sources: [{ seller: '200601', amount: money(10_000n), platformFee: money(9_000n) }],
      },
    });
    expect(await booksOf(paymentId)).toEqual([{ status: 'succeeded', sources: ['200601 10000 fee 9000'] }]);
    expect(await sourcesOf(paymentId)).toMatchObject([{ fee_returned_minor: 9_000n }, {}]);
    await expectSound(t, paymentId);
  });
});

describe('a seller whose part fails', () => {
  test('leaves the others returned and its own part free; a retry sends that part alone', async () => {
    const paymentId = await split();
    await armFault(t, 'refuse', { code: 'insufficient_funds' });
    const made = await refund(paymentId, { feeBearer: 'PLATFORM' });
    expect(made.status).toBe('PARTIALLY_SUCCEEDED');
    const failed = made.legs.find((leg) => leg.status === 'FAILED')!;
    const done = made.legs.find((leg) => leg.status === 'SUCCEEDED')!;
    expect(made.returned_minor).toBe(done.amount_minor);
    expect(await paymentRow(t, paymentId)).toMatchObject({
      refunded_minor: done.amount_minor,
      reserved_minor: 0n,
    });
    const before = await sourcesOf(paymentId);
    expect(before.find(({ seller }) => seller === failed.name)).toMatchObject({
      refunded_minor: 0n,
      reserved_minor: 0n,
      fee_returned_minor: 0n,
      fee_reserved_minor: 0n,
    });
    await expectSound(t, paymentId);

    const again = await retryRefund(t.world, t.caller(), {
      refundId: made.id,
      expectedRetries: 0,
      waitMs: 10_000,
    });
    expect(valueOf(again).replayed).toBe(false);
    const retried = await refundRow(t, made.id);
    expect(retried).toMatchObject({ status: 'SUCCEEDED', retries: 1, returned_minor: 150_000n });
    expect(retried.attempts).toHaveLength(3);
    const [first, second] = retried.attempts
      .filter((attempt) => attempt.leg_id === failed.id)
      .map((attempt) => JSON.parse(attempt.body!) as Record<string, unknown>);
    expect(second!['sources']).toEqual(first!['sources']);
    expect(second!['description']).not.toBe(first!['description']);
    expect(await sourcesOf(paymentId)).toMatchObject([
      { refunded_minor: 90_000n, fee_returned_minor: 9_000n },
      { refunded_minor: 60_000n, fee_returned_minor: 6_000n },
    ]);
    await expectSound(t, paymentId);
  });

  test('cannot be retried when the seller has returned it otherwise, or the commission is gone', async () => {
    const paymentId = await split();
    await armFault(t, 'refuse', { code: 'insufficient_funds' });
    const amount = (platformFee: bigint, minor = 90_000n) => ({
      kind: 'sources' as const,
      sources: [{ seller: '200601', amount: money(minor), platformFee: money(platformFee) }],
    });
    const failed = await refund(paymentId, { amount: amount(5_000n) });
    expect(failed.status).toBe('FAILED');
    const retry = () =>
      retryRefund(t.world, t.caller(), { refundId: failed.id, expectedRetries: 0, waitMs: 0 });
    await refund(paymentId, { amount: amount(100n, 100n) });
    expect(problemOf(await retry())).toMatchObject({
      type: 'AmountExceedsRefundable',
      refundable: { minor: 89_900n },
    });
    expect(await refundRow(t, failed.id)).toMatchObject({ status: 'FAILED', retries: 0 });

    const other = await split();
    await armFault(t, 'refuse', { code: 'insufficient_funds' });
    const small = await refund(other, { amount: amount(5_000n, 10_000n) });
    await refund(other, { amount: amount(5_000n, 10_000n) });
    const refused = await retryRefund(t.world, t.caller(), {
      refundId: small.id,
      expectedRetries: 0,
      waitMs: 0,
    });
    expect(problemOf(refused)).toMatchObject({ type: 'NotRetryable' });
    await expectSound(t, other);
  });
});

describe('a refund that a seller made in the console of the provider', () => {
  const consoleRefundOf = async (paymentId: string, value: string, platformFee: string | null) => {
    await t.control('console-refund', {
      provider: 'yookassa',
      reference: paymentId,
      amount: rub(value),
      source: { account: '200601', ...(platformFee === null ? {} : { platformFee: rub(platformFee) }) },
    });
    const connection = t.world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
    await seePayment(t.world, connection, paymentId);
  };

  test.each([
    ['money', '100.00', null],
    ['commission', '1.00', '0.01'],
  ])('takes the %s from what was never sent of that seller alone', async (_name, value, platformFee) => {
    const paymentId = await split();
    const all = (seller: string, minor: bigint, fee: bigint) => ({
      kind: 'sources' as const,
      sources: [{ seller, amount: money(minor), platformFee: money(fee) }],
    });
    await armFault(t, 'rate-limited');
    const wanted = value === '100.00' ? 90_000n : 9_000n;
    const first = await refund(paymentId, { amount: all('200601', wanted, 9_000n) });
    expect(first.status).toBe('QUEUED');
    const other = await refund(paymentId, { amount: all('200602', 60_000n, 6_000n), waitMs: 0 });
    await consoleRefundOf(paymentId, value, platformFee);
    const lost = await refundRow(t, first.id);
    expect(lost).toMatchObject({ status: 'FAILED' });
    expect(lost.legs[0]!.failure).toMatchObject({ code: 'AMOUNT_EXCEEDS_REFUNDABLE' });
    expect((await refundRow(t, other.id)).status).not.toBe('FAILED');
    const sources = await t.database.db
      .selectFrom('payment_sources')
      .select(['seller', 'overcommitted', 'reserved_minor'])
      .where('payment_id', '=', first.payment_id)
      .orderBy('seller')
      .execute();
    expect(sources[0]).toEqual({ seller: '200601', overcommitted: false, reserved_minor: 0n });
    await expectSound(t, paymentId, { quiet: false });
  });

  test('is imported with its store and commission, and the rest is what is left', async () => {
    const paymentId = await split();
    await t.control('console-refund', {
      provider: 'yookassa',
      reference: paymentId,
      amount: rub('300.00'),
      source: { account: '200601', platformFee: rub('30.00') },
    });
    const connection = t.world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
    await seePayment(t.world, connection, paymentId);
    const [imported] = await refundRows(t, paymentId);
    expect(imported).toMatchObject({ origin: 'EXTERNAL', status: 'SUCCEEDED', amount_minor: 30_000n });
    const rest = await refund(paymentId, { feeBearer: 'PLATFORM' });
    expect(rest).toMatchObject({ status: 'SUCCEEDED', amount_minor: 120_000n });
    expect(await sourcesOf(paymentId)).toMatchObject([
      { refunded_minor: 90_000n, fee_returned_minor: 9_000n },
      { refunded_minor: 60_000n, fee_returned_minor: 6_000n },
    ]);
    await expectSound(t, paymentId);
  });
});
