import { describe, expect, test } from 'vitest';
import type { OpenLeg } from '../../src/db/legs.ts';
import type { Payment, PaymentSource } from '../../src/db/payments.ts';
import { capabilities } from '../../src/providers/yookassa/capabilities.ts';
import { decideRefund } from '../../src/refunds/decide-refund.ts';
import type { RefundSituation } from '../../src/refunds/refund-situation.ts';
import type { RefundWish } from '../../src/refunds/refund-wish.ts';
import { paymentStatusOf, refundableOf } from '../../src/refunds/refundability.ts';
import { receiptTotalMinor } from '../../src/refunds/receipt-total.ts';
import type { FiscalReceipt, LegStatus } from '../../src/vocabulary.ts';
import { problemOf, valueOf } from '../support/rules.ts';
import { anyAmount, sourceRow } from './situation.ts';

const now = new Date('2026-11-22T10:00:00Z');

const paymentWith = (more: Partial<Payment> = {}): Payment =>
  ({
    id: 'payment',
    state: 'CAPTURED',
    currency: 'RUB',
    amount_minor: 100_000n,
    captured_minor: 100_000n,
    refunded_minor: 0n,
    reserved_minor: 0n,
    unbound_minor: 0n,
    provider_refunded_minor: 0n,
    refundable_by_provider: true,
    overcommitted: false,
    refund_window_closes_at: new Date('2029-01-01T00:00:00Z'),
    ...more,
  }) as Payment;

const situationWith = (
  payment: Partial<Payment> = {},
  more: Partial<RefundSituation> = {},
): RefundSituation => ({
  accountCode: 'yookassa-demo',
  payment: paymentWith(payment),
  sources: [{ id: 'source', seller: 'yookassa-demo' } as unknown as PaymentSource],
  openLegs: [],
  isBeingCanceled: false,
  capabilities,
  amountRules: anyAmount,
  lines: [],
  allocate: undefined,
  now,
  ...more,
});

const plain = { receipt: null, feeBearer: null, speed: null, expectedRefundable: null, replaces: null };
const money = (minor: bigint, currency: 'RUB' | 'USD' = 'RUB', receipt: FiscalReceipt | null = null) =>
  ({ ...plain, amount: { kind: 'money', money: { minor, currency } }, receipt }) satisfies RefundWish;
const ofSeller = (seller: string, minor: bigint): RefundWish => ({
  ...plain,
  amount: { kind: 'sources', sources: [{ seller, amount: { minor, currency: 'RUB' }, platformFee: null }] },
});
const remaining: RefundWish = { ...plain, amount: { kind: 'remaining' } };

describe('what is refundable', () => {
  test.each<[string, Partial<Payment>, bigint]>([
    ['everything of a captured payment', {}, 100_000n],
    ['less what was refunded', { refunded_minor: 30_000n }, 70_000n],
    ['less what is reserved', { reserved_minor: 30_000n }, 70_000n],
    ['less what is nobody’s yet', { unbound_minor: 30_000n }, 70_000n],
    ['less all three', { refunded_minor: 1n, reserved_minor: 2n, unbound_minor: 3n }, 99_994n],
    ['no more than the provider says', { provider_refunded_minor: 90_000n }, 10_000n],
    ['no more than our ledger says', { provider_refunded_minor: 10n, refunded_minor: 90_000n }, 10_000n],
    ['what the ledger says where the provider tells no sum', { provider_refunded_minor: null }, 100_000n],
    ['nothing while the sum is broken', { overcommitted: true }, 0n],
    ['nothing where the provider refunds nothing', { refundable_by_provider: false }, 0n],
    ['nothing of a hold', { state: 'AUTHORIZED' }, 0n],
    ['never less than nothing', { refunded_minor: 60_000n, unbound_minor: 60_000n }, 0n],
  ])('%s', (_name, more, minor) => {
    expect(refundableOf(paymentWith(more))).toBe(minor);
  });

  test('the status tells how much of a captured payment went back', () => {
    expect(paymentStatusOf(paymentWith())).toBe('CAPTURED');
    expect(paymentStatusOf(paymentWith({ reserved_minor: 100_000n }))).toBe('CAPTURED');
    expect(paymentStatusOf(paymentWith({ refunded_minor: 1n }))).toBe('PARTIALLY_REFUNDED');
    expect(paymentStatusOf(paymentWith({ refunded_minor: 100_000n }))).toBe('REFUNDED');
    expect(paymentStatusOf(paymentWith({ refunded_minor: 100_001n }))).toBe('REFUNDED');
    expect(paymentStatusOf(paymentWith({ state: 'CANCELED' }))).toBe('CANCELED');
  });
});

