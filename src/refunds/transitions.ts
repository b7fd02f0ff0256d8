import type { LegStatus } from '../vocabulary.ts';

/**
 * Why a leg moves. `claim`: a sender takes it. `answer`: the provider's answer to a send. `evidence`: what we
 * fetched from the provider. `caller`: a mutation. `lease`: a sender that never came back. `plan`: the recovery
 * plan has no step left. `verdict`: a person has decided. `merge`: what seemed to be made elsewhere is ours.
 */
export const transitionCauses = [
  'claim',
  'answer',
  'evidence',
  'caller',
  'lease',
  'plan',
  'verdict',
  'merge',
] as const;
export type TransitionCause = (typeof transitionCauses)[number];

interface Transition {
  readonly from: LegStatus;
  readonly cause: TransitionCause;
  readonly to: readonly LegStatus[];
  /** True where the move contradicts a final state and somebody has to be told (rule 7). */
  readonly alarm?: true;
}

const provenByProvider = ['PENDING', 'SUCCEEDED', 'FAILED', 'MANUAL_REVIEW'] as const;

/** The one table of leg transitions (MONEY section 1, DESIGN rule 7). What is not here does not happen. */
export const transitions: readonly Transition[] = [
  { from: 'QUEUED', cause: 'claim', to: ['SENDING'] },
  { from: 'QUEUED', cause: 'caller', to: ['CANCELED'] },
  { from: 'QUEUED', cause: 'evidence', to: provenByProvider },
  { from: 'SENDING', cause: 'answer', to: [...provenByProvider, 'UNKNOWN', 'QUEUED'] },
  { from: 'SENDING', cause: 'evidence', to: provenByProvider },
  { from: 'SENDING', cause: 'lease', to: ['UNKNOWN'] },
  { from: 'UNKNOWN', cause: 'answer', to: provenByProvider },
  { from: 'UNKNOWN', cause: 'plan', to: ['MANUAL_REVIEW'] },
  { from: 'UNKNOWN', cause: 'verdict', to: ['SUCCEEDED', 'FAILED'] },
  { from: 'UNKNOWN', cause: 'evidence', to: provenByProvider },
  { from: 'PENDING', cause: 'evidence', to: ['SUCCEEDED', 'FAILED', 'MANUAL_REVIEW'] },
  { from: 'MANUAL_REVIEW', cause: 'evidence', to: ['PENDING', 'SUCCEEDED', 'FAILED'] },
  { from: 'MANUAL_REVIEW', cause: 'verdict', to: ['SUCCEEDED', 'FAILED'] },
  { from: 'PENDING', cause: 'merge', to: ['CANCELED'] },
  { from: 'SUCCEEDED', cause: 'merge', to: ['CANCELED'] },
  { from: 'SUCCEEDED', cause: 'evidence', to: ['REVERSED'], alarm: true },
  { from: 'FAILED', cause: 'caller', to: ['QUEUED'] },
  { from: 'FAILED', cause: 'evidence', to: ['PENDING', 'SUCCEEDED', 'MANUAL_REVIEW'], alarm: true },
  { from: 'CANCELED', cause: 'evidence', to: ['PENDING', 'SUCCEEDED', 'MANUAL_REVIEW'], alarm: true },
];

export function findTransition(
  from: LegStatus,
  cause: TransitionCause,
  to: LegStatus,
): Transition | undefined {
  return transitions.find((row) => row.from === from && row.cause === cause && row.to.includes(to));
}

export type Bucket = 'reserved' | 'refunded' | 'free';

const buckets: Record<LegStatus, Bucket> = {
  QUEUED: 'reserved',
  SENDING: 'reserved',
  PENDING: 'reserved',
  UNKNOWN: 'reserved',
  MANUAL_REVIEW: 'reserved',
  SUCCEEDED: 'refunded',
  FAILED: 'free',
  CANCELED: 'free',
  REVERSED: 'free',
};

/** Where the amount of a leg counts: everything not final is reserved (rule 3). */
export const bucketOf = (status: LegStatus): Bucket => buckets[status];

export const isFinalLeg = (status: LegStatus): boolean => bucketOf(status) !== 'reserved';
