import type { Alerts } from '../alerts.ts';
import type { Attempt, Leg } from '../db/legs.ts';
import type { Connection } from '../providers/connections.ts';
import type { ProviderAdapter, RecoveryPlan } from '../providers/provider.ts';
import type { Evidence } from '../vocabulary.ts';
import { keyEndsAt } from './key-life.ts';

/** What a plan has next for a lost answer that a look did not find. */
export type RecoveryStep =
  /** Send the same bytes again, before this instant. */
  | { readonly kind: 'replay'; readonly until: Date }
  /** Nothing but looking again later. */
  | { readonly kind: 'look' }
  /** A person has to decide. */
  | { readonly kind: 'review'; readonly why: string };

/** In the evidence of an attempt that is never sent again: its provider knows the key with other content. */
export const keyConflict = 'keyConflict';

export const cannotBeAsked = 'the provider cannot be asked about a lost answer';

/** Why a person is called in the end where messages would have told. */
export const nothingTold = 'no message of the provider has told about it';

/** Whether a plan asks for what was lost. */
export const canLookFor = ({ lookUp }: RecoveryPlan): boolean => lookUp === 'LIST_AND_MATCH';

/** Whether a provider that cannot be asked tells by messages how a refund ended. */
export const isTold = ({ lookUp }: RecoveryPlan): boolean => lookUp === 'MESSAGES';

/** Whether a plan has nothing for a lost answer but a person. */
export const hasNoStep = ({ lookUp, replayForMs }: RecoveryPlan): boolean =>
  lookUp === 'NOTHING' && replayForMs === 0;

/**
 * The next step of a plan (MONEY section 4); pure. A list may lag behind, so that only two looks apart show that
 * a refund is not there, and even then nothing is freed.
 */
export function nextStep(
  { recovery, lookGapsMs }: Pick<ProviderAdapter, 'recovery' | 'lookGapsMs'>,
  attempt: Pick<Attempt, 'first_sent_at' | 'last_sent_at' | 'looks' | 'evidence'>,
  now: Date,
): RecoveryStep {
  const canLook = canLookFor(recovery);
  const hasLooked = !canLook || wasAbsentTwice(attempt, lookGapsMs[0] ?? 0);
  if (attempt.evidence[keyConflict] === true)
    return hasLooked
      ? { kind: 'review', why: 'the provider knows the key with other content' }
      : { kind: 'look' };
  const replayUntil = new Date((attempt.first_sent_at?.getTime() ?? 0) + recovery.replayForMs);
  if (now < replayUntil) return { kind: 'replay', until: replayUntil };
  if (!canLook && !isTold(recovery)) return { kind: 'review', why: cannotBeAsked };
  const keyEnds = keyEndsAt(attempt, recovery.replayForMs) ?? replayUntil;
  if (now.getTime() < keyEnds.getTime() + recovery.readOnlyForMs || !hasLooked) return { kind: 'look' };
  return { kind: 'review', why: canLook ? 'absent after the life of the key' : nothingTold };
}

const absencesOf = ({ looks }: Pick<Attempt, 'looks'>): readonly string[] =>
  looks.flatMap((look) => (look.found === 'absent' ? [look.at] : []));

function wasAbsentTwice(attempt: Pick<Attempt, 'looks'>, gapMs: number): boolean {
  const times = absencesOf(attempt).map((at) => Date.parse(at));
  return times.length > 1 && Math.max(...times) - Math.min(...times) >= gapMs;
}

/** What a person needs to decide: why it is asked, where to look, and when we looked in vain. */
export function evidenceOfReview(
  { instructions }: RecoveryPlan,
  attempt: Pick<Attempt, 'first_sent_at' | 'looks' | 'sends'>,
  why: string,
): Evidence {
  const times = absencesOf(attempt);
  return {
    why,
    instructions,
    sends: attempt.sends,
    firstSentAt: attempt.first_sent_at?.toISOString() ?? null,
    looks: attempt.looks.length,
    firstLookAt: times[0] ?? null,
    lastLookAt: times.at(-1) ?? null,
    lookedAt: times.join(' '),
  };
}

/** Calls the person who has to decide. */
export const alertReviewer = (
  { alerts }: { readonly alerts: Alerts },
  { accountCode }: Pick<Connection, 'accountCode'>,
  leg: Pick<Leg, 'id' | 'refund_id'>,
): void =>
  alerts.raise('REFUND_NEEDS_VERDICT', { refundId: leg.refund_id, legId: leg.id, account: accountCode });
