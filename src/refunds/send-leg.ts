import { isDeepStrictEqual } from 'node:util';
import { insertRefundEvent } from '../db/events.ts';
import { inTransaction } from '../db/in-transaction.ts';
import { failpoint } from '../failpoints.ts';
import { withLogContext } from '../request-context.ts';
import type { Kysely } from 'kysely';
import { recordAttemptOutcome, type MovedRefund } from '../db/attempt-outcomes.ts';
import { getAttempt, listLegs, type Leg } from '../db/legs.ts';
import { lockPaymentForUpdate, type Payment } from '../db/payments.ts';
import { fromAppNow } from '../db/sql-time.ts';
import type { Database } from '../db/tables.ts';
import { toCurrency } from '../money.ts';
import { systemCause } from '../context.ts';
import type { SendOutcome } from '../providers/provider.ts';
import type { Evidence } from '../vocabulary.ts';
import { noteAccountHealth } from './account-health.ts';
import { applyFacts, factContext } from './apply-facts.ts';
import { answerAtOnce } from './answer-at-once.ts';
import type { Claim } from './claim.ts';
import { alertReviewer, cannotBeAsked, evidenceOfReview } from './recovery-step.ts';
import { afterNoAcceptance, evidenceOfSend, moveOfNoAcceptance, type NotAccepted } from './send-outcome.ts';
import { requestOf } from './stored-request.ts';
import { moveLeg } from './move-leg.ts';
import { settleOvercommitment } from './overcommitment.ts';
import { listLines, settleItems } from './settle-items.ts';
import { findTransition, isFinalLeg } from './transitions.ts';
import { bindProviderRefund, keepOfEarlierAttempt } from './bind.ts';
import { untilCommitted } from './until-committed.ts';
import type { World } from './world.ts';

/** What became of a send. */
export interface Sent {
  readonly outcome: SendOutcome;
  /** What its one statement has left; undefined: it took two steps. */
  readonly atOnce: MovedRefund | undefined;
}

/**
 * Sends a claimed leg once and records what became of it: outcome and transition in one statement where nothing is
 * unusual; else the raw outcome first, in a statement that is repeated until it commits, then the transition (MONEY
 * sections 2, 9 and 11). Never throws for a provider.
 */
export async function sendLeg(world: World, claim: Claim): Promise<Sent> {
  const startedMs = world.clock.monotonicMs();
  const outcome = await withLogContext({ refundId: claim.leg.refund_id }, () => callProvider(world, claim));
  world.metrics.legSent(claim.connection.accountCode, outcome.kind);
  failpoint('send.after-call');
  const { leg } = claim;
  if (outcome.kind === 'unknown' && outcome.isKeyConflict === true)
    world.alerts.raise(
      'PROVIDER_KEY_CONFLICT',
      { refundId: leg.refund_id, legId: leg.id },
      'the provider knows the key of this leg with other content; no other key is tried',
    );
  const tookMs = world.clock.monotonicMs() - startedMs;
  const atOnce = await answerAtOnce(world, claim, outcome, tookMs);
  if (atOnce === undefined) await answerInTwoSteps(world, claim, outcome);
  failpoint('send.after-transition');
  world.changes.announce(leg.refund_id);
  await noteAccountHealth(world, claim.connection, 'SEND', outcome);
  return { outcome, atOnce };
}

/** Each step reads what is there and can be repeated, whatever became of an attempt before it. */
async function answerInTwoSteps(world: World, claim: Claim, outcome: SendOutcome): Promise<void> {
  await untilCommitted(world, 'record the outcome of a send', () =>
    recordAttemptOutcome(world.db, {
      legId: claim.leg.id,
      sentAttempt: claim.attempt.attempt,
      outcome: outcome.kind,
      outcomeEvidence: JSON.stringify(evidenceOfSend(outcome)),
      answeredRefundId: outcome.kind === 'accepted' ? outcome.refund.providerRefundId : null,
      unclearSends: outcome.kind === 'unknown' ? 1 : 0,
    }),
  );
  failpoint('send.after-outcome');
  await untilCommitted(world, 'apply the outcome of a send', () => applyOutcome(world, claim, outcome));
}

async function callProvider(world: World, claim: Claim): Promise<SendOutcome> {
  const { connection, attempt, payment, leg } = claim;
  failpoint('send.before-call');
  try {
    return await connection.adapter.sendRefund(
      connection.access,
      requestOf(attempt),
      {
        providerPaymentId: payment.provider_payment_id,
        amount: { minor: leg.amount_minor, currency: toCurrency(payment.currency) },
        sends: attempt.sends - 1,
      },
      claim.mayStillSend,
    );
  } catch (error) {
    // A bug in an adapter is no proof that nothing was sent.
    world.log.error({ err: error, legId: leg.id, account: connection.accountCode }, 'sending a leg threw');
    return {
      kind: 'unknown',
      failure: {
        code: 'UNKNOWN_OUTCOME',
        message: 'It is not known whether the provider executed the refund.',
        retry: 'WAIT',
        providerCode: null,
      },
      evidence: { thrown: error instanceof Error ? error.name : 'unknown' },
    };
  }
}

