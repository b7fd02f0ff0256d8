import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Look, RefundFacts, RefundListPage, RefundListQuery } from '../../../src/providers/provider.ts';
import { fewestCalls } from '../../../src/refunds/looks/followed-plan.ts';
import type { Asked, LookCalls } from '../../../src/refunds/looks/plan-calls.ts';
import { lookAtRefunds } from '../../../src/refunds/looks/plan-looks.ts';

const start = Date.parse('2026-11-22T10:00:00Z');

/** A refund of the provider's books. Times are coarse, so that many are equal. */
const booked = fc.record({
  payment: fc.nat({ max: 6 }).map((n) => `p${n}`),
  minutesAgo: fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: 60 }), fc.nat({ max: 500_000 })),
  isWanted: fc.boolean(),
  /** Lists do not show it yet. */
  isHidden: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.boolean()),
  /** Lists show it twice. */
  isTwice: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.boolean()),
  /** Only a single read tells why. */
  hasFailed: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.boolean()),
  /** Wanted, and unknown to the provider. */
  isGone: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.boolean()),
});
type Booked = typeof booked extends fc.Arbitrary<infer T> ? T & { readonly id: string } : never;

const habits = fc.record({
  pageSize: fc.integer({ min: 1, max: 12 }),
  byTime: fc.boolean(),
  byPayment: fc.boolean(),
  ignoresWindow: fc.boolean(),
  order: fc.constantFrom('newest', 'oldest', 'any'),
  /** It gives the same cursor for ever. */
  repeatsCursor: fc.boolean(),
  readsAtOnce: fc.integer({ min: 1, max: 8 }),
});
type Habits = typeof habits extends fc.Arbitrary<infer T> ? T : never;

const books = fc
  .array(booked, { maxLength: 60 })
  .map((list) => list.map((each, index) => ({ ...each, id: `r${index}` })));

const why = { code: 'PROVIDER_REJECTED', message: '', retry: 'NEVER', providerCode: null } as const;

const factsOf = ({ id, payment, minutesAgo, hasFailed }: Booked): RefundFacts => ({
  providerRefundId: id,
  providerPaymentId: payment,
  status: hasFailed ? 'FAILED' : 'SUCCEEDED',
  rawStatus: '',
  amount: { minor: 1n, currency: 'RUB' },
  failure: hasFailed ? why : null,
  ourReference: null,
  createdAt: new Date(start - minutesAgo * 60_000),
  traceReferences: [],
  sources: [],
  providerDetails: {},
});

const knownOf = (refund: Booked) => {
  const { providerRefundId, providerPaymentId, amount, createdAt } = factsOf(refund);
  return { providerRefundId, providerPaymentId, amount, createdAt };
};

/** A provider of such habits; every answer comes later, so that calls overlap. */
function provider(all: readonly Booked[], has: Habits, budget = Infinity) {
  const seen = { calls: 0, most: 0 };
  let running = 0;
  const answer = async <T>(look: () => Look<T>): Promise<Asked<T>> => {
    seen.calls += 1;
    running += 1;
    seen.most = Math.max(seen.most, running);
    await new Promise((resolve) => void setImmediate(resolve));
    running -= 1;
    return { look: look(), requests: 1 };
  };
  const ordered = all.toSorted((a, b) =>
    has.order === 'any' ? 0 : (a.minutesAgo - b.minutesAgo) * (has.order === 'newest' ? 1 : -1),
  );
  const page = (query: RefundListQuery): Look<RefundListPage> => {
    const matching = ordered
      .filter(({ isHidden, isGone, payment }) => {
        if (isHidden || isGone) return false;
        return query.providerPaymentId === undefined || payment === query.providerPaymentId;
      })
      .filter((each) => {
        const { createdAt } = factsOf(each);
        if (has.ignoresWindow) return true;
        return (
          (query.createdFrom === undefined || createdAt >= query.createdFrom) &&
          (query.createdTo === undefined || createdAt <= query.createdTo)
        );
      })
      .flatMap((each) => (each.isTwice ? [each, each] : [each]));
    const from = Number(query.cursor ?? 0);
    const refunds = matching
      .slice(from, from + has.pageSize)
      .map((each) => ({ ...factsOf(each), failure: null }));
    const next = has.repeatsCursor ? has.pageSize : from + has.pageSize;
    return {
      kind: 'found',
      value: { refunds, nextCursor: has.repeatsCursor || next < matching.length ? String(next) : null },
    };
  };
  const calls: LookCalls = {
    readRefund: ({ providerRefundId }) =>
      answer((): Look<RefundFacts> => {
        const one = all.find(({ id, isGone }) => id === providerRefundId && !isGone);
        return one === undefined ? { kind: 'absent' } : { kind: 'found', value: factsOf(one) };
      }),
    listRefunds: has.byTime || has.byPayment ? (query) => answer(() => page(query)) : undefined,
    canListByTime: has.byTime,
    canListByPayment: has.byPayment,
    readsAtOnce: has.readsAtOnce,
    budget,
    now: () => 0,
  };
  return { calls, seen };
}

