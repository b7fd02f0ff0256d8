import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Payment } from '../../src/db/payments.ts';
import type { RefundId } from '../../src/ids.ts';
import type { AmountRules } from '../../src/providers/provider.ts';
import { isTaken, nearestTaken, nearestThatWork, whyNotTaken } from '../../src/refunds/amount-rules.ts';
import { decideRefund } from '../../src/refunds/decide-refund.ts';
import type { RefundSituation } from '../../src/refunds/refund-situation.ts';
import { explainRefundability } from '../../src/refunds/explain-refundability.ts';
import type { AmountWish } from '../../src/refunds/refund-wish.ts';
import { problemOf } from '../support/rules.ts';
import { paymentRow, situation, sourceRow, wish } from './situation.ts';

const roubles: AmountRules = { minimumMinor: 100n, stepMinor: 1n, leaveAtLeastMinor: 100n };
const tens: AmountRules = { minimumMinor: 10n, stepMinor: 10n, leaveAtLeastMinor: 0n };

const of = (payment: Partial<Payment>, more: Partial<RefundSituation> = {}): RefundSituation => ({
  ...situation(),
  payment: paymentRow(payment),
  accountCode: 'demo',
  sources: [sourceRow()],
  ...more,
});
const money = (minor: bigint): AmountWish => ({ kind: 'money', money: { minor, currency: 'RUB' } });
const decide = (at: RefundSituation, amount: AmountWish) => decideRefund(at, wish({ amount }));

test.each<[string, AmountRules, bigint, bigint, string | undefined]>([
  ['the least', roubles, 100n, 1_000n, undefined],
  ['less than the least', roubles, 99n, 1_000n, 'MINIMUM'],
  ['everything, however little', tens, 10n, 10n, undefined],
  ['everything that is less than the least', roubles, 99n, 99n, 'MINIMUM'],
  ['what leaves just enough', roubles, 900n, 1_000n, undefined],
  ['what leaves too little', roubles, 901n, 1_000n, 'REST'],
  ['what leaves nothing', roubles, 1_000n, 1_000n, undefined],
  ['more than there is', roubles, 1_001n, 1_000n, 'REST'],
  ['no multiple of the step', tens, 15n, 100n, 'STEP'],
  ['nothing', tens, 0n, 100n, 'MINIMUM'],
])('%s', (_name, rules, amount, maximum, why) => {
  expect(whyNotTaken(rules, amount, maximum)).toBe(why);
});

const rulesOf = fc.record({
  minimumMinor: fc.bigInt({ min: 0n, max: 6n }),
  stepMinor: fc.bigInt({ min: 1n, max: 4n }),
  leaveAtLeastMinor: fc.bigInt({ min: 0n, max: 6n }),
});
const small = fc.bigInt({ min: 0n, max: 24n });

test('the nearest amounts are taken, and none is nearer', () => {
  fc.assert(
    fc.property(rulesOf, small, small, (rules, wanted, maximum) => {
      const all = Array.from({ length: 25 }, (_, minor) => BigInt(minor)).filter((minor) =>
        isTaken(rules, minor, maximum),
      );
      const below = all.findLast((minor) => minor < wanted);
      const above = all.find((minor) => minor > wanted);
      expect(nearestTaken(rules, wanted, maximum)).toEqual([below, above].flatMap((minor) => minor ?? []));
    }),
    { numRuns: 5_000 },
  );
});

test('what works is taken and fits the items, too', () => {
  fc.assert(
    fc.property(rulesOf, small, small, fc.uniqueArray(small), (rules, wanted, maximum, fitting) => {
      const fit = (minor: bigint) =>
        fitting.includes(minor) ? ('fits' as const) : fitting.filter((one) => one > 0n);
      for (const minor of nearestThatWork(rules, wanted, maximum, fit)) {
        expect(isTaken(rules, minor, maximum)).toBe(true);
        expect(fitting).toContain(minor);
        expect(minor).not.toBe(wanted);
      }
    }),
    { numRuns: 2_000 },
  );
});

