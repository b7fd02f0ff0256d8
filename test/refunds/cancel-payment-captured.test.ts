import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cancelPayment, type CancelPaymentCommand } from '../../src/refunds/cancel-payment.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import {
  clearFaults,
  consoleRefund,
  expectSound,
  newKey,
  paymentRow,
  problemOf,
  refundCommand,
  refundRows,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('cancel_payment_captured');
});
afterAll(() => t.close());
beforeEach(() => clearFaults(t));

const command = (paymentId: string, more: Partial<CancelPaymentCommand> = {}): CancelPaymentCommand => ({
  idempotencyKey: newKey(),
  payment: { account: 'yookassa-demo', paymentId },
  reason: 'OTHER',
  note: null,
  ifCaptured: 'REFUSE',
  feeBearer: null,
  waitMs: 10_000,
  ...more,
});
const cancel = (input: CancelPaymentCommand, merchant: 'demo' | 'other' = 'demo') =>
  cancelPayment(t.world, t.caller(merchant), input);
const hold = () => t.payment('2000.00', { status: 'authorized' });

describe('a captured payment', () => {
  test('is refused by default, and named as what it is', async () => {
    const paymentId = await t.payment('1500.00');
    const requests = await watchRequests(t);
    expect(problemOf(await cancel(command(paymentId)))).toMatchObject({
      type: 'NotCancelable',
      message: expect.stringContaining('REFUND'),
    });
    expect(await requests('cancelPayment', 'createRefund')).toEqual([]);
  });

  test('is refunded, what remains of it, when that was asked for, once per key', async () => {
    const paymentId = await t.payment('1500.00');
    await consoleRefund(t, paymentId, '400.00');
    const input = command(paymentId, { ifCaptured: 'REFUND' });
    const done = valueOf(await cancel(input));
    expect(done).toMatchObject({ outcome: 'REFUND_CREATED', replayed: false });
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 150_000n });
    expect(valueOf(await cancel(input))).toEqual({ ...done, replayed: true });
    expect(problemOf(await cancel({ ...input, note: 'other' }))).toMatchObject({
      type: 'IdempotencyKeyReused',
    });
    expect(await refundRows(t, paymentId)).toHaveLength(2);
    await expectSound(t, paymentId);
  });

  test('that is refunded already has nothing to cancel', async () => {
    const paymentId = await t.payment('1500.00');
    await consoleRefund(t, paymentId, '1500.00');
    for (const ifCaptured of ['REFUSE', 'REFUND'] as const)
      expect(valueOf(await cancel(command(paymentId, { ifCaptured })))).toMatchObject({
        outcome: 'NOTHING_TO_CANCEL',
      });
  });
});

describe('nothing to release', () => {
  test('of a payment that nobody has paid is said, and nothing is sent', async () => {
    const paymentId = await t.payment('1500.00', { status: 'pending' });
    const requests = await watchRequests(t);
    expect(problemOf(await cancel(command(paymentId)))).toMatchObject({
      type: 'CapabilityMissing',
      capability: 'cancelUnpaid',
    });
    expect(await requests('cancelPayment')).toEqual([]);
  });

  test('of a canceled payment', async () => {
    const paymentId = '2e000000-000f-5000-8000-000000000005';
    expect(valueOf(await cancel(command(paymentId)))).toMatchObject({ outcome: 'NOTHING_TO_CANCEL' });
  });

  test('of another merchant’s hold', async () => {
    const paymentId = await hold();
    expect(problemOf(await cancel(command(paymentId), 'other'))).toMatchObject({
      type: 'NotFound',
      code: 'PAYMENT_NOT_FOUND',
    });
    expect(await t.ledgerOf(paymentId)).toMatchObject({ voided: false });
  });

  test('by a key that made a refund', async () => {
    const paid = await t.payment('1500.00');
    const refund = refundCommand(paid, 1_000n);
    valueOf(await createRefund(t.world, t.caller(), refund));
    const input = command(await hold(), { idempotencyKey: refund.idempotencyKey });
    expect(problemOf(await cancel(input))).toMatchObject({ type: 'IdempotencyKeyReused' });
  });

  test('by createRefund with a key that released a hold', async () => {
    const input = command(await hold());
    valueOf(await cancel(input));
    const refund = refundCommand(await t.payment('1500.00'), 1_000n, {
      idempotencyKey: input.idempotencyKey,
    });
    expect(problemOf(await createRefund(t.world, t.caller(), refund))).toMatchObject({
      type: 'IdempotencyKeyReused',
      existingRefundId: null,
    });
  });
});
