import { describe, expect, test } from 'vitest';
import { freshnessOf, lookGapMs } from '../../../src/refunds/looks/freshness.ts';
import { refundStatuses } from '../../../src/vocabulary.ts';
import { isFinalRefund } from '../../../src/refunds/derive.ts';

const seconds = (count: number) => count * 1_000;
const gaps = [seconds(5), seconds(30), seconds(120), seconds(600), seconds(3_600)];
const createdAt = new Date('2026-11-22T10:00:00Z');
const after = (count: number) => new Date(createdAt.getTime() + seconds(count));

describe('the gap between looks', () => {
  test.each([
    [0, 5],
    [10, 5],
    [11, 30],
    [60, 30],
    [240, 120],
    [1_200, 600],
    [7_200, 3_600],
    [86_400 * 30, 3_600],
  ])('at the age of %i s is %i s', (age, gap) => {
    expect(lookGapMs(gaps, seconds(age))).toBe(seconds(gap));
  });

  test('of a provider that declares none is a minute', () => {
    expect(lookGapMs([], 0)).toBe(60_000);
  });
});

describe('an answer', () => {
  const known = { createdAt, lookGapsMs: gaps, minLookIntervalMs: seconds(2), nextLookAt: null };

  test('of a final refund is never stale and needs no more polling', () => {
    for (const status of refundStatuses.filter(isFinalRefund))
      expect(
        freshnessOf({ ...known, status, asOf: createdAt, now: after(86_400), maxAgeSeconds: 0 }),
      ).toEqual({ asOf: createdAt, isStale: false, pollAfterMs: null });
  });

  test('of an open refund is stale beyond the age that was asked for', () => {
    const at = (age: number, maxAgeSeconds: number) =>
      freshnessOf({ ...known, status: 'PENDING', asOf: createdAt, now: after(age), maxAgeSeconds }).isStale;
    expect([at(10, 10), at(11, 10)]).toEqual([false, true]);
    // The account's shortest interval is a floor: nobody can ask more often.
    expect([at(2, 0), at(3, 0)]).toEqual([false, true]);
  });

  test('is stale after two missed looks when nothing was asked for', () => {
    const asOf = after(100);
    const at = (age: number) => freshnessOf({ ...known, status: 'UNKNOWN', asOf, now: after(age) }).isStale;
    // More than two hours old, it is worth a look every hour.
    expect([at(100 + 7_200), at(100 + 7_201)]).toEqual([false, true]);
  });

  test('says when it is worth asking again, never before the account may be asked', () => {
    const poll = (minLookIntervalMs: number, now: Date) =>
      freshnessOf({ ...known, minLookIntervalMs, status: 'PENDING', asOf: createdAt, now }).pollAfterMs;
    expect(poll(seconds(2), after(1))).toBe(seconds(5));
    expect(poll(seconds(60), after(1))).toBe(seconds(60));
    expect(poll(seconds(2), after(1_000))).toBe(seconds(600));
  });
});
