import type { Freshness } from '../refunds/looks/freshness.ts';
import type { RefundId } from '../ids.ts';

/** What the headers of an answer need to know of what it shows. Filled while the operation is executed. */
export interface Shown {
  /** Of every refund whose freshness is in the answer. */
  readonly freshness: Freshness[];
  /** Refunds of the lists in the answer. */
  readonly listed: RefundId[];
}

export const newShown = (): Shown => ({ freshness: [], listed: [] });

/**
 * One freshness for several refunds: that of those that can still change, or, when there is none, of all. The oldest
 * look, the shortest time to the next question, and stale when one of them is. Undefined for none. Pure.
 */
export function summarizeFreshness(all: readonly Freshness[]): Freshness | undefined {
  const open = all.filter(({ pollAfterMs }) => pollAfterMs !== null);
  const [first, ...others] = open.length > 0 ? open : all;
  return others.reduce<Freshness | undefined>((sum, one) => sum && joined(sum, one), first);
}

const joined = (one: Freshness, other: Freshness): Freshness => ({
  asOf: one.asOf < other.asOf ? one.asOf : other.asOf,
  isStale: one.isStale || other.isStale,
  pollAfterMs:
    one.pollAfterMs === null || other.pollAfterMs === null
      ? (one.pollAfterMs ?? other.pollAfterMs)
      : Math.min(one.pollAfterMs, other.pollAfterMs),
});
