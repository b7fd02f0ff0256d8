import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allAdapters } from '../../../src/providers/registry.ts';
import { isFinalRefund } from '../../../src/refunds/derive.ts';
import {
  freshnessOf,
  lookGapMs,
  pollGapMs,
  type AccountRhythm,
} from '../../../src/refunds/looks/freshness.ts';
import { refundStatuses, type RefundStatus } from '../../../src/vocabulary.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const createdAt = new Date('2026-11-22T10:00:00Z');
const at = (ms: number): Date => new Date(createdAt.getTime() + ms);

const rhythm: fc.Arbitrary<AccountRhythm> = fc.record({
  lookGapsMs: fc.constantFrom(...allAdapters.map(({ lookGapsMs }) => lookGapsMs), []),
  minLookIntervalMs: fc.integer({ min: 1, max: 5 * minuteMs }),
  tells: fc.boolean(),
  isPaused: fc.boolean(),
});
const age = fc.oneof(fc.integer({ min: 0, max: hourMs }), fc.integer({ min: 0, max: 60 * dayMs }));
const open: readonly RefundStatus[] = refundStatuses.filter((status) => !isFinalRefund(status));

const poll = (
  account: AccountRhythm,
  ageMs: number,
  nextLookInMs: number | null,
  status: RefundStatus = 'PENDING',
): number | null =>
  freshnessOf({
    ...account,
    status,
    createdAt,
    asOf: createdAt,
    nextLookAt: nextLookInMs === null ? null : at(ageMs + nextLookInMs),
    now: at(ageMs),
  }).pollAfterMs;

describe('when to ask again', () => {
  const lookIn = fc.option(fc.integer({ min: -dayMs, max: dayMs }));

  test('is null exactly for what is final', () => {
    fc.assert(
      fc.property(rhythm, age, lookIn, fc.constantFrom(...refundStatuses), (account, ageMs, inMs, status) => {
        expect(poll(account, ageMs, inMs, status) === null).toBe(isFinalRefund(status));
      }),
    );
  });

  test('is a whole number of milliseconds, never before the account may be asked, nor after a gap of that age', () => {
    fc.assert(
      fc.property(rhythm, age, lookIn, fc.constantFrom(...open), (account, ageMs, inMs, status) => {
        const wait = poll(account, ageMs, inMs, status)!;
        expect(Number.isSafeInteger(wait)).toBe(true);
        expect(wait).toBeGreaterThanOrEqual(account.minLookIntervalMs);
        const longest = Math.max(
          lookGapMs(account.lookGapsMs, ageMs),
          account.minLookIntervalMs,
          status === 'MANUAL_REVIEW' || status === 'AWAITING_APPROVAL' || account.isPaused === true
            ? minuteMs
            : 0,
        );
        expect(wait).toBeLessThanOrEqual(longest);
      }),
    );
  });

  test('grows with the age, when the look is as far away', () => {
    fc.assert(
      fc.property(rhythm, age, age, fc.constantFrom(...open), (account, one, other, status) => {
        const [younger, older] = [Math.min(one, other), Math.max(one, other)];
        for (const inMs of [null, 0, 10 * minuteMs])
          expect(poll(account, older, inMs, status)).toBeGreaterThanOrEqual(
            poll(account, younger, inMs, status)!,
          );
        expect(pollGapMs(account, older)).toBeGreaterThanOrEqual(pollGapMs(account, younger));
      }),
    );
  });

  test('is the same whenever it is asked for', () => {
    fc.assert(
      fc.property(rhythm, age, lookIn, (account, ageMs, inMs) => {
        expect(poll(account, ageMs, inMs)).toBe(poll(account, ageMs, inMs));
      }),
    );
  });
});

