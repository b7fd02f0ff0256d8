import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRefund, type CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import type { FiscalReceipt } from '../../src/vocabulary.ts';
import {
  armFault,
  clearFaults,
  consoleRefund,
  expectSound,
  newKey,
  paymentRow,
  problemOf,
  refundCommand,
  refundRow,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('create_refund_refused');
});
afterAll(() => t.close());
beforeEach(() => clearFaults(t));

const rub = (value: string) => ({ value, currency: 'RUB' });
const yearsAgo = (years: number) => new Date(Date.now() - years * 366 * 86_400_000).toISOString();

const receiptOf = (minor: bigint, currency: 'RUB' | 'USD' = 'RUB'): FiscalReceipt => ({
  customer: { fullName: null, inn: null, email: 'buyer@example.com', phone: null },
  items: [
    {
      description: 'Mug',
      quantity: '2',
      unitPrice: { minor, currency },
      vatCode: 1,
      paymentMode: null,
      paymentSubject: null,
      measure: null,
    },
  ],
  taxSystemCode: null,
});

interface Refusal {
  readonly name: string;
  readonly payment: () => Promise<string>;
  readonly minor?: bigint | 'remaining';
  readonly more?: Partial<CreateRefundCommand>;
  readonly problem: Record<string, unknown>;
}

const refusals: readonly Refusal[] = [
  {
    name: 'another currency',
    payment: () => t.payment('1500.00'),
    more: { amount: { kind: 'money', money: { minor: 100n, currency: 'USD' } } },
    problem: {
      type: 'CurrencyMismatch',
      expectedCurrency: 'RUB',
      path: ['input', 'amount', 'money', 'currency'],
    },
  },
  {
    name: 'more than was captured',
    payment: () => t.payment('1500.00'),
    minor: 150_001n,
    problem: {
      type: 'AmountExceedsRefundable',
      refundable: { minor: 150_000n, currency: 'RUB' },
      path: ['input', 'amount'],
    },
  },
  {
    name: 'more than was captured, of a payment of which less was captured than held',
    payment: () => t.payment('1500.00', { captured: rub('1000.00') }),
    minor: 100_001n,
    problem: { type: 'AmountExceedsRefundable', refundable: { minor: 100_000n, currency: 'RUB' } },
  },
  {
    name: 'the largest amount there is',
    payment: () => t.payment('1500.00'),
    minor: 2n ** 63n - 1n,
    problem: { type: 'AmountExceedsRefundable' },
  },
  {
    name: 'a fully refunded payment',
    payment: async () => {
      const id = await t.payment('1500.00');
      await consoleRefund(t, id, '1500.00');
      return id;
    },
    minor: 'remaining',
    problem: { type: 'PaymentNotRefundable', path: ['input', 'payment'], retry: 'NEVER' },
  },
  {
    name: 'a hold',
    payment: () => t.payment('1500.00', { status: 'authorized' }),
    problem: { type: 'PaymentNotRefundable', message: expect.stringContaining('cancelPayment') },
  },
  {
    name: 'a payment that nobody has paid',
    payment: () => t.payment('1500.00', { status: 'pending' }),
    problem: { type: 'PaymentNotRefundable' },
  },
  {
    name: 'a canceled payment',
    payment: async () => '2e000000-000f-5000-8000-000000000005',
    problem: { type: 'PaymentNotRefundable' },
  },
  {
    name: 'a payment of more than three years ago',
    payment: () => t.payment('1500.00', { createdAt: yearsAgo(3.1), capturedAt: yearsAgo(3.1) }),
    problem: { type: 'RefundWindowClosed', closedAt: expect.any(Date) },
  },
  {
    name: 'a SberPay payment of more than a year ago',
    payment: () =>
      t.payment('1500.00', { method: 'sberbank', createdAt: yearsAgo(1.1), capturedAt: yearsAgo(1.1) }),
    problem: { type: 'RefundWindowClosed' },
  },
  {
    name: 'a payment in cash',
    payment: () => t.payment('1500.00', { method: 'cash' }),
    problem: { type: 'PaymentNotRefundable', path: ['input', 'payment'] },
  },
  {
    name: 'a receipt with another sum than the refund',
    payment: () => t.payment('1500.00'),
    minor: 40_000n,
    more: { receipt: receiptOf(19_999n) },
    problem: { type: 'InvalidInput', path: ['input', 'receipt', 'items'] },
  },
  {
    name: 'a receipt in another currency',
    payment: () => t.payment('1500.00'),
    minor: 40_000n,
    more: { receipt: receiptOf(20_000n, 'USD') },
    problem: { type: 'InvalidInput', path: ['input', 'receipt', 'items'] },
  },
  {
    name: 'metadata that hides our reference',
    payment: () => t.payment('1500.00'),
    more: { metadata: { refund_ref: 'mine' } },
    problem: { type: 'InvalidInput', path: ['input', 'metadata', 'refund_ref'] },
  },
];

