import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRefund, type CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import type { FiscalReceipt } from '../../src/vocabulary.ts';
import {
  clearFaults,
  consoleRefund,
  expectSound,
  newKey,
  paymentRow,
  problemOf,
  refundCommand,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('create_refund_again');
});
afterAll(() => t.close());
beforeEach(() => clearFaults(t));

const receipt: FiscalReceipt = {
  customer: { fullName: null, inn: null, email: 'buyer@example.com', phone: null },
  items: [
    {
      description: 'Mug',
      quantity: '2',
      unitPrice: { minor: 500n, currency: 'RUB' },
      vatCode: 1,
      paymentMode: null,
      paymentSubject: null,
      measure: null,
    },
  ],
  taxSystemCode: null,
};

describe('a key that was used', () => {
  const changes: readonly [string, Partial<CreateRefundCommand>][] = [
    ['amount', { amount: { kind: 'money', money: { minor: 1_001n, currency: 'RUB' } } }],
    ['the remaining amount', { amount: { kind: 'remaining' } }],
    ['currency', { amount: { kind: 'money', money: { minor: 1_000n, currency: 'USD' } } }],
    ['reason', { reason: 'GOODWILL' }],
    ['note', { note: 'other' }],
    ['reference', { reference: 'other' }],
    ['metadata', { metadata: { a: 'b' } }],
    ['receipt', { receipt }],
  ];

  test.each(changes)('with another %s is a conflict without effect', async (_what, change) => {
    const paymentId = await t.payment('1500.00');
    const input = refundCommand(paymentId, 1_000n);
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), input));
    const requests = await watchRequests(t);
    const other = await createRefund(t.world, t.caller(), { ...input, ...change });
    expect(problemOf(other)).toMatchObject({ type: 'IdempotencyKeyReused', existingRefundId: refundId });
    expect(await requests()).toEqual([]);
    await expectSound(t, paymentId);
  });

  test('for another payment is a conflict, whether that one was ever seen or not', async () => {
    const input = refundCommand(await t.payment('1500.00'), 1_000n);
    valueOf(await createRefund(t.world, t.caller(), input));
    const elsewhere = { account: 'yookassa-demo', paymentId: await t.payment('1500.00') };
    const result = await createRefund(t.world, t.caller(), { ...input, payment: elsewhere });
    expect(problemOf(result)).toMatchObject({ type: 'IdempotencyKeyReused' });
  });

  test('for two payments at the same moment makes one refund', async () => {
    const payments = [await t.payment('1500.00'), await t.payment('1500.00')];
    const key = newKey();
    const results = await Promise.all(
      payments.map((id) =>
        createRefund(t.world, t.caller(), refundCommand(id, 1_000n, { idempotencyKey: key })),
      ),
    );
    expect(results.filter((result) => result.ok)).toHaveLength(1);
    expect(problemOf(results.find((result) => !result.ok)!)).toMatchObject({ type: 'IdempotencyKeyReused' });
  });

  test('says the payment by our id or by the provider’s, and waits longer: it is the same content', async () => {
    const paymentId = await t.payment('1500.00');
    const input = refundCommand(paymentId, 1_000n, { metadata: { a: '1', b: '2' } });
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), input));
    const { id } = await paymentRow(t, paymentId);
    const again = { ...input, payment: { id }, waitMs: 0, metadata: { b: '2', a: '1' } };
    expect(valueOf(await createRefund(t.world, t.caller(), again))).toEqual({ refundId, replayed: true });
  });
});

describe('a reference', () => {
  test('that another refund has is refused with the refund that has it', async () => {
    const paymentId = await t.payment('1500.00');
    const first = refundCommand(paymentId, 1_000n, { reference: 'order-1' });
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), first));
    const requests = await watchRequests(t);
    const second = refundCommand(paymentId, 1_000n, { reference: 'order-1' });
    expect(problemOf(await createRefund(t.world, t.caller(), second))).toMatchObject({
      type: 'ReferenceTaken',
      existingRefundId: refundId,
      path: ['input', 'reference'],
    });
    expect(await requests('createRefund')).toEqual([]);
    const corrected = { ...second, reference: 'order-2' };
    expect(valueOf(await createRefund(t.world, t.caller(), corrected)).replayed).toBe(false);
    await expectSound(t, paymentId);
  });

  test('that two payments want at the same moment goes to one of them', async () => {
    const payments = [await t.payment('1500.00'), await t.payment('1500.00')];
    const results = await Promise.all(
      payments.map((id) =>
        createRefund(t.world, t.caller(), refundCommand(id, 1_000n, { reference: 'wanted' })),
      ),
    );
    expect(results.filter((result) => result.ok)).toHaveLength(1);
    expect(problemOf(results.find((result) => !result.ok)!)).toMatchObject({ type: 'ReferenceTaken' });
    for (const id of payments) await expectSound(t, id);
  });
});

describe('a payment whose stored facts are old', () => {
  test('is read again before money is reserved on them', async () => {
    const paymentId = await t.payment('1500.00');
    valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 1_000n)));
    const requests = await watchRequests(t);
    valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 1_000n)));
    expect(await requests('getPayment')).toHaveLength(0);
    await consoleRefund(t, paymentId, '1400.00');
    await t.advance(61);
    const tooMuch = await createRefund(t.world, t.caller(), refundCommand(paymentId, 50_000n));
    expect(problemOf(tooMuch)).toMatchObject({ refundable: { minor: 8_000n } });
    expect(await requests('createRefund')).toHaveLength(1);
    await expectSound(t, paymentId);
  });

  test('that would refuse is read again at once', async () => {
    const paymentId = await t.payment('1500.00', { status: 'authorized' });
    const input = refundCommand(paymentId, 1_000n);
    expect(problemOf(await createRefund(t.world, t.caller(), input))).toMatchObject({
      type: 'PaymentNotRefundable',
    });
    const { yookassa } = await t.control<{ yookassa: { shopId: string; secretKey: string }[] }>(
      'credentials',
    );
    const captured = await fetch(`${t.sandbox.yookassaUrl}/payments/${paymentId}/capture`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${yookassa[0]!.shopId}:${yookassa[0]!.secretKey}`).toString('base64')}`,
        'content-type': 'application/json',
        'idempotence-key': newKey(),
      },
      body: '{}',
    });
    expect(captured.status).toBe(200);
    expect(valueOf(await createRefund(t.world, t.caller(), input)).replayed).toBe(false);
    await expectSound(t, paymentId);
  });
});
