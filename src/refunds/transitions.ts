import type { LegStatus } from '../vocabulary.ts';

/**
 * Why a leg moves. `claim`: a sender takes it. `answer`: the provider's answer to a send. `evidence`: what we
 * fetched from the provider, or a signed message of one that cannot be asked. `caller`: a mutation. `lease`: a sender that never came back. `plan`: the recovery
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

export interface Transition {
  readonly from: LegStatus;
  readonly cause: TransitionCause;
  readonly to: readonly LegStatus[];
  /** Who moves it and why, for the documentation: a sentence without its full stop. */
  readonly what: string;
  /** True where the move contradicts a final state and somebody has to be told (rule 7). */
  readonly alarm?: true;
}

const provenByProvider = ['PENDING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'MANUAL_REVIEW'] as const;

/** The one table of leg transitions (MONEY section 1, DESIGN rule 7). What is not here does not happen. */
export const transitions: readonly Transition[] = [
  {
    from: 'QUEUED',
    cause: 'claim',
    to: ['SENDING'],
    what: 'One process takes the leg, with a lease, right before it calls the provider',
  },
  {
    from: 'QUEUED',
    cause: 'caller',
    to: ['CANCELED'],
    what: '`cancelRefund` stops what was never sent',
  },
  {
    from: 'QUEUED',
    cause: 'evidence',
    to: ['PENDING', 'SUCCEEDED', 'MANUAL_REVIEW'],
    what: 'An earlier attempt of the leg turned out to be executed',
  },
  {
    from: 'QUEUED',
    cause: 'evidence',
    to: ['FAILED'],
    what: 'What is left at the provider has no room for it: a refund that was made elsewhere took the money, or its items are gone',
  },
  {
    from: 'QUEUED',
    cause: 'evidence',
    to: ['CANCELED'],
    what: 'It turned out to be at the provider already, where somebody has stopped it',
  },
  {
    from: 'SENDING',
    cause: 'answer',
    to: [...provenByProvider, 'UNKNOWN', 'QUEUED'],
    what: 'The sender came back from the provider',
  },
  {
    from: 'SENDING',
    cause: 'evidence',
    to: provenByProvider,
    what: 'The service read the refund at the provider while its sender was still waiting',
  },
  {
    from: 'SENDING',
    cause: 'lease',
    to: ['UNKNOWN'],
    what: 'The lease of the sender ended and it never came back: it may have sent',
  },
  {
    from: 'UNKNOWN',
    cause: 'answer',
    to: provenByProvider,
    what: 'The same bytes were sent again within the life of their key',
  },
  {
    from: 'UNKNOWN',
    cause: 'plan',
    to: ['MANUAL_REVIEW'],
    what: 'The recovery plan has no step left; absence alone frees nothing',
  },
  {
    from: 'UNKNOWN',
    cause: 'verdict',
    to: ['SUCCEEDED', 'FAILED'],
    what: 'A person has decided with `resolveRefund`, after the life of the key',
  },
  {
    from: 'UNKNOWN',
    cause: 'evidence',
    to: provenByProvider,
    what: 'The service found the refund at the provider',
  },
  {
    from: 'PENDING',
    cause: 'evidence',
    to: ['SUCCEEDED', 'FAILED', 'CANCELED', 'MANUAL_REVIEW'],
    what: 'The service looked at it again',
  },
  {
    from: 'PENDING',
    cause: 'plan',
    to: ['MANUAL_REVIEW'],
    what: 'The provider has taken it, cannot be asked how it ended, and normally would have ended it by now',
  },
  {
    from: 'MANUAL_REVIEW',
    cause: 'evidence',
    to: ['PENDING', 'SUCCEEDED', 'FAILED', 'CANCELED'],
    what: 'The service looked at it again before a person had decided',
  },
  {
    from: 'MANUAL_REVIEW',
    cause: 'verdict',
    to: ['SUCCEEDED', 'FAILED'],
    what: 'A person has decided with `resolveRefund`',
  },
  {
    from: 'PENDING',
    cause: 'merge',
    to: ['CANCELED'],
    what: 'What seemed to be made elsewhere is one of ours: the import, and only such a leg, is closed, and the amount counts with our leg',
  },
  {
    from: 'SUCCEEDED',
    cause: 'merge',
    to: ['CANCELED'],
    what: 'What seemed to be made elsewhere is one of ours: the import, and only such a leg, is closed, and the amount counts with our leg',
  },
  {
    from: 'SUCCEEDED',
    cause: 'evidence',
    to: ['REVERSED'],
    what: 'The service looked at it again',
    alarm: true,
  },
  {
    from: 'FAILED',
    cause: 'caller',
    to: ['QUEUED'],
    what: '`retryRefund` opens the next attempt, with a new key',
  },
  {
    from: 'FAILED',
    cause: 'evidence',
    to: ['PENDING', 'SUCCEEDED', 'MANUAL_REVIEW'],
    what: 'The provider contradicts that it failed',
    alarm: true,
  },
  {
    from: 'CANCELED',
    cause: 'evidence',
    to: ['PENDING', 'SUCCEEDED', 'MANUAL_REVIEW'],
    what: 'The provider contradicts that it was canceled',
    alarm: true,
  },
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
