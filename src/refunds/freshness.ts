import type { RefundStatus } from '../vocabulary.ts';
import { isFinalRefund } from './derive.ts';

export interface Freshness {
  readonly asOf: Date;
  readonly isStale: boolean;
  /** Null: polling can stop. */
  readonly pollAfterMs: number | null;
}

/**
 * The gap after which a refund of this age is worth another look, in milliseconds: the first gap that is
 * longer than half of its age, so that looks grow rarer with age.
 */
export function lookGapMs(gapsMs: readonly number[], ageMs: number): number {
  return gapsMs.find((gap) => gap >= ageMs / 2) ?? gapsMs.at(-1) ?? 60_000;
}

/**
 * How old the answer is and when to ask again. Stale means older than the caller's `maxAgeSeconds`, or, if
 * none was given, older than twice the gap at which this refund is worth a look. Final is never stale.
 */
export function freshnessOf(known: {
  readonly status: RefundStatus;
  readonly createdAt: Date;
  /** The oldest look at any of its legs. */
  readonly asOf: Date;
  readonly lookGapsMs: readonly number[];
  readonly minLookIntervalMs: number;
  readonly now: Date;
  readonly maxAgeSeconds?: number | undefined;
}): Freshness {
  if (isFinalRefund(known.status)) return { asOf: known.asOf, isStale: false, pollAfterMs: null };
  const gapMs = lookGapMs(known.lookGapsMs, known.now.getTime() - known.createdAt.getTime());
  const ageMs = known.now.getTime() - known.asOf.getTime();
  const limitMs =
    known.maxAgeSeconds === undefined
      ? 2 * gapMs
      : Math.max(known.maxAgeSeconds * 1000, known.minLookIntervalMs);
  return {
    asOf: known.asOf,
    isStale: ageMs > limitMs,
    pollAfterMs: Math.max(known.minLookIntervalMs, gapMs),
  };
}
