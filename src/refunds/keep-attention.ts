import type { AttentionReason, LegStatus } from '../vocabulary.ts';

/** In which statuses of a leg each reason can hold. MANUAL_REVIEW holds exactly while a leg is in it. */
const holdsIn: Readonly<Record<Exclude<AttentionReason, 'MANUAL_REVIEW'>, readonly LegStatus[]>> = {
  UNKNOWN_TOO_LONG: ['UNKNOWN'],
  PENDING_TOO_LONG: ['PENDING'],
  QUEUED_TOO_LONG: ['QUEUED'],
  ACCOUNT_PAUSED: ['QUEUED', 'SENDING', 'PENDING', 'UNKNOWN'],
};

const reasons = Object.keys(holdsIn) as (keyof typeof holdsIn)[];

/** What a move leaves of the mark of its refund: a review's own, or the one that it has if that may stay. */
export function attentionAfter(statuses: readonly LegStatus[]): {
  readonly needsReview: boolean;
  readonly keptReasons: readonly AttentionReason[];
} {
  const needsReview = statuses.includes('MANUAL_REVIEW');
  return {
    needsReview,
    keptReasons: reasons.filter((reason) => statuses.some((status) => holdsIn[reason].includes(status))),
  };
}