describe('accepted', () => {
  test('an amount up to what is left, as one leg with one share', () => {
    expect(valueOf(decideRefund(situationWith({ refunded_minor: 30_000n }), money(70_000n)))).toEqual({
      amountMinor: 70_000n,
      legs: [
        {
          name: 'all',
          amountMinor: 70_000n,
          shares: [{ sourceId: 'source', amountMinor: 70_000n, platformFeeMinor: null }],
          items: [],
          sellers: [],
        },
      ],
    });
  });

  test('what remains is what is refundable now', () => {
    const left = decideRefund(situationWith({ reserved_minor: 1n, unbound_minor: 2n }), remaining);
    expect(valueOf(left).amountMinor).toBe(99_997n);
  });
});

describe('refused', () => {
  test.each<[string, RefundSituation, RefundWish, Record<string, unknown>]>([
    ['one too much', situationWith(), money(100_001n), { type: 'AmountExceedsRefundable' }],
    [
      'another currency',
      situationWith(),
      money(1n, 'USD'),
      { type: 'CurrencyMismatch', expectedCurrency: 'RUB' },
    ],
    [
      'what remains of nothing',
      situationWith({ reserved_minor: 100_000n }),
      remaining,
      { type: 'AmountExceedsRefundable', refundable: { minor: 0n, currency: 'RUB' } },
    ],
    [
      'anything while the sum is broken',
      situationWith({ overcommitted: true }),
      money(1n),
      { type: 'AmountExceedsRefundable', refundable: { minor: 0n, currency: 'RUB' } },
    ],
    ['a hold', situationWith({ state: 'AUTHORIZED' }), remaining, { type: 'PaymentNotRefundable' }],
    ['an unpaid payment', situationWith({ state: 'PENDING' }), remaining, { type: 'PaymentNotRefundable' }],
    ['a canceled one', situationWith({ state: 'CANCELED' }), remaining, { type: 'PaymentNotRefundable' }],
    ['a failed one', situationWith({ state: 'FAILED' }), remaining, { type: 'PaymentNotRefundable' }],
    [
      'what the provider does not refund',
      situationWith({ refundable_by_provider: false }),
      money(1n),
      { type: 'PaymentNotRefundable' },
    ],
    [
      'a fully refunded one, whatever the provider calls that',
      situationWith({ refunded_minor: 100_000n, refundable_by_provider: false }),
      money(1n),
      { type: 'PaymentNotRefundable', message: expect.stringContaining('already') },
    ],
    [
      'from the instant at which the window closes',
      situationWith({ refund_window_closes_at: now }),
      money(1n),
      { type: 'RefundWindowClosed', closedAt: now },
    ],
    [
      'while it is being canceled',
      situationWith({}, { isBeingCanceled: true }),
      money(1n),
      { type: 'OperationInProgress', existingRefundId: null },
    ],
    [
      'several sellers',
      situationWith({}, { sources: [sourceRow({ seller: 'a' }), sourceRow({ seller: 'b' })] }),
      money(1n),
      { type: 'AmountNotAllocatable' },
    ],
    [
      'several sellers where the provider cannot tell them apart',
      situationWith(
        {},
        {
          sources: [
            sourceRow({ seller: 'a', captured_minor: 50_000n }),
            sourceRow({ seller: 'b', captured_minor: 50_000n }),
          ],
          capabilities: { ...capabilities, splitRefunds: false },
        },
      ),
      ofSeller('a', 10_000n),
      { type: 'CapabilityMissing', capability: 'splitRefunds' },
    ],
    [
      'a part where the provider refunds all or nothing',
      situationWith({}, { capabilities: { ...capabilities, partialRefunds: false } }),
      money(1n),
      { type: 'CapabilityMissing', capability: 'partialRefunds' },
    ],
  ])('%s', (_name, situation, wish, problem) => {
    expect(problemOf(decideRefund(situation, wish))).toMatchObject(problem);
  });

  test('behind an unclear refund only where a provider takes one operation at a time', () => {
    const behind = (status: LegStatus, concurrent: 'ONE' | 'MANY') =>
      decideRefund(
        situationWith(
          {},
          {
            openLegs: [{ status, refund_id: 'first' } as unknown as OpenLeg],
            capabilities: { ...capabilities, concurrentOperationsPerPayment: concurrent },
          },
        ),
        money(1n),
      );
    for (const status of ['UNKNOWN', 'MANUAL_REVIEW'] as const) {
      expect(problemOf(behind(status, 'ONE'))).toMatchObject({
        type: 'OperationInProgress',
        existingRefundId: 'first',
      });
      expect(behind(status, 'MANY').ok).toBe(true);
    }
    for (const status of ['QUEUED', 'SENDING', 'PENDING'] as const)
      expect(behind(status, 'ONE').ok).toBe(true);
  });

  test('the last millisecond of the window is still inside', () => {
    const closing = new Date(now.getTime() + 1);
    expect(decideRefund(situationWith({ refund_window_closes_at: closing }), money(1n)).ok).toBe(true);
    expect(decideRefund(situationWith({ refund_window_closes_at: null }), money(1n)).ok).toBe(true);
  });
});

