import { inTransaction } from '../db/in-transaction.ts';
import { failpoint } from '../failpoints.ts';
import { withLogContext } from '../request-context.ts';
import { sql, type Kysely } from 'kysely';
import { getAttempt, listLegs, recordAttemptOutcome, type Leg } from '../db/legs.ts';
import { lockPaymentForUpdate, type Payment } from '../db/payments.ts';
import { appNow, fromAppNow } from '../db/sql-time.ts';
import type { Database } from '../db/tables.ts';
import { toCurrency } from '../money.ts';
import { systemCause } from '../context.ts';
import type { SendOutcome } from '../providers/provider.ts';
import type { Evidence, LegStatus } from '../vocabulary.ts';
import { noteAccountHealth } from './account-health.ts';
import { applyFacts, factContext } from './apply-facts.ts';
import { pausedAccountGapMs, type Claim } from './claim.ts';
import { alertReviewer, cannotBeAsked, evidenceOfReview, hasNoStep, keyConflict } from './recovery-step.ts';
import { requestOf } from './stored-request.ts';
import { moveLeg } from './move-leg.ts';
import { settleOvercommitment } from './overcommitment.ts';
import { listLines, settleItems } from './settle-items.ts';
import { findTransition, isFinalLeg } from './transitions.ts';
import { bindProviderRefund, keepOfEarlierAttempt } from './bind.ts';
import { untilCommitted } from './until-committed.ts';
import type { World } from './world.ts';

/** A deferred leg without the provider's own advice is tried again after this. */
const deferredGapMs = 30_000;

/**
 * Sends a claimed leg once and records what became of it: the raw outcome first, in a statement that is
 * repeated until it commits, then the transition (MONEY sections 2 and 9). Never throws for a provider.
 */
export async function sendLeg(world: World, claim: Claim): Promise<SendOutcome> {
  const outcome = await withLogContext({ refundId: claim.leg.refund_id }, () => callProvider(world, claim));
  world.metrics.legSent(claim.connection.accountCode, outcome.kind);
  failpoint('send.after-call');
  const { leg, attempt } = claim;
  if (outcome.kind === 'unknown' && outcome.isKeyConflict === true)
    world.alerts.raise(
      'PROVIDER_KEY_CONFLICT',
      { refundId: leg.refund_id, legId: leg.id },
      'the provider knows the key of this leg with other content; no other key is tried',
    );
  await untilCommitted(world, 'record the outcome of a send', () =>
    recordAttemptOutcome(world.db, {
      legId: leg.id,
      attempt: attempt.attempt,
      kind: outcome.kind,
      evidence: JSON.stringify(evidenceOf(outcome)),
      providerRefundId: outcome.kind === 'accepted' ? outcome.refund.providerRefundId : null,
    }),
  );
  failpoint('send.after-outcome');
  await untilCommitted(world, 'apply the outcome of a send', () => applyOutcome(world, claim, outcome));
  failpoint('send.after-transition');
  world.changes.announce(leg.refund_id);
  await noteAccountHealth(world, claim.connection, 'SEND', outcome);
  return outcome;
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

const evidenceOf = (outcome: SendOutcome): Evidence => ({
  ...outcome.evidence,
  outcome: outcome.kind,
  ...(outcome.kind === 'unknown' && outcome.isKeyConflict === true ? { [keyConflict]: true } : {}),
  ...(outcome.kind === 'accepted'
    ? {}
    : { code: outcome.failure.code, providerCode: outcome.failure.providerCode }),
});

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
    await moveLeg(tx, payment, legs, leg, {
      to: next.to,
      cause: 'answer',
      source: 'PROVIDER_ANSWER',
      by: systemCause,
      patch: { failure: outcome.failure, nextLookInMs: next.nextLookInMs },
      evidence: { ...evidenceOf(outcome), ...(isReview ? await evidenceForAPerson(tx, claim) : {}) },
    });
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
 * nothing about the refund, so it is kept with the attempt and not shown as its failure.
 */
async function keepUnknown(
  tx: Kysely<Database>,
  leg: Leg,
  outcome: Exclude<SendOutcome, { kind: 'accepted' }>,
  nextLookInMs: number | null,
): Promise<void> {
  const failure = outcome.kind === 'unknown' ? JSON.stringify(outcome.failure) : undefined;
  await tx
    .with('kept', (cte) =>
      cte
        .updateTable('refund_legs')
        .set({
          lease_until: null,
          next_look_at: fromAppNow(nextLookInMs),
          ...(failure === undefined ? {} : { failure }),
        })
        .where('id', '=', leg.id),
    )
    // What is shown does not change without the version: whoever polls would not see it.
    .updateTable('refunds')
    .set({ version: sql<number>`version + 1`, updated_at: appNow })
    .where('id', '=', leg.refund_id)
    .where(
      sql<boolean>`EXISTS (SELECT FROM refund_legs WHERE id = ${leg.id} AND failure IS DISTINCT FROM COALESCE(${failure ?? null}::jsonb, failure))`,
    )
    .execute();
}

/** MONEY section 2: only a first send can be refused, put back or freed; after that only the truth decides. */
function afterNoAcceptance(
  claim: Claim,
  outcome: Exclude<SendOutcome, { kind: 'accepted' }>,
  status: LegStatus,
): { readonly to: LegStatus; readonly nextLookInMs: number | null } {
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