describe('a client that obeys', () => {
  interface Story {
    readonly account: AccountRhythm;
    readonly changesAtMs: number;
  }
  const story: fc.Arbitrary<Story> = fc.record({
    account: rhythm.map((account) => ({ ...account, isPaused: false })),
    changesAtMs: fc.integer({ min: 0, max: 3 * dayMs }),
  });

  /** The service looks at its gaps and stores what it sees at once; the client asks when it was told to. */
  function play({ account, changesAtMs }: Story) {
    const looks: number[] = [];
    let seenByService = Number.POSITIVE_INFINITY;
    let nextLook = lookGapMs(account.lookGapsMs, 0);
    let polls = 0;
    for (let now = 0; ;) {
      while (nextLook <= now) {
        looks.push(nextLook);
        if (nextLook >= changesAtMs) seenByService = Math.min(seenByService, nextLook);
        nextLook += lookGapMs(account.lookGapsMs, nextLook);
      }
      polls += 1;
      const status = seenByService <= now ? 'SUCCEEDED' : 'PENDING';
      const wait = poll(account, now, nextLook - now, status);
      if (wait === null) return { seenAtMs: now, seenByService, looks, polls };
      now += wait;
    }
  }

  test('sees each change soon after the service does, and within a gap and a poll of the change itself', () => {
    fc.assert(
      fc.property(story, (given) => {
        const { account, changesAtMs } = given;
        const { seenAtMs, seenByService } = play(given);
        expect(seenAtMs - seenByService).toBeLessThanOrEqual(Math.max(account.minLookIntervalMs, secondMs));
        const gapMs = lookGapMs(account.lookGapsMs, seenByService);
        expect(seenAtMs - changesAtMs).toBeLessThanOrEqual(gapMs + pollGapMs(account, seenAtMs));
      }),
    );
  });

  test('asks no more than once for a look, where the provider tells nothing by itself', () => {
    fc.assert(
      fc.property(story, ({ account, changesAtMs }) => {
        const { looks, polls } = play({ account: { ...account, tells: false }, changesAtMs });
        // The first question, and one more where a gap grows between two looks.
        expect(polls).toBeLessThanOrEqual(looks.length + 1 + account.lookGapsMs.length);
      }),
    );
  });
});

describe('by what a refund waits for', () => {
  const account: AccountRhythm = { lookGapsMs: [5_000, 30_000, hourMs], minLookIntervalMs: 2_000 };

  test.each([
    ['right after the next look', 20_000, 4_000, 5_000],
    ['no earlier than the account may be asked', 20_000, 500, 2_000],
    ['at the latest after a gap of its age', 20_000, 90_000, 30_000],
    ['soon when the look is due', 20_000, 0, 2_000],
    ['after as long again as the look is late', 20_000, -7_000, 7_000],
    ['not more rarely than its gap when no look comes at all', 20_000, -hourMs, 30_000],
    ['after its gap when none is planned', 20_000, null, 30_000],
  ])('it is asked for %s', (_what, ageMs, inMs, expected) => {
    expect(poll(account, ageMs, inMs)).toBe(expected);
    expect(poll(account, ageMs, inMs, 'QUEUED')).toBe(expected);
  });

  test.each(['MANUAL_REVIEW', 'AWAITING_APPROVAL'] as const)(
    'a person (%s): no more than once a minute',
    (status) => {
      expect(poll(account, 10, 100, status)).toBe(minuteMs);
      expect(poll(account, 5 * hourMs, 2 * hourMs, status)).toBe(hourMs);
    },
  );

  test('a paused account: no more than once a minute', () => {
    expect(poll({ ...account, isPaused: true }, 10, 100, 'QUEUED')).toBe(minuteMs);
  });

  test('a message of the provider: more often than the looks, the rarer the older it is', () => {
    const told = { ...account, tells: true };
    const pollAt = (ageMs: number) => poll(told, ageMs, hourMs);
    expect([5_000, hourMs, 10 * hourMs, 100 * hourMs].map(pollAt)).toEqual([
      5_000,
      minuteMs,
      10 * minuteMs,
      hourMs,
    ]);
  });
});