test.each(refusals)(
  '$name: nothing is sent, nothing is reserved, the key stays unused',
  async ({ payment, minor = 1_000n, more = {}, problem }) => {
    const paymentId = await payment();
    const requests = await watchRequests(t);
    const input = refundCommand(paymentId, minor, more);
    expect(problemOf(await createRefund(t.world, t.caller(), input))).toMatchObject(problem);
    expect(await requests('createRefund')).toEqual([]);
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n });
    await expectSound(t, paymentId);
    // The key is free for what was meant.
    const meant = await t.payment('1500.00');
    const corrected = refundCommand(meant, 1_000n, { idempotencyKey: input.idempotencyKey });
    expect(valueOf(await createRefund(t.world, t.caller(), corrected)).replayed).toBe(false);
  },
);

describe('a payment that is not the caller’s', () => {
  const absent = { type: 'NotFound', code: 'PAYMENT_NOT_FOUND', path: ['input', 'payment'] };

  test('is answered like one that does not exist: by id, by account code, by a code of another merchant', async () => {
    const theirs = await t.payment('1500.00', { account: 'yookassa-other' });
    const seen = refundCommand(theirs, 1_000n, { payment: { account: 'yookassa-other', paymentId: theirs } });
    valueOf(await createRefund(t.world, t.caller('other'), seen));
    const row = await paymentRow(t, theirs);
    const requests = await watchRequests(t);
    const named: CreateRefundCommand['payment'][] = [
      { id: row.id },
      { account: 'yookassa-demo', paymentId: theirs },
      { account: 'yookassa-other', paymentId: theirs },
      { account: 'nobodys-account', paymentId: theirs },
      { account: 'yookassa-demo', paymentId: '2e000000-000f-5000-8000-00000000dead' },
      { account: 'yookassa-demo', paymentId: '../payments?limit=1' },
      { id: '0192f000-0000-7000-8000-000000000000' as never },
      { id: 'nonsense' as never },
    ];
    const problems = [];
    for (const payment of named)
      problems.push(
        problemOf(await createRefund(t.world, t.caller(), refundCommand(theirs, 1_000n, { payment }))),
      );
    for (const problem of problems) expect(problem).toEqual(problems[0]);
    expect(problems[0]).toMatchObject(absent);
    expect(await requests('createRefund')).toEqual([]);
    expect(await paymentRow(t, theirs)).toMatchObject({ refunded_minor: 1_000n, reserved_minor: 0n });
  });

  test('keys of two merchants are two keys', async () => {
    const key = newKey();
    const [ours, theirs] = [
      await t.payment('1500.00'),
      await t.payment('1500.00', { account: 'yookassa-other' }),
    ];
    const first = refundCommand(ours, 1_000n, { idempotencyKey: key, reference: 'same' });
    const second = {
      ...refundCommand(theirs, 1_000n, { idempotencyKey: key, reference: 'same' }),
      payment: { account: 'yookassa-other', paymentId: theirs },
    };
    const [one, two] = await Promise.all([
      createRefund(t.world, t.caller(), first),
      createRefund(t.world, t.caller('other'), second),
    ]);
    expect(valueOf(one).refundId).not.toBe(valueOf(two).refundId);
    const keys = await Promise.all([one, two].map((each) => refundRow(t, valueOf(each).refundId)));
    expect(keys[0]!.attempts[0]!.provider_key).not.toBe(keys[1]!.attempts[0]!.provider_key);
  });
});

describe('a provider that cannot be asked', () => {
  test.each([
    ['error-before-effect', 'PROVIDER_UNAVAILABLE'],
    ['unauthorized', 'AUTHENTICATION_FAILED'],
  ])('%s of an unseen payment leaves the key unused', async (kind, code) => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, kind, { operation: 'getPayment', times: 3 });
    const input = refundCommand(paymentId, 1_000n);
    expect(problemOf(await createRefund(t.world, t.caller(), input))).toMatchObject({
      type: 'ProviderProblem',
      code,
      retry: 'SAME_KEY',
    });
    await clearFaults(t);
    expect(valueOf(await createRefund(t.world, t.caller(), input)).replayed).toBe(false);
  });
});