describe('a refund', () => {
  test.each<[string, AmountRules, Partial<Payment>, bigint, string[]]>([
    ['below the least', roubles, {}, 50n, ['100']],
    ['that leaves too little', roubles, {}, 149_950n, ['149900', '150000']],
    ['off the step', tens, {}, 15n, ['10', '20']],
    ['of a rest that is less than the least', roubles, { refunded_minor: 149_950n }, 50n, []],
  ])('%s is refused with the amounts that work', (_name, amountRules, payment, minor, nearest) => {
    const problem = problemOf(decide(of(payment, { amountRules }), money(minor)));
    expect(problem).toMatchObject({
      type: 'AmountNotAllocatable',
      code: 'AMOUNT_NOT_ALLOCATABLE',
      path: ['input', 'amount'],
      retry: 'NEW_REQUEST',
      nearestAmounts: nearest.map((text) => ({ minor: BigInt(text), currency: 'RUB' })),
    });
    for (const text of nearest)
      expect(decide(of(payment, { amountRules }), money(BigInt(text))).ok, text).toBe(true);
  });

  test('of several sellers keeps the rules with each leg', () => {
    const sources = [
      sourceRow({ seller: 'one', captured_minor: 100_000n }),
      sourceRow({ seller: 'two', captured_minor: 50_000n }),
    ];
    const amount: AmountWish = {
      kind: 'sources',
      sources: [
        { seller: 'one', amount: { minor: 500n, currency: 'RUB' }, platformFee: null },
        { seller: 'two', amount: { minor: 50n, currency: 'RUB' }, platformFee: null },
      ],
    };
    expect(problemOf(decide(of({}, { sources, amountRules: roubles }), amount))).toMatchObject({
      type: 'AmountNotAllocatable',
      path: ['input', 'amount', 'sources', '1', 'amount'],
      nearest: { minor: 100n },
    });
  });

  test('of a payment that goes back as a whole only is for all of it, with nothing refunded before', () => {
    const whole = { whole_only: true };
    expect(decide(of(whole), money(150_000n)).ok).toBe(true);
    expect(decide(of(whole), { kind: 'remaining' }).ok).toBe(true);
    expect(problemOf(decide(of(whole), money(149_999n)))).toMatchObject({
      type: 'AmountNotAllocatable',
      nearestAmounts: [{ minor: 150_000n }],
    });
    for (const taken of [{ refunded_minor: 1n }, { reserved_minor: 1n }, { unbound_minor: 1n }])
      expect(problemOf(decide(of({ ...whole, ...taken }), { kind: 'remaining' }))).toMatchObject({
        type: 'AmountNotAllocatable',
        nearestAmounts: [],
      });
  });
});

describe('where a payment is refunded once', () => {
  const { capabilities } = situation();
  const once = { capabilities: { ...capabilities, severalRefundsPerPayment: false } };

  test('a second refund is none, and one that failed does not count', () => {
    expect(decide(of({}, once), money(1n)).ok).toBe(true);
    for (const taken of [{ refunded_minor: 1n }, { unbound_minor: 1n }, { provider_refunded_minor: 1n }])
      expect(problemOf(decide(of(taken, once), money(1n)))).toMatchObject({
        type: 'CapabilityMissing',
        capability: 'severalRefundsPerPayment',
        retry: 'NEVER',
      });
  });

  test('one that is under way is waited for', () => {
    const openLegs = [{ status: 'PENDING' as const, refund_id: 'first' as RefundId }];
    const busy = of({ reserved_minor: 1n }, { ...once, openLegs });
    expect(problemOf(decide(busy, money(1n)))).toMatchObject({
      type: 'OperationInProgress',
      existingRefundId: 'first',
      retry: 'WAIT',
    });
    expect(explainRefundability(busy).state).toBe('BUSY');
    expect(explainRefundability(of({ refunded_minor: 1n }, once)).state).toBe('BLOCKED');
  });
});

describe('refundability', () => {
  const explain = (payment: Partial<Payment>, more: Partial<RefundSituation>) =>
    explainRefundability(of(payment, more));

  test('shows the least that is taken, and the most', () => {
    expect(explain({}, { amountRules: roubles })).toMatchObject({
      state: 'AVAILABLE',
      minimumMinor: 100n,
      maximumMinor: 150_000n,
    });
    expect(explain({ refunded_minor: 5n }, { amountRules: tens })).toMatchObject({
      state: 'AVAILABLE',
      maximumMinor: 149_990n,
      reasons: ['The provider refunds multiples of 0.10 RUB only.', '0.05 RUB was refunded already.'],
    });
  });

  test('says why a rest is too little, or not the whole', () => {
    const little = explain({ refunded_minor: 149_950n }, { amountRules: roubles });
    expect(little).toMatchObject({ state: 'BLOCKED', maximumMinor: 0n, minimumMinor: 0n });
    expect(little.reasons[0]).toBe('The provider refunds at least 1.00 RUB at once.');
    const part = explain({ whole_only: true, refunded_minor: 1n }, {});
    expect(part.state).toBe('BLOCKED');
    expect(part.reasons[0]).toContain('only as a whole');
    expect(explain({ whole_only: true }, {})).toMatchObject({
      state: 'AVAILABLE',
      minimumMinor: 150_000n,
      maximumMinor: 150_000n,
    });
  });
});
