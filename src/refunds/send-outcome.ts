import { systemCause } from '../context.ts';
import type { SendOutcome } from '../providers/provider.ts';
import type { Evidence, LegStatus } from '../vocabulary.ts';
import { pausedAccountGapMs, type Claim } from './claim.ts';
import type { Move } from './move-leg.ts';
import { hasNoStep, keyConflict } from './recovery-step.ts';

export type NotAccepted = Exclude<SendOutcome, { kind: 'accepted' }>;

/** A deferred leg without the provider's own advice is tried again after this. */
const deferredGapMs = 30_000;

/** What is kept of an outcome besides its kind. */
export const evidenceOfSend = (outcome: SendOutcome): Evidence => ({
  ...outcome.evidence,
  outcome: outcome.kind,
  ...(outcome.kind === 'unknown' && outcome.isKeyConflict === true ? { [keyConflict]: true } : {}),
  ...(outcome.kind === 'accepted'
    ? {}
    : { code: outcome.failure.code, providerCode: outcome.failure.providerCode }),
});

/** Where a leg goes that the provider has not accepted. */
export interface NoAcceptance {
  readonly to: LegStatus;
  readonly nextLookInMs: number | null;
}

/** MONEY section 2: only a first send can be refused, put back or freed; after that only the truth decides. */
export function afterNoAcceptance(claim: Claim, outcome: NotAccepted, status: LegStatus): NoAcceptance {
  const [firstGapMs = deferredGapMs] = claim.connection.adapter.lookGapsMs;
  const { recovery } = claim.connection.adapter;
  // Nothing to look for, and nothing that may be sent again: a person's at once.
  if (outcome.kind === 'unknown' && status === 'SENDING' && hasNoStep(recovery))
    return { to: 'MANUAL_REVIEW', nextLookInMs: firstGapMs };
  if (outcome.kind === 'unknown' || !claim.isFirstSend || status === 'UNKNOWN')
    return { to: 'UNKNOWN', nextLookInMs: firstGapMs };
  if (outcome.kind === 'refused') return { to: 'FAILED', nextLookInMs: null };
  if (outcome.kind === 'not-sent') return { to: 'QUEUED', nextLookInMs: deferredGapMs };
  const pausedMs = outcome.failure.code === 'AUTHENTICATION_FAILED' ? pausedAccountGapMs : deferredGapMs;
  return { to: 'QUEUED', nextLookInMs: outcome.retryAfterMs ?? pausedMs };
}

/** @param more what a person needs besides who has to decide */
export const moveOfNoAcceptance = (
  outcome: NotAccepted,
  { to, nextLookInMs }: NoAcceptance,
  more: Evidence = {},
): Move => ({
  to,
  cause: 'answer',
  source: 'PROVIDER_ANSWER',
  by: systemCause,
  patch: { failure: outcome.failure, nextLookInMs },
  evidence: { ...evidenceOfSend(outcome), ...more },
});
