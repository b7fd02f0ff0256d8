import type { LegStatus, MoneyMovement, RefundStatus } from '../vocabulary.ts';
import { isFinalLeg } from './transitions.ts';

interface LegState {
  readonly status: LegStatus;
  /** Null while no send of the leg was ever tried. */
  readonly sentAt: Date | null;
}

/** The status of a refund from its legs: the first rule that fits (MONEY section 7). */
export function deriveRefundStatus(legs: readonly LegState[]): RefundStatus {
  const any = (...wanted: LegStatus[]) => legs.some((leg) => wanted.includes(leg.status));
  const all = (wanted: LegStatus) => legs.every((leg) => leg.status === wanted);
  if (any('MANUAL_REVIEW')) return 'MANUAL_REVIEW';
  if (any('UNKNOWN')) return 'UNKNOWN';
  if (any('SENDING', 'PENDING')) return 'PENDING';
  if (any('QUEUED'))
    return legs.every((leg) => leg.status === 'QUEUED' || !wasSent(leg)) ? 'QUEUED' : 'PENDING';
  if (all('SUCCEEDED')) return 'SUCCEEDED';
  if (any('SUCCEEDED')) return 'PARTIALLY_SUCCEEDED';
  if (any('REVERSED')) return 'REVERSED';
  if (all('CANCELED')) return 'CANCELED';
  return 'FAILED';
}

/** What was executed was sent, even where a restore made us forget when. */
const wasSent = ({ status, sentAt }: LegState): boolean =>
  sentAt !== null || status === 'SUCCEEDED' || status === 'REVERSED';

const finalRefundStatuses: readonly RefundStatus[] = [
  'SUCCEEDED',
  'PARTIALLY_SUCCEEDED',
  'FAILED',
  'CANCELED',
  'REVERSED',
];

/** True when polling can stop. A final refund changes only by new evidence from the provider. */
export const isFinalRefund = (status: RefundStatus): boolean => finalRefundStatuses.includes(status);

/** A leg that is being sent is, to everybody else, under way. */
export const publicLegStatus = (status: LegStatus): Exclude<LegStatus, 'SENDING'> =>
  status === 'SENDING' ? 'PENDING' : status;

const movements: Record<RefundStatus, MoneyMovement> = {
  AWAITING_APPROVAL: 'NOT_STARTED',
  QUEUED: 'NOT_STARTED',
  PENDING: 'IN_FLIGHT',
  UNKNOWN: 'UNCLEAR',
  MANUAL_REVIEW: 'UNCLEAR',
  SUCCEEDED: 'RETURNED',
  PARTIALLY_SUCCEEDED: 'PARTLY_RETURNED',
  FAILED: 'NOT_RETURNED',
  CANCELED: 'NOT_RETURNED',
  REVERSED: 'NOT_RETURNED',
};

/** Where the money is, as a closed set. Some of it returned while the rest is open is PARTLY_RETURNED. */
export function moneyMovementOf(
  refund: { readonly status: RefundStatus },
  legs: readonly { readonly status: LegStatus }[],
): MoneyMovement {
  const someReturned = legs.some((leg) => leg.status === 'SUCCEEDED');
  const someOpen = legs.some((leg) => !isFinalLeg(leg.status));
  const movement = movements[refund.status];
  return someReturned && someOpen && movement === 'IN_FLIGHT' ? 'PARTLY_RETURNED' : movement;
}
