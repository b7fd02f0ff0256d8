import { describe, expect, test } from 'vitest';
import type { LegId } from '../../src/ids.ts';
import type { RefundFacts } from '../../src/providers/provider.ts';
import { matchByAmount, type Nameless } from '../../src/refunds/match-by-amount.ts';

const sentAt = new Date('2026-11-22T12:00:00Z');
const after = (ms: number) => new Date(sentAt.getTime() + ms);

const refund = (providerRefundId: string, more: Partial<RefundFacts> = {}): RefundFacts => ({
  providerRefundId,
  providerPaymentId: 'payment',
  status: 'SUCCEEDED',
  rawStatus: 'succeeded',
  amount: { minor: 1_000n, currency: 'RUB' },
  failure: null,
  ourReference: null,
  createdAt: after(1_000),
  traceReferences: [],
  sources: [],
  providerDetails: {},
  ...more,
});

const leg = (id: string, more: Partial<Nameless> = {}): Nameless => ({
  id: id as LegId,
  status: 'UNKNOWN',
  amountMinor: 1_000n,
  currency: 'RUB',
  firstSentAt: sentAt,
  isReady: true,
  shares: new Map([['seller', 1_000n]]),
  ...more,
});

/** As texts: pairs as `leg=refund`, what is unclear as `leg?candidates`, what is elsewhere by its id. */
function matched(refunds: readonly RefundFacts[], legs: readonly Nameless[]): string[] {
  const { pairs, unclear, elsewhere } = matchByAmount(refunds, legs);
  return [
    ...pairs.map(({ legId, facts }) => `${legId}=${facts.providerRefundId}`),
    ...unclear.map(({ legId, candidates }) => `${legId}?${candidates.join('|')}`),
    ...elsewhere.map(({ providerRefundId }) => providerRefundId),
  ];
}

const shareOf = (seller: string, amountMinor = 1_000n) => ({ seller, amountMinor, platformFeeMinor: null });

describe('one refund and one leg are a pair', () => {
  test('of the same amount', () => expect(matched([refund('r')], [leg('a')])).toEqual(['a=r']));

  test('when the refund is as old as the clocks may differ', () => {
    expect(matched([refund('r', { createdAt: after(-60_000) })], [leg('a')])).toEqual(['a=r']);
    expect(matched([refund('r', { createdAt: after(-60_001) })], [leg('a')])).toEqual(['r']);
  });

  test('when the sellers and their shares are the same, where the provider tells them', () => {
    const of = (...sources: RefundFacts['sources']) => matched([refund('r', { sources })], [leg('a')]);
    expect(of(shareOf('seller'))).toEqual(['a=r']);
    expect(of(shareOf('seller', 400n), shareOf('seller', 600n))).toEqual(['a=r']);
    expect(of(shareOf('another'))).toEqual(['r']);
    expect(of(shareOf('seller', 400n), shareOf('another', 600n))).toEqual(['r']);
    expect(of(shareOf('seller', 400n))).toEqual(['r']);
  });
});

test.each([
  ['another amount', { amount: { minor: 1_001n, currency: 'RUB' } }],
  ['another currency', { amount: { minor: 1_000n, currency: 'EUR' } }],
  ['a reference, which is not the leg’s', { ourReference: 'theirs' }],
  ['a failure, which would free the amount', { status: 'FAILED' }],
  ['an end by being stopped, which would, too', { status: 'CANCELED' }],
] as [string, Partial<RefundFacts>][])('a refund with %s was made elsewhere', (_what, more) => {
  expect(matched([refund('r', more)], [leg('a')])).toEqual(['r']);
});

test('a leg that was never sent is no candidate', () => {
  expect(matched([refund('r')], [leg('a', { firstSentAt: null })])).toEqual(['r']);
});

describe('nothing is decided', () => {
  test('while the key of any leg that it might be is alive', () => {
    expect(matched([refund('r')], [leg('a', { isReady: false })])).toEqual([]);
    expect(matched([refund('r')], [leg('a'), leg('b', { isReady: false })])).toEqual([]);
  });

  test('where more than one combination fits', () => {
    expect(matched([refund('r'), refund('s')], [leg('a')])).toEqual(['a?r|s']);
    expect(matched([refund('r')], [leg('a'), leg('b')])).toEqual(['a?r', 'b?r']);
    expect(matched([refund('r'), refund('s')], [leg('a'), leg('b')])).toEqual(['a?r|s', 'b?r|s']);
  });

  test('where a leg hangs on another one’s refund, and each is named what fits it alone', () => {
    const late = leg('b', { firstSentAt: after(3_600_000) });
    const refunds = [refund('r'), refund('s', { createdAt: after(3_601_000) })];
    expect(matched(refunds, [leg('a'), late])).toEqual(['a?r|s', 'b?s']);
    expect(matched([refund('r')], [leg('a'), late])).toEqual(['a=r']);
  });

  test('of a leg that a person has called returned and of an open one, by the open one', () => {
    expect(matched([refund('r')], [leg('a', { status: 'SUCCEEDED' }), leg('b')])).toEqual(['b?r']);
  });
});

test('groups that have nothing in common are decided apart', () => {
  const other = { amountMinor: 2_000n, shares: new Map([['seller', 2_000n]]) };
  const refunds = [refund('r'), refund('s'), refund('x', { amount: { minor: 2_000n, currency: 'RUB' } })];
  expect(matched(refunds, [leg('a'), leg('b', other)])).toEqual(['b=x', 'a?r|s']);
});

describe('legs that a person has called returned', () => {
  const returned = (id: string, more: Partial<Nameless> = {}) => leg(id, { status: 'SUCCEEDED', ...more });

  test('take the oldest that fit, and what is left was made elsewhere', () => {
    const refunds = [refund('new', { createdAt: after(5_000) }), refund('old')];
    expect(matched(refunds, [returned('a')])).toEqual(['a=old', 'new']);
    expect(matched(refunds, [returned('b', { firstSentAt: after(10) }), returned('a')])).toEqual([
      'a=old',
      'b=new',
    ]);
    expect(matched([refund('r')], [returned('a'), returned('b')])).toEqual(['a=r']);
  });

  test('take no refund that is under way, and keep it from being somebody else’s', () => {
    expect(matched([refund('r', { status: 'PENDING' })], [returned('a')])).toEqual([]);
  });
});
