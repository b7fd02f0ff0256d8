import type { LegStatus, MoneyMovement, RefundStatus } from '../vocabulary.ts';
import { isFinalLeg } from './transitions.ts';

interface LegState {
  readonly status: LegStatus;
  /** Null while no send of the leg was ever tried. */
  readonly sentAt: Date | null;
}

type Legs = readonly LegState[];

const any =
  (...wanted: LegStatus[]) =>
  (legs: Legs): boolean =>
    legs.some((leg) => wanted.includes(leg.status));
const all =
  (wanted: LegStatus) =>
  (legs: Legs): boolean =>
    legs.every((leg) => leg.status === wanted);
/** What was executed was sent, even where a restore made us forget when. */
const wasSent = ({ status, sentAt }: LegState): boolean =>
  sentAt !== null || status === 'SUCCEEDED' || status === 'REVERSED';
const noneWasSent = (legs: Legs): boolean => legs.every((leg) => leg.status === 'QUEUED' || !wasSent(leg));

interface ParentRule {
  readonly status: RefundStatus;
  /** The condition in words, for the documentation. */
  readonly when: string;
  fits(legs: Legs): boolean;
}

/** How the status of a refund follows from its legs: the first rule that fits (MONEY section 7). */
export const parentRules: readonly ParentRule[] = [
  { status: 'MANUAL_REVIEW', when: 'any leg is `MANUAL_REVIEW`', fits: any('MANUAL_REVIEW') },
  { status: 'UNKNOWN', when: 'any leg is `UNKNOWN`', fits: any('UNKNOWN') },
  { status: 'PENDING', when: 'any leg is `SENDING` or `PENDING`', fits: any('SENDING', 'PENDING') },
  {
    status: 'QUEUED',
    when: 'any leg is `QUEUED`, and no other was ever sent',
    fits: (legs) => any('QUEUED')(legs) && noneWasSent(legs),
  },
  { status: 'PENDING', when: 'any leg is `QUEUED`', fits: any('QUEUED') },
  { status: 'SUCCEEDED', when: 'all legs are `SUCCEEDED`', fits: all('SUCCEEDED') },
  { status: 'PARTIALLY_SUCCEEDED', when: 'any leg is `SUCCEEDED`', fits: any('SUCCEEDED') },
  { status: 'REVERSED', when: 'any leg is `REVERSED`', fits: any('REVERSED') },
  { status: 'CANCELED', when: 'all legs are `CANCELED`', fits: all('CANCELED') },
  { status: 'FAILED', when: 'whatever is left', fits: () => true },
];

/** The status of a refund from its legs. */
export const deriveRefundStatus = (legs: Legs): RefundStatus =>
  parentRules.find((rule) => rule.fits(legs))!.status;

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

/**
 * Where the money is, as a closed set. Some of it returned while the rest is open is PARTLY_RETURNED, and so is what
 * the provider returned less of than was asked for.
 */
export function moneyMovementOf(
  refund: { readonly status: RefundStatus },
  legs: readonly {
    readonly status: LegStatus;
    readonly amount_minor: bigint;
    readonly returned_minor: bigint;
  }[],
): MoneyMovement {
  const returned = legs.filter((leg) => leg.status === 'SUCCEEDED');
  const someOpen = legs.some((leg) => !isFinalLeg(leg.status));
  const someLess = returned.some((leg) => leg.returned_minor < leg.amount_minor);
  const movement = movements[refund.status];
  const isPart =
    (movement === 'IN_FLIGHT' && returned.length > 0 && someOpen) || (movement === 'RETURNED' && someLess);
  return isPart ? 'PARTLY_RETURNED' : movement;
}
