import type { ProviderAdapter } from '../../providers/provider.ts';
import type { LegStatus } from '../../vocabulary.ts';
import { lookGapMs } from './freshness.ts';

/**
 * How long until somebody has to look at a leg again, in milliseconds; null: nobody has to (I7). What is not final
 * is looked at for as long as it is not, at gaps that grow with its age; what succeeded, in its watch window.
 */
export function nextLookMs(
  adapter: Pick<ProviderAdapter, 'lookGapsMs' | 'watchAfterMs'>,
  leg: {
    readonly status: LegStatus;
    readonly createdAt: Date;
    /** Null or absent: it becomes final now, if it does. */
    readonly finalizedAt?: Date | null;
  },
  now: Date,
): number | null {
  switch (leg.status) {
    case 'QUEUED':
    case 'SENDING':
      return 0;
    case 'PENDING':
    case 'UNKNOWN':
    case 'MANUAL_REVIEW':
      return lookGapMs(adapter.lookGapsMs, now.getTime() - leg.createdAt.getTime());
    case 'SUCCEEDED': {
      const sinceMs = now.getTime() - (leg.finalizedAt ?? now).getTime();
      const next = adapter.watchAfterMs.find((afterMs) => afterMs > sinceMs);
      return next === undefined ? null : next - sinceMs;
    }
    default:
      return null;
  }
}