async function applyOutcome(world: World, claim: Claim, outcome: SendOutcome): Promise<void> {
  await inTransaction(world.db, async (tx) => {
    const payment = await lockPaymentForUpdate(tx, claim.leg.merchant_id, claim.payment.id);
    const legs = await listLegs(tx, claim.leg.refund_id);
    const leg = legs.find((candidate) => candidate.id === claim.leg.id);
    if (payment === undefined || leg === undefined) throw new Error(`leg ${claim.leg.id} has vanished`);
    const isOurs =
      leg.attempt === claim.attempt.attempt && (leg.status === 'SENDING' || leg.status === 'UNKNOWN');
    if (outcome.kind === 'accepted') {
      const now = payment.locked_at;
      const asOf = claim.attempt.last_sent_at ?? now;
      if (leg.attempt !== claim.attempt.attempt) {
        await keepOfEarlierAttempt(tx, payment, outcome.refund, asOf);
        return;
      }
      if (!(await bindProviderRefund(tx, payment, leg, outcome.refund, asOf))) {
        await reviewDoubleBinding(tx, world, payment, legs, leg, outcome.refund.providerRefundId);
        return;
      }
      const cause = isOurs ? 'answer' : 'evidence';
      const context = factContext(world, claim.connection, { cause, asOf, now });
      // The amount of an open leg is counted already; only that of an ended one can break the sum.
      const wasFinal = isFinalLeg(leg.status);
      const lines = wasFinal ? await listLines(tx, claim.connection, payment) : [];
      await applyFacts(tx, context, payment, legs, leg, outcome.refund);
      await settleItems(tx, context, payment, lines);
      if (payment.overcommitted || wasFinal) await settleOvercommitment(tx, context, payment);
      return;
    }
    if (!isOurs) return;
    const next = afterNoAcceptance(claim, outcome, leg.status);
    if (next.to === leg.status) {
      const { sends } = await getAttempt(tx, leg.id, leg.attempt);
      // A sender that comes back late must not end the lease of the one that sends now.
      if (sends === claim.attempt.sends) await keepUnknown(tx, leg, outcome, next.nextLookInMs);
      return;
    }
    const isReview = next.to === 'MANUAL_REVIEW';
    const more = isReview ? await evidenceForAPerson(tx, claim) : {};
    await moveLeg(tx, payment, legs, leg, moveOfNoAcceptance(outcome, next, more));
    if (isReview) alertReviewer(world, claim.connection, leg);
  });
}

/** What a person needs who decides about an answer that was lost for good. */
async function evidenceForAPerson(
  tx: Kysely<Database>,
  { connection, leg, attempt }: Claim,
): Promise<Evidence> {
  const { recovery } = connection.adapter;
  return evidenceOfReview(recovery, await getAttempt(tx, leg.id, attempt.attempt), cannotBeAsked);
}

/**
 * Still unclear: the lease ends, and the next look has its time (I7). What refused or put off a repetition says
 * nothing about the refund, so it is kept with the attempt and not shown as its failure. Another reason is shown, so it
 * raises the version and leaves an event.
 */
async function keepUnknown(
  tx: Kysely<Database>,
  leg: Leg,
  outcome: NotAccepted,
  nextLookInMs: number | null,
): Promise<void> {
  const failure = outcome.kind === 'unknown' ? outcome.failure : leg.failure;
  await tx
    .updateTable('refund_legs')
    .set({
      lease_until: null,
      next_look_at: fromAppNow(nextLookInMs),
      failure: failure && JSON.stringify(failure),
    })
    .where('id', '=', leg.id)
    .execute();
  if (isDeepStrictEqual(failure, leg.failure)) return;
  await insertRefundEvent(tx, {
    merchantId: leg.merchant_id,
    paymentId: leg.payment_id,
    refundId: leg.refund_id,
    legId: leg.id,
    kind: 'leg.details',
    from: leg.status,
    to: leg.status,
    source: 'PROVIDER_ANSWER',
    cause: systemCause,
    evidence: {
      cause: 'answer',
      attempt: leg.attempt,
      code: failure?.code ?? null,
      providerCode: failure?.providerCode ?? null,
    },
  });
}

/** The provider answered with a refund that another leg of ours has: only a person can tell. */
async function reviewDoubleBinding(
  tx: Kysely<Database>,
  world: World,
  payment: Payment,
  legs: readonly Leg[],
  leg: Leg,
  providerRefundId: string,
): Promise<void> {
  world.alerts.raise(
    'PROVIDER_REFUND_BOUND_TWICE',
    { refundId: leg.refund_id, legId: leg.id },
    'the provider answered with a refund that belongs to another leg',
  );
  if (findTransition(leg.status, 'answer', 'MANUAL_REVIEW') === undefined) return;
  await moveLeg(tx, payment, legs, leg, {
    to: 'MANUAL_REVIEW',
    cause: 'answer',
    source: 'PROVIDER_ANSWER',
    by: systemCause,
    evidence: { providerRefundId },
  });
}