describe('a receipt', () => {
  const receipt = (...items: [quantity: string, minor: bigint][]): FiscalReceipt => ({
    customer: { fullName: null, inn: null, email: 'buyer@example.com', phone: null },
    items: items.map(([quantity, minor]) => ({
      description: 'Mug',
      quantity,
      unitPrice: { minor, currency: 'RUB' },
      vatCode: 1,
      paymentMode: null,
      paymentSubject: null,
      measure: null,
    })),
    taxSystemCode: null,
  });

  test.each<[FiscalReceipt, bigint | undefined]>([
    [receipt(['2', 20_000n]), 40_000n],
    [receipt(['1', 20_000n], ['2', 5_000n]), 30_000n],
    [receipt(['0.5', 101n], ['0.5', 101n]), 101n],
    [receipt(['0.5', 101n]), undefined],
    [receipt(['1.255', 1_000n]), 1_255n],
    [receipt(['0.001', 1_000n]), 1n],
    [receipt(['0.333', 1n]), undefined],
    [receipt(['1.50', 100n]), 150n],
    [receipt(['1000000', 9_007_199_254_740_993n]), 9_007_199_254_740_993_000_000n],
  ])('adds up exactly or not at all (%#)', (sold, total) => {
    expect(receiptTotalMinor(sold)).toBe(total);
  });

  test('must add up to the amount, also to what remains', () => {
    const sold = receipt(['2', 20_000n]);
    expect(decideRefund(situationWith(), money(40_000n, 'RUB', sold)).ok).toBe(true);
    expect(decideRefund(situationWith({ refunded_minor: 60_000n }), { ...remaining, receipt: sold }).ok).toBe(
      true,
    );
    expect(problemOf(decideRefund(situationWith(), { ...remaining, receipt: sold }))).toMatchObject({
      type: 'InvalidInput',
      path: ['input', 'receipt', 'items'],
    });
  });
});