const lists = (has: Habits) => ({
  listByTime: has.byTime,
  listByPayment: has.byPayment,
  listPageSize: has.pageSize,
});
const idsOf = (some: readonly { readonly id: string }[]) => some.map(({ id }) => id).toSorted();
const runs = { numRuns: 1_000 };

test('every refund is told as a single read would, whatever lists do, in hardly more calls than single reads', () =>
  fc.assert(
    fc.asyncProperty(books, habits, async (all, has) => {
      const wanted = all.filter(({ isWanted }) => isWanted);
      const { calls, seen } = provider(all, has);
      const looks = await lookAtRefunds(calls, wanted.map(knownOf));
      const there = wanted.filter(({ isGone }) => !isGone);
      expect([...looks.found.keys()].toSorted()).toEqual(idsOf(there));
      for (const one of there) expect(looks.found.get(one.id)).toEqual(factsOf(one));
      expect([...looks.absent].toSorted()).toEqual(idsOf(wanted.filter(({ isGone }) => isGone)));
      expect(looks.unavailable).toBeUndefined();
      expect(looks.putOff).toEqual([]);
      expect(looks.callsPutOff).toEqual([]);
      expect(looks.calls).toHaveLength(seen.calls);
      expect(seen.calls).toBeGreaterThanOrEqual(fewestCalls(lists(has), wanted.map(knownOf)));
      expect(seen.calls).toBeLessThanOrEqual(wanted.length + has.readsAtOnce + 3);
      expect(seen.most).toBeLessThanOrEqual(has.readsAtOnce);
    }),
    runs,
  ));

test('no more calls are made than the budget has; the rest is put off, and nothing is lost', () =>
  fc.assert(
    fc.asyncProperty(books, habits, fc.nat({ max: 12 }), async (all, has, budget) => {
      const wanted = all.filter(({ isWanted }) => isWanted);
      const { calls, seen } = provider(all, has, budget);
      const looks = await lookAtRefunds(calls, wanted.map(knownOf));
      expect(seen.calls).toBeLessThanOrEqual(budget);
      const putOff = looks.putOff.map(({ providerRefundId }) => providerRefundId);
      expect([...looks.found.keys(), ...looks.absent, ...putOff].toSorted()).toEqual(idsOf(wanted));
      if (putOff.length > 0) expect(seen.calls).toBe(budget);
      const later = looks.callsPutOff.reduce((sum, call) => sum + call.wanted, 0);
      expect(later).toBe(putOff.length);
    }),
    runs,
  ));

const honest = { ignoresWindow: false, order: 'newest', repeatsCursor: false } as const;
const asWanted = (all: readonly Booked[]) =>
  all.map((each) => ({
    ...each,
    isWanted: true,
    isHidden: false,
    isTwice: false,
    hasFailed: false,
    isGone: false,
  }));

/** A leap leaves a page behind that is not full. */
test('where a list over time shows nothing else, there are at most twice its full pages and one round of single reads', () =>
  fc.assert(
    fc.asyncProperty(books, habits, async (some, habit) => {
      const has: Habits = { ...habit, ...honest, byTime: true, byPayment: false };
      const all = asWanted(some);
      const { calls, seen } = provider(all, has);
      await lookAtRefunds(calls, all.map(knownOf));
      const fewest = fewestCalls(lists(has), all.map(knownOf));
      expect(seen.calls).toBeLessThanOrEqual(2 * fewest + has.readsAtOnce);
    }),
    runs,
  ));

test('where there are lists of payments only, which show nothing else, there are no more calls than must be', () =>
  fc.assert(
    fc.asyncProperty(books, habits, async (some, habit) => {
      const has: Habits = { ...habit, ...honest, byTime: false, byPayment: true };
      const all = asWanted(some);
      const { calls, seen } = provider(all, has);
      await lookAtRefunds(calls, all.map(knownOf));
      expect(seen.calls).toBe(fewestCalls(lists(has), all.map(knownOf)));
    }),
    runs,
  ));
