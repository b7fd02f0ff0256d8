import { describeLegs, recordAnswer, type MovedRefund } from '../db/attempt-outcomes.ts';
import { seenInput } from '../db/provider-refunds.ts';
import { isDatabaseUnavailable } from '../db/unavailable.ts';
import type { SendOutcome } from '../providers/provider.ts';
import { factContext, judgeFacts, moveOfFacts } from './apply-facts.ts';
import type { Claim } from './claim.ts';
import { planMove, type Move, type MovingLeg } from './move-leg.ts';
import { afterNoAcceptance, evidenceOfSend, moveOfNoAcceptance } from './send-outcome.ts';
import type { World } from './world.ts';

/**
 * Tries to record the outcome of a send and what follows from it in one statement (MONEY section 11). Only for what
 * is usual: the refund is pending or done, with the amount that was asked for, or a first send was refused. What follows is
 * decided on the leg as its claim has left it, by the rules that decide under the lock; the statement then writes
 * everything, or nothing where anything is not so, or where the payment's lock is not free.
 *
 * @param tookMs the time that the send took
 * @returns undefined: nobody knows whether anything was written; what is written must be read first
 */
export async function answerAtOnce(
  world: World,
  claim: Claim,
  outcome: SendOutcome,
  tookMs: number,
): Promise<MovedRefund | undefined> {
  const { others } = claim;
  const asOf = claim.attempt.last_sent_at;
  if (others === undefined || asOf === null) return undefined;
  const leg = legAsClaimed(claim, asOf);
  const now = new Date(asOf.getTime() + tookMs);
  const move = usualMove(world, claim, leg, outcome, asOf, now);
  if (move === undefined) return undefined;
  const { attempt, payment } = claim;
  const owner = {
    merchantId: leg.merchant_id,
    accountId: payment.account_id,
    paymentId: payment.id,
  };
  const facts = outcome.kind === 'accepted' ? outcome.refund : null;
  const answer = {
    ...planMove(others, leg, move).input,
    sentAttempt: attempt.attempt,
    sends: attempt.sends,
    outcome: outcome.kind,
    outcomeEvidence: JSON.stringify(evidenceOfSend(outcome)),
    answeredRefundId: facts?.providerRefundId ?? null,
    unclearSends: 0,
    orderedMinor: leg.amount_minor,
    others: describeLegs(others),
  } as const;
  try {
    return await recordAnswer(world.db, answer, facts && seenInput(owner, facts, leg.id, asOf));
  } catch (error) {
    // The two steps that follow find out whether it took effect, and repeat what did not.
    if (!isDatabaseUnavailable(error))
      world.log.warn({ err: error, legId: leg.id }, 'an answer could not be recorded in one statement');
    return undefined;
  }
}

/** The claim has committed it like this, and only its sender moves a leg that is SENDING, or who has the payment's lock. */
const legAsClaimed = ({ leg, attempt, payment }: Claim, sentAt: Date): MovingLeg & { created_at: Date } => ({
  ...leg,
  payment_id: payment.id,
  status: 'SENDING',
  attempt: attempt.attempt,
  returned_minor: 0n,
  provider_refund_id: null,
  sent_at: sentAt,
});

function usualMove(
  world: World,
  claim: Claim,
  leg: MovingLeg & { created_at: Date },
  outcome: SendOutcome,
  asOf: Date,
  now: Date,
): Move | undefined {
  if (outcome.kind === 'accepted') {
    const context = factContext(world, claim.connection, { cause: 'answer', asOf, now });
    const judged = judgeFacts(context, claim.payment, leg, outcome.refund);
    // Not where the amount is another one, nor where the word is one that we do not know: both raise alarms.
    const isUsual = judged.to === outcome.refund.status && ['PENDING', 'SUCCEEDED'].includes(judged.to);
    return isUsual ? moveOfFacts(context, judged) : undefined;
  }
  if (outcome.kind !== 'refused') return undefined;
  const next = afterNoAcceptance(claim, outcome, leg.status);
  return next.to === 'FAILED' ? moveOfNoAcceptance(outcome, next) : undefined;
}
