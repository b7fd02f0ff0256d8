import type { RefundStatus } from '../../vocabulary.ts';
import { isFinalRefund } from '../derive.ts';

export interface Freshness {
  readonly asOf: Date;
  readonly isStale: boolean;
  /** Null: polling can stop. */
  readonly pollAfterMs: number | null;
}

/** What is known of the account that a refund or payment belongs to. */
export interface AccountRhythm {
  /** The provider's gaps between looks, in milliseconds, ascending; the last one repeats. */
  readonly lookGapsMs: readonly number[];
  /** The same is not asked more often, in milliseconds. */
  readonly minLookIntervalMs: number;
  /** The provider tells of changes by itself, so that they may be stored long before the next look. */
  readonly tells?: boolean;
  /** Nothing is sent for it until its credentials are mended. */
  readonly isPaused?: boolean;
}

/** What waits for a person, or for an account to be mended, is not asked for more often than this. */
const PERSON_GAP_MS = 60_000;
/** Between a planned look and its answer in the database. */
const LOOK_TAKES_MS = 1_000;
/** Where the provider tells by itself: this part of the age, and not less than a minute. */
const TOLD_PER_AGE = 60;
const TOLD_GAP_MS = 60_000;

/**
 * The gap after which a refund of this age is worth another look, in milliseconds: the first gap that is
 * longer than half of its age, so that looks grow rarer with age.
 */
export function lookGapMs(gapsMs: readonly number[], ageMs: number): number {
  return gapsMs.find((gap) => gap >= ageMs / 2) ?? gapsMs.at(-1) ?? 60_000;
}

/**
 * The longest time that a client may sleep between two questions, in milliseconds: the gap between looks, or less where
 * the provider's messages come in between. Never shrinks with age.
 */
export function pollGapMs({ lookGapsMs, minLookIntervalMs, tells }: AccountRhythm, ageMs: number): number {
  const gapMs = lookGapMs(lookGapsMs, ageMs);
  const toldMs = tells === true ? Math.max(TOLD_GAP_MS, ageMs / TOLD_PER_AGE) : gapMs;
  return Math.max(minLookIntervalMs, Math.round(Math.min(gapMs, toldMs)));
}

/**
 * How old the answer is and when to ask again. Stale means older than the caller's `maxAgeSeconds`, or, if
 * none was given, older than twice the gap at which this refund is worth a look. Final is never stale.
 */
export function freshnessOf(
  known: AccountRhythm & {
    readonly status: RefundStatus;
    readonly createdAt: Date;
    /** The oldest look at any of its legs. */
    readonly asOf: Date;
    /** The first look at any of its open legs that is planned; null: none is. */
    readonly nextLookAt: Date | null;
    readonly now: Date;
    readonly maxAgeSeconds?: number | undefined;
  },
): Freshness {
  if (isFinalRefund(known.status)) return { asOf: known.asOf, isStale: false, pollAfterMs: null };
  const gapMs = lookGapMs(known.lookGapsMs, known.now.getTime() - known.createdAt.getTime());
  const ageMs = known.now.getTime() - known.asOf.getTime();
  const limitMs =
    known.maxAgeSeconds === undefined
      ? 2 * gapMs
      : Math.max(known.maxAgeSeconds * 1000, known.minLookIntervalMs);
  return { asOf: known.asOf, isStale: ageMs > limitMs, pollAfterMs: pollAfterMs(known) };
}

/**
 * When to ask again for what is not final: right after the next look that is planned anyway, since nothing is learned
 * before, and at the latest after a gap of this age. A look that is overdue may come at any moment or not at all (no engine
 * runs, the provider is down): after as long again as it is late. No jitter: clients do not start in step, and one that obeys can be followed.
 */
function pollAfterMs(
  known: AccountRhythm & {
    readonly status: RefundStatus;
    readonly createdAt: Date;
    readonly nextLookAt: Date | null;
    readonly now: Date;
  },
): number {
  const { status, createdAt, nextLookAt, now, minLookIntervalMs } = known;
  const longestMs = pollGapMs(known, now.getTime() - createdAt.getTime());
  const waitsForPerson =
    status === 'MANUAL_REVIEW' || status === 'AWAITING_APPROVAL' || known.isPaused === true;
  const shortestMs = waitsForPerson ? Math.max(PERSON_GAP_MS, minLookIntervalMs) : minLookIntervalMs;
  const dueInMs = nextLookAt === null ? longestMs : nextLookAt.getTime() - now.getTime();
  const wishMs = dueInMs >= 0 ? dueInMs + LOOK_TAKES_MS : -dueInMs;
  return Math.max(shortestMs, Math.min(wishMs, longestMs));
}
