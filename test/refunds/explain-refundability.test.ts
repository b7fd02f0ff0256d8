import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { allowedPaymentActions } from '../../src/refunds/allowed-actions.ts';
import { decideRefund } from '../../src/refunds/decide-refund.ts';
import type { PaymentSituation } from '../../src/refunds/refund-situation.ts';
import { explainRefundability } from '../../src/refunds/explain-refundability.ts';
import type { RefundId } from '../../src/ids.ts';
import { at, paymentRow, situation, sourceRow, wish } from './situation.ts';

const { capabilities } = situation();
const blocker = { status: 'UNKNOWN' as const, refund_id: 'refund' as RefundId };
const one = { ...capabilities, concurrentOperationsPerPayment: 'ONE' as const };
const wholeOnly = { ...capabilities, partialRefunds: false };
const once = { ...capabilities, severalRefundsPerPayment: false };
const passed = new Date(at.getTime() - 1);
const later = new Date(at.getTime() + 1);

const minor = fc.bigInt({ min: 0n, max: 4n });
const situations: fc.Arbitrary<PaymentSituation> = fc
  .record({
    amount_minor: minor,
    captured_minor: minor,
    refunded_minor: minor,
    reserved_minor: minor,
    unbound_minor: minor,
    provider_refunded_minor: fc.option(minor),
    whole_only: fc.boolean(),
    state: fc.constantFrom(...(['PENDING', 'AUTHORIZED', 'CAPTURED', 'CAPTURED', 'CANCELED'] as const)),
    refundable_by_provider: fc.boolean(),
    overcommitted: fc.boolean(),
    refund_window_closes_at: fc.constantFrom(null, passed, at, later),
  })
  .chain((facts) =>
    fc.record({
      payment: fc.constant(paymentRow(facts)),
      openLegs: fc.constantFrom([], [blocker], [{ ...blocker, status: 'PENDING' as const }]),
      isBeingCanceled: fc.boolean(),
      capabilities: fc.constantFrom(capabilities, one, wholeOnly, once),
      amountRules: fc.record({
        minimumMinor: fc.bigInt({ min: 1n, max: 3n }),
        stepMinor: fc.bigInt({ min: 1n, max: 3n }),
        leaveAtLeastMinor: fc.bigInt({ min: 0n, max: 2n }),
      }),
      lines: fc.constant([]),
      allocate: fc.constant(undefined),
      now: fc.constant(at),
    }),
  );

const decide = (of: PaymentSituation, amountMinor: bigint) =>
  decideRefund(
    { ...of, accountCode: 'demo', sources: [sourceRow({ captured_minor: of.payment.captured_minor })] },
    wish({ amount: { kind: 'money', money: { minor: amountMinor, currency: 'RUB' } } }),
  );

test('is AVAILABLE exactly when a refund of the maximum would be accepted, and of no more', () => {
  fc.assert(
    fc.property(situations, (of) => {
      const { state, maximumMinor, minimumMinor, until } = explainRefundability(of);
      expect(until).toEqual(of.payment.refund_window_closes_at);
      if (state === 'AVAILABLE') {
        expect(decide(of, maximumMinor).ok).toBe(true);
        expect(decide(of, minimumMinor).ok).toBe(true);
        expect(decide(of, maximumMinor + 1n).ok).toBe(false);
        expect(minimumMinor > 0n && minimumMinor <= maximumMinor).toBe(true);
      } else {
        expect([maximumMinor, minimumMinor]).toEqual([0n, 0n]);
        for (const amount of [1n, 2n, 3n, 4n, 5n]) expect(decide(of, amount).ok).toBe(false);
        expect(explainRefundability(of).reasons).not.toEqual([]);
      }
      expect(allowedPaymentActions(of).includes('REFUND')).toBe(state === 'AVAILABLE');
    }),
    { numRuns: 2_000 },
  );
});

describe('says why', () => {
  const explain = (more: Partial<PaymentSituation>) => explainRefundability(situation(more));

  test.each<[string, Partial<PaymentSituation>, string]>([
    ['of a hold', { payment: paymentRow({ state: 'AUTHORIZED' }) }, 'NOT_CAPTURED'],
    ['of an old payment', { payment: paymentRow({ refund_window_closes_at: passed }) }, 'WINDOW_CLOSED'],
    ['when all was refunded', { payment: paymentRow({ refunded_minor: 150_000n }) }, 'NOTHING_LEFT'],
    ['when the rest is reserved', { payment: paymentRow({ reserved_minor: 150_000n }) }, 'NOTHING_LEFT'],
    [
      'when the provider refunds it not',
      { payment: paymentRow({ refundable_by_provider: false }) },
      'BLOCKED',
    ],
    ['when its sums do not fit', { payment: paymentRow({ overcommitted: true }) }, 'BLOCKED'],
    ['while it is being canceled', { isBeingCanceled: true }, 'BUSY'],
    ['while an answer is lost, where only one is taken', { openLegs: [blocker], capabilities: one }, 'BUSY'],
    [
      'of a rest, where only the whole is taken',
      { payment: paymentRow({ refunded_minor: 1n }), capabilities: wholeOnly },
      'BLOCKED',
    ],
  ])('%s', (_name, more, state) => {
    const explained = explain(more);
    expect(explained.state).toBe(state);
    expect(explained.reasons.join(' ')).toMatch(/^[A-Z0-9].*\.$/);
  });

  test('less than was captured is left', () => {
    const payment = paymentRow({
      refunded_minor: 40_000n,
      reserved_minor: 10_000n,
      provider_refunded_minor: 60_000n,
    });
    expect(explain({ payment })).toMatchObject({
      state: 'AVAILABLE',
      maximumMinor: 90_000n,
      reasons: [
        '400.00 RUB was refunded already.',
        '100.00 RUB is reserved by refunds that are not final.',
        'The provider says that 600.00 RUB was refunded.',
      ],
    });
  });
});

describe('an amount that the provider now says is smaller', () => {
  test('limits what is refundable, together with what was refunded since', () => {
    const payment = paymentRow({
      amount_minor: 150_000n,
      captured_minor: 300_000n,
      refunded_minor: 100_000n,
      provider_refunded_minor: 0n,
    });
    expect(explainRefundability(situation({ payment }))).toMatchObject({
      state: 'AVAILABLE',
      maximumMinor: 50_000n,
      reasons: ['The provider says now that 1500.00 RUB was captured.', '1000.00 RUB was refunded already.'],
    });
  });
});

describe('cancelPayment is allowed', () => {
  const hold = { payment: paymentRow({ state: 'AUTHORIZED' }) };
  test.each<[string, Partial<PaymentSituation>, readonly string[]]>([
    ['for a hold', hold, ['CANCEL']],
    ['not while it is being canceled', { ...hold, isBeingCanceled: true }, []],
    [
      'not where holds cannot be released',
      { ...hold, capabilities: { ...capabilities, voidAuthorized: false } },
      [],
    ],
    ['not for a captured payment', {}, ['REFUND']],
  ])('%s', (_name, more, actions) => {
    expect(allowedPaymentActions(situation(more))).toEqual(actions);
  });
});

test('names what the provider says when it has returned less than we believe, once that is told', () => {
  const facts = { refunded_minor: 40_000n, provider_refunded_minor: 10_000n };
  const reasonsOf = (looks: number) =>
    explainRefundability(
      situation({ payment: paymentRow({ ...facts, mismatch_looks: looks }) }),
    ).reasons.join(' ');
  expect(reasonsOf(1)).not.toContain('100.00 RUB');
  expect(reasonsOf(2)).toContain('The provider says that only 100.00 RUB was refunded');
});
