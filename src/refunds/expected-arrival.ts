import type { Refund } from '../db/legs.ts';
import type { ArrivalDays } from '../providers/connections.ts';

const dayMs = 86_400_000;

/** Two instants, the first not after the second. */
export interface DateRange {
  readonly from: Date;
  readonly to: Date;
}

type Arriving = Pick<Refund, 'status' | 'origin' | 'created_at' | 'finalized_at'>;

/**
 * When the payer should have the money, by the figures that the operator gave for the account: days of 24 hours
 * after the refund succeeded, or, while it is pending, after it was asked for. Null where nothing is under way, and
 * without figures: providers publish none, and none are made up. Pure.
 */
export function expectedArrival(refund: Arriving, days: ArrivalDays | undefined): DateRange | null {
  const since = days === undefined ? null : departureOf(refund);
  if (days === undefined || since === null) return null;
  const after = (count: number): Date => new Date(since.getTime() + count * dayMs);
  return { from: after(days.min), to: after(days.max) };
}

function departureOf({ status, origin, created_at, finalized_at }: Arriving): Date | null {
  // Its times here are those of its discovery; the money may have left long before.
  if (origin === 'EXTERNAL') return null;
  switch (status) {
    case 'SUCCEEDED':
    case 'PARTIALLY_SUCCEEDED':
      return finalized_at;
    case 'PENDING':
      return created_at;
    default:
      return null;
  }
}
