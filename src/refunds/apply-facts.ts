import { sql, type Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { AlertCode, Alerts } from '../alerts.ts';
import { systemCause, type Cause } from '../context.ts';
import { eventRow, hasLegEvent, insertRefundEvent, type EventSource } from '../db/events.ts';
import type { Leg } from '../db/legs.ts';
import type { Payment } from '../db/payments.ts';
import type { Database } from '../db/tables.ts';
import type { WebhookDeliveryId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import type { RefundFacts } from '../providers/provider.ts';
import type { Evidence, LegStatus, TraceReference } from '../vocabulary.ts';
import { moveLeg, type LegPatch, type Move } from './move-leg.ts';
import { nextLookMs } from './looks/next-look.ts';
import { returnedNothing } from './returned-nothing.ts';
import { findTransition, isFinalLeg, type TransitionCause } from './transitions.ts';

export interface FactContext {
  readonly connection: Connection;
  readonly log: Logger;
  readonly alerts: Alerts;
  readonly by: Cause;
  /** `answer`: to our own send. `evidence`: what we fetched, or what a signed message proves. */
  readonly cause: Extract<TransitionCause, 'answer' | 'evidence'>;
  readonly asOf: Date;
  readonly now: Date;
  /** What a provider that cannot be asked told by itself; absent: it was asked. */
  readonly message?: ToldMessage;
}

/** A signed message that is itself the evidence (MONEY section 9). */
export interface ToldMessage {
  readonly deliveryId: WebhookDeliveryId;
  /** In the provider's word. */
  readonly event: string;
  /** When it happened, by the provider's clock. */
  readonly at: Date;
}

/** What follows from a provider's word is done by the service itself, whoever made it ask. */
export const factContext = (
  { log, alerts }: Pick<FactContext, 'log' | 'alerts'>,
  connection: Connection,
  told: Pick<FactContext, 'cause' | 'asOf' | 'now'>,
): FactContext => ({ connection, log, alerts, by: systemCause, ...told });

/**
 * Draws from a provider refund what follows for the leg it belongs to. Under the payment's lock, with all
 * legs of the refund read under it. A repeated or late fact changes nothing.
 *
 * @returns the legs as they are now
 */
export async function applyFacts(
  tx: Kysely<Database>,
  context: FactContext,
  payment: Payment,
  legs: readonly Leg[],
  leg: Leg,
  facts: RefundFacts,
): Promise<readonly Leg[]> {
  const judged = judgeFacts(context, payment, leg, facts);
  const { to, differs } = judged;
  if (facts.status === 'UNRECOGNISED' && facts.rawStatus !== leg.raw_status)
    alarm(context.alerts, 'PROVIDER_STATUS_UNRECOGNISED', leg, facts);
  if (to === leg.status) {
    await keepDetails(tx, context, leg, facts);
    return legs;
  }
  const transition = findTransition(leg.status, context.cause, to);
  // What was read before the provider said how it ended contradicts nothing.
  const isLate = isFinalLeg(leg.status) && context.asOf < leg.as_of;
  // What came back does not go out again; that the provider says so now has to be looked at.
  const isTakenBack = leg.status === 'REVERSED' && to === 'SUCCEEDED';
  if (transition === undefined && (differs || isTakenBack) && isFinalLeg(leg.status) && !isLate) {
    await tellFinalDiffers(tx, context, leg, facts);
    return legs;
  }
  if (transition === undefined || isLate) {
    context.log.warn(
      { refundId: leg.refund_id, legId: leg.id, from: leg.status, to, rawStatus: facts.rawStatus },
      'a late or impossible provider status changed nothing',
    );
    return legs;
  }
  if (to === 'MANUAL_REVIEW') alarm(context.alerts, 'REFUND_AMOUNT_DIFFERS', leg, facts);
  if (transition.alarm) alarm(context.alerts, 'REFUND_CONTRADICTED', leg, facts);
  return moveLeg(tx, payment, legs, leg, moveOfFacts(context, judged));
}

/** What a provider refund means for its leg, whether or not the table has that move. */
export interface JudgedFacts {
  readonly to: LegStatus;
  /** It is for another amount than the leg. */
  readonly differs: boolean;
  readonly patch: LegPatch;
  readonly facts: RefundFacts;
}

export function judgeFacts(
  context: Pick<FactContext, 'connection' | 'asOf' | 'now'>,
  { currency }: Pick<Payment, 'currency'>,
  leg: Pick<Leg, 'status' | 'amount_minor' | 'returned_minor' | 'created_at'>,
  facts: RefundFacts,
): JudgedFacts {
  const isNothing = returnedNothing(facts) && ['FAILED', 'CANCELED', 'REVERSED'].includes(leg.status);
  // A person may have counted another amount than was asked for.
  const expectedMinor = leg.status === 'SUCCEEDED' ? leg.returned_minor : leg.amount_minor;
  const isOther = facts.amount.minor !== expectedMinor || facts.amount.currency !== currency;
  const differs = isOther && !isNothing;
  const to = differs ? 'MANUAL_REVIEW' : targetStatus(leg, facts);
  const patch: LegPatch = {
    providerRefundId: facts.providerRefundId,
    rawStatus: facts.rawStatus,
    failure: facts.failure,
    traceReferences: facts.traceReferences,
    asOf: context.asOf,
    nextLookInMs: nextLookMs(
      context.connection.adapter,
      { status: to, createdAt: leg.created_at },
      context.now,
    ),
  };
  return { to, differs, patch, facts };
}

export const moveOfFacts = (context: FactContext, { to, differs, patch, facts }: JudgedFacts): Move => ({
  to,
  cause: context.cause,
  source: sourceOf(context),
  by: context.by,
  patch,
  evidence: { ...evidenceOf(facts, differs), ...evidenceOfMessage(context) },
});

/** Once for every other amount or word: the event says that it was told, however often the refund is looked at. */
async function tellFinalDiffers(
  tx: Kysely<Database>,
  context: FactContext,
  leg: Leg,
  facts: RefundFacts,
): Promise<void> {
  const kind = 'leg.differs';
  const figures = evidenceOf(facts, true);
  const { providerAmountMinor = null, providerCurrency = null } = figures;
  const { rawStatus } = facts;
  if (await hasLegEvent(tx, leg, kind, { providerAmountMinor, providerCurrency, rawStatus })) return;
  await insertRefundEvent(tx, {
    merchantId: leg.merchant_id,
    paymentId: leg.payment_id,
    refundId: leg.refund_id,
    legId: leg.id,
    kind,
    from: leg.status,
    to: leg.status,
    source: sourceOf(context),
    cause: context.by,
    evidence: { ...figures, ...evidenceOfMessage(context), amountMinor: leg.amount_minor.toString() },
  });
  alarm(context.alerts, 'FINAL_REFUND_DIFFERS', leg, facts);
}

/** Rule 8: a word that we do not know leaves the leg open. */
function targetStatus(leg: Pick<Leg, 'status'>, facts: RefundFacts): LegStatus {
  if (facts.status === 'UNRECOGNISED') return leg.status === 'MANUAL_REVIEW' ? 'MANUAL_REVIEW' : 'PENDING';
  if (returnedNothing(facts) && leg.status === 'SUCCEEDED') return 'REVERSED';
  if (returnedNothing(facts) && ['FAILED', 'CANCELED', 'REVERSED'].includes(leg.status)) return leg.status;
  return facts.status;
}

/** Where the knowledge behind what follows from facts came from. */
export function sourceOf({ cause, message }: Pick<FactContext, 'cause' | 'message'>): EventSource {
  if (message !== undefined) return 'PROVIDER_MESSAGE';
  return cause === 'answer' ? 'PROVIDER_ANSWER' : 'PROVIDER_READ';
}

/** What the events of a message say of it; empty where the provider was asked. */
export const evidenceOfMessage = ({ message }: Pick<FactContext, 'message'>): Evidence =>
  message === undefined
    ? {}
    : { deliveryId: message.deliveryId, event: message.event, toldAt: message.at.toISOString() };

/** One error-level line with a stable code: somebody has to look. */
const alarm = (alerts: Alerts, code: AlertCode, leg: Leg, facts: RefundFacts): void =>
  alerts.raise(
    code,
    { refundId: leg.refund_id, legId: leg.id, status: leg.status, rawStatus: facts.rawStatus },
    'a person should look at this refund',
  );

const evidenceOf = (facts: RefundFacts, differs: boolean): Evidence => ({
  providerRefundId: facts.providerRefundId,
  rawStatus: facts.rawStatus,
  providerCode: facts.failure?.providerCode ?? null,
  ...(differs
    ? { providerAmountMinor: facts.amount.minor.toString(), providerCurrency: facts.amount.currency }
    : {}),
});

/**
 * The status stays; what the provider added (its id, a trace reference, the time of the look) is kept. A trace
 * reference, once given, is not taken back by a look that does not show it; a late look only fills gaps. News
 * raise the version and leave an event, in the statement that keeps them.
 */
async function keepDetails(
  tx: Kysely<Database>,
  context: FactContext,
  leg: Leg,
  facts: RefundFacts,
): Promise<void> {
  const { asOf } = context;
  const isLate = asOf < leg.as_of;
  const known = leg.trace_references;
  const given = facts.traceReferences;
  const traceReferences = JSON.stringify(known.length > 0 && (isLate || given.length === 0) ? known : given);
  const rawStatus = isLate && leg.raw_status !== null ? leg.raw_status : facts.rawStatus;
  const isNews =
    leg.provider_refund_id !== facts.providerRefundId ||
    leg.raw_status !== rawStatus ||
    JSON.stringify(known) !== traceReferences;
  const keep = (db: Pick<Kysely<Database>, 'updateTable'>) =>
    db
      .updateTable('refund_legs')
      .set({
        provider_refund_id: facts.providerRefundId,
        raw_status: rawStatus,
        trace_references: traceReferences,
        ...(asOf > leg.as_of ? { as_of: asOf } : {}),
      })
      .where('id', '=', leg.id);
  if (!isNews) {
    await keep(tx).execute();
    return;
  }
  const added = (JSON.parse(traceReferences) as TraceReference[]).filter(
    ({ kind, value }) => !known.some((reference) => reference.kind === kind && reference.value === value),
  );
  await tx
    .with('kept', (cte) => keep(cte))
    .with('parent', (cte) =>
      cte
        .updateTable('refunds')
        .set({ version: sql<number>`version + 1`, updated_at: sql<Date>`app_now()` })
        .where('id', '=', leg.refund_id),
    )
    .insertInto('events')
    .values(
      eventRow({
        merchantId: leg.merchant_id,
        paymentId: leg.payment_id,
        refundId: leg.refund_id,
        legId: leg.id,
        kind: 'leg.details',
        from: leg.status,
        to: leg.status,
        source: sourceOf(context),
        cause: context.by,
        evidence: {
          providerRefundId: facts.providerRefundId,
          rawStatus,
          ...evidenceOfMessage(context),
          traceReferenceKinds: added.length === 0 ? null : added.map(({ kind }) => kind).join(' '),
          cause: context.cause,
          attempt: leg.attempt,
        },
      }),
    )
    .execute();
}
