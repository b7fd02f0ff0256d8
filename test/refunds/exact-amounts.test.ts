import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import type { Currency } from '../../src/money.ts';
import { ACCOUNT, razorpayCommand, razorpayPayment } from '../support/razorpay.ts';
import {
  expectSound,
  paymentRow,
  problemOf,
  refundCommand,
  refundRow,
  refundRows,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

/** More than a JavaScript number holds exactly: 2^53 + 1 minor units. */
const BEYOND = 2n ** 53n + 1n;

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('exact_amounts');
});
afterAll(() => t.close());

const inCurrency = (paymentId: string, minor: bigint, currency: Currency) =>
  razorpayCommand(paymentId, minor, { amount: { kind: 'money', money: { minor, currency } } });

test('YooKassa, whose amounts are texts, returns 2^53 + 1 kopecks to the kopeck', async () => {
  const paymentId = await t.payment('90071992547409.95');
  const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, BEYOND)));
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', returned_minor: BEYOND });
  expect((await t.ledgerOf(paymentId)).refunds).toMatchObject([{ amountMinor: BEYOND.toString() }]);
  expect(await paymentRow(t, paymentId)).toMatchObject({
    captured_minor: BEYOND + 2n,
    refunded_minor: BEYOND,
  });
  await expectSound(t, paymentId);
});

describe('Razorpay, whose amounts are numbers,', () => {
  /** A payment that Razorpay has told at some time, and that is larger in our books than a number can tell. */
  async function hugePayment(): Promise<string> {
    const paymentId = await razorpayPayment(t, '1500.00');
    const { merchantId } = t.caller().viewer;
    await seePayment(t.world, t.world.connections.findByCode(merchantId, ACCOUNT)!, paymentId);
    const captured = { captured_minor: BEYOND };
    const row = await paymentRow(t, paymentId);
    await t.database.db
      .updateTable('payments')
      .set({ ...captured, amount_minor: BEYOND })
      .where('id', '=', row.id)
      .execute();
    await t.database.db
      .updateTable('payment_sources')
      .set(captured)
      .where('payment_id', '=', row.id)
      .execute();
    return paymentId;
  }

  test('is not asked for more than 2^53 - 1: the largest amount is named, and nothing is reserved', async () => {
    const paymentId = await hugePayment();
    const requests = await watchRequests(t, 'razorpay');
    for (const minor of [BEYOND, BEYOND - 1n])
      expect(
        problemOf(await createRefund(t.world, t.caller(), razorpayCommand(paymentId, minor))),
      ).toMatchObject({
        type: 'InvalidInput',
        path: ['input', 'amount'],
        message: 'Razorpay takes at most 90071992547409.91 MYR.',
      });
    expect(await requests('createRefund')).toEqual([]);
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n });
    expect(await refundRows(t, paymentId)).toEqual([]);
  });

  test('returns 2^53 - 1 sen to the sen', async () => {
    const paymentId = await razorpayPayment(t, '90071992547409.91');
    const { refundId } = valueOf(
      await createRefund(t.world, t.caller(), razorpayCommand(paymentId, 'remaining')),
    );
    expect(await refundRow(t, refundId)).toMatchObject({ returned_minor: 2n ** 53n - 1n });
    expect((await t.ledgerOf(paymentId)).refunds).toMatchObject([{ amountMinor: '9007199254740991' }]);
    await expectSound(t, paymentId);
  });

  test.each([
    ['KWD', 41_995n, [41_990n, 42_000n]],
    ['BHD', 9n, [10n]],
    ['OMR', 1_001n, [1_000n, 1_010n]],
  ] as const)(
    'refuses thousandths of %s, names the nearest, and nothing is reserved',
    async (currency, minor, nearest) => {
      const paymentId = await razorpayPayment(t, '99.990', { amount: { value: '99.990', currency } });
      const refused = await createRefund(t.world, t.caller(), inCurrency(paymentId, minor, currency));
      expect(problemOf(refused)).toMatchObject({
        type: 'AmountNotAllocatable',
        path: ['input', 'amount'],
        nearestAmounts: nearest.map((near) => ({ minor: near, currency })),
      });
      expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n, refunded_minor: 0n });
      expect(await refundRows(t, paymentId)).toEqual([]);
      valueOf(await createRefund(t.world, t.caller(), inCurrency(paymentId, 41_990n, currency)));
      expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 41_990n });
      await expectSound(t, paymentId);
    },
  );

  test('counts yen in yen', async () => {
    const paymentId = await razorpayPayment(t, '5000', { amount: { value: '5000', currency: 'JPY' } });
    valueOf(await createRefund(t.world, t.caller(), inCurrency(paymentId, 1_999n, 'JPY')));
    expect((await t.ledgerOf(paymentId)).refunds).toMatchObject([{ amountMinor: '1999' }]);
    expect(await paymentRow(t, paymentId)).toMatchObject({ captured_minor: 5_000n, refunded_minor: 1_999n });
  });
});
