import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { RefundId } from '../../src/ids.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import {
  armFault,
  clearFaults,
  consoleRefund,
  expectSound,
  paymentRow,
  problemOf,
  refundCommand,
  refundRow,
  refundRows,
  refundsAre,
  settleAll,
  valueOf,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('external_refunds');
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'instant');
});

const see = (paymentId: string) => {
  const connection = t.world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
  return seePayment(t.world, connection, paymentId);
};
const sync = (refundId: RefundId) => syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 });

describe('the first sight of a payment', () => {
  test('imports what was refunded there already, once', async () => {
    const paymentId = await t.payment('1500.00');
    await consoleRefund(t, paymentId, '100.00');
    await consoleRefund(t, paymentId, '200.00');
    valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 'remaining')));
    const rows = await refundRows(t, paymentId);
    expect(rows.map(({ origin, status, amount_minor }) => ({ origin, status, amount_minor }))).toEqual(
      expect.arrayContaining([
        { origin: 'EXTERNAL', status: 'SUCCEEDED', amount_minor: 10_000n },
        { origin: 'EXTERNAL', status: 'SUCCEEDED', amount_minor: 20_000n },
        { origin: 'API', status: 'SUCCEEDED', amount_minor: 120_000n },
      ]),
    );
    await see(paymentId);
    expect(await refundRows(t, paymentId)).toHaveLength(3);
    await expectSound(t, paymentId);
  });

  test('by 20 requests at once makes one payment with one source, and imports once', async () => {
    const paymentId = await t.payment('1500.00');
    await consoleRefund(t, paymentId, '100.00');
    const results = await Promise.all(
      Array.from({ length: 20 }, () => createRefund(t.world, t.caller(), refundCommand(paymentId, 1_000n))),
    );
    for (const result of results) valueOf(result);
    const { db } = t.database;
    const payments = await db
      .selectFrom('payments')
      .select('id')
      .where('provider_payment_id', '=', paymentId)
      .execute();
    expect(payments).toHaveLength(1);
    const sources = await db
      .selectFrom('payment_sources')
      .select(['seller', 'captured_minor'])
      .where('payment_id', '=', payments[0]!.id)
      .execute();
    expect(sources).toEqual([{ seller: 'yookassa-demo', captured_minor: 150_000n }]);
    expect(await refundRows(t, paymentId)).toHaveLength(21);
    await expectSound(t, paymentId);
  });

  test('of a split payment has a source per seller, and counts a seller’s refund there', async () => {
    const rub = (value: string) => ({ value, currency: 'RUB' });
    const paymentId = await t.payment('100.00', {
      sources: [
        { account: '200601', amount: rub('60.00'), platformFee: rub('6.00') },
        { account: '200602', amount: rub('40.00') },
      ],
    });
    await t.control('console-refund', {
      provider: 'yookassa',
      reference: paymentId,
      amount: rub('30.00'),
      source: { account: '200601', platformFee: rub('3.00') },
    });
    await see(paymentId);
    const payment = await paymentRow(t, paymentId);
    const sources = await t.database.db
      .selectFrom('payment_sources')
      .select(['seller', 'captured_minor', 'refunded_minor', 'fee_returned_minor', 'platform_fee_minor'])
      .where('payment_id', '=', payment.id)
      .orderBy('seller')
      .execute();
    expect(sources).toEqual([
      {
        seller: '200601',
        captured_minor: 6_000n,
        refunded_minor: 3_000n,
        fee_returned_minor: 300n,
        platform_fee_minor: 600n,
      },
      {
        seller: '200602',
        captured_minor: 4_000n,
        refunded_minor: 0n,
        fee_returned_minor: 0n,
        platform_fee_minor: null,
      },
    ]);
    await expectSound(t, paymentId);
  });

  test('shows a status word that nobody knows as open, with its amount reserved', async () => {
    const paymentId = await t.payment('1500.00');
    await consoleRefund(t, paymentId, '100.00');
    await armFault(t, 'unknown-status', { operation: 'listRefunds', word: 'under_review' });
    await see(paymentId);
    const [external] = await refundRows(t, paymentId);
    expect(external).toMatchObject({
      origin: 'EXTERNAL',
      status: 'PENDING',
      legs: [{ raw_status: 'under_review' }],
    });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 10_000n });
    await see(paymentId);
    expect(await refundRow(t, external!.id)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });
});

describe('a console refund while everything is reserved', () => {
  test('is recorded; nothing is refundable, and what was sent keeps its amount', async () => {
    const paymentId = await t.payment('1500.00');
    await refundsAre(t, 'pending');
    const ours = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 100_000n)));
    expect(await refundRow(t, ours.refundId)).toMatchObject({ status: 'PENDING' });
    await settleAll(t, 'canceled');
    await consoleRefund(t, paymentId, '1200.00');
    // A reader that sees the console's refund only: by what is known then, the sum is broken.
    const connection = t.world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
    const partial = await t.replica({
      adapter: {
        async readPayment(access, id) {
          const look = await connection.adapter.readPayment(access, id);
          if (look.kind !== 'found') return look;
          const refunds = look.value.refunds.filter(({ ourReference }) => ourReference === null);
          return { kind: 'found', value: { ...look.value, refunds } };
        },
      },
    });
    const theirs = partial.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
    await seePayment(partial, theirs, paymentId);
    expect(await paymentRow(t, paymentId)).toMatchObject({
      overcommitted: true,
      refunded_minor: 120_000n,
      reserved_minor: 100_000n,
    });
    expect(await refundRow(t, ours.refundId)).toMatchObject({ status: 'PENDING' });
    const refused = await createRefund(partial, t.caller(), refundCommand(paymentId, 1n));
    expect(problemOf(refused)).toMatchObject({
      type: 'AmountExceedsRefundable',
      refundable: { minor: 0n, currency: 'RUB' },
    });
    // Once the cancellation is known the sum holds again, and the rest can be refunded.
    valueOf(await sync(ours.refundId));
    expect(await paymentRow(t, paymentId)).toMatchObject({ overcommitted: false, reserved_minor: 0n });
    await refundsAre(t, 'instant');
    valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 'remaining')));
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 150_000n });
    await expectSound(t, paymentId);
  });

  test('takes the money from what was never sent, newest first', async () => {
    const paymentId = await t.payment('1500.00');
    const first = await t.replica();
    valueOf(await createRefund(first, t.caller(), refundCommand(paymentId, 30_000n)));
    await armFault(t, 'rate-limited');
    const older = valueOf(await createRefund(first, t.caller(), refundCommand(paymentId, 60_000n)));
    // A process goes on, after its answer, to look for what waits behind a leg: it would send the newer refund.
    expect(await first.background.drain(10_000)).toBe(true);
    const newer = valueOf(
      await createRefund(t.world, t.caller(), refundCommand(paymentId, 60_000n, { waitMs: 0 })),
    );
    expect(await refundRow(t, newer.refundId)).toMatchObject({ status: 'QUEUED' });
    await clearFaults(t);
    await consoleRefund(t, paymentId, '500.00');
    await see(paymentId);
    expect(await refundRow(t, older.refundId)).toMatchObject({ status: 'QUEUED' });
    const failed = await refundRow(t, newer.refundId);
    expect(failed).toMatchObject({ status: 'FAILED' });
    expect(failed.legs[0]!.failure).toMatchObject({ code: 'AMOUNT_EXCEEDS_REFUNDABLE' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ overcommitted: false, reserved_minor: 60_000n });
    valueOf(await sync(older.refundId));
    expect(await refundRow(t, older.refundId)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });
});
