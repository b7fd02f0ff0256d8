import type { Kysely } from 'kysely';
import { findAttemptBehind, findLeg, listLegs, type Leg } from '../db/legs.ts';
import type { Payment, PaymentSource } from '../db/payments.ts';
import { updateUnbound } from '../db/payments.ts';
import {
  hasSentLegWithoutProviderId,
  listProviderRefunds,
  releaseProviderRefund,
  upsertProviderRefund,
} from '../db/provider-refunds.ts';
import { insertRefund, type LegShare } from '../db/refunds.ts';
import type { Database } from '../db/tables.ts';
import { systemCause } from '../context.ts';
import { uuidv7, type LegId, type RefundId } from '../ids.ts';
import type { RefundFacts } from '../providers/provider.ts';
import { applyFacts, type FactContext } from './apply-facts.ts';
import { deriveRefundStatus } from './derive.ts';
import { mergeBySeller } from './merge-by-seller.ts';
import { nextLookMs } from './next-look.ts';
import { settleOvercommitment, settleSources } from './overcommitment.ts';
import { canBeTakenOver, isExternalLeg, nameOfExternalLeg, takeOverExternal } from './take-over.ts';
import { bucketOf, isFinalLeg } from './transitions.ts';

/**
 * Ties a provider refund to the leg whose send it answers; one that was taken for a refund made elsewhere becomes ours.
 *
 * @returns false when one of the two is bound to another leg of ours already: then a person has to tell whose it is
 */
export async function bindProviderRefund(
  tx: Kysely<Database>,
  payment: Payment,
  leg: Leg,
  facts: RefundFacts,
  asOf: Date,
): Promise<boolean> {
  const owner = { merchantId: leg.merchant_id, accountId: leg.account_id, paymentId: leg.payment_id };
  const isTaken = leg.provider_refund_id !== null && leg.provider_refund_id !== facts.providerRefundId;
  let boundTo = await upsertProviderRefund(tx, owner, facts, isTaken ? null : leg.id, asOf);
  if (boundTo !== null && boundTo !== leg.id)
    if (await takeOverExternal(tx, { by: systemCause, asOf }, payment, leg, boundTo)) boundTo = leg.id;
  // Nothing was unbound and this is not, so the sum of what is stays nothing.
  if (payment.unbound_minor > 0n || boundTo !== leg.id) await updateUnbound(tx, leg.payment_id);
  return boundTo === leg.id;
}

/**
 * Takes in the provider refunds of a payment (MONEY section 5): each is kept; one that carries our reference
 * or a known id moves its leg; what is nobody's becomes an EXTERNAL refund as soon as no leg of ours could
 * be meant. Under the payment's lock.
 *
 * @returns the refunds that changed or appeared
 */
export async function takeInRefunds(
  tx: Kysely<Database>,
  context: FactContext,
  payment: Payment,
  sources: readonly PaymentSource[],
  seen: readonly RefundFacts[],
): Promise<RefundId[]> {
  const owner = { merchantId: payment.merchant_id, accountId: payment.account_id, paymentId: payment.id };
  const changed: RefundId[] = [];
  const known = new Map(
    (await listProviderRefunds(tx, payment.id)).map((row) => [row.provider_refund_id, row]),
  );
  const unbound: RefundFacts[] = [];
  const surplus: RefundFacts[] = [];
  for (const facts of seen) {
    const whose = await findOwner(
      tx,
      context,
      payment,
      facts,
      known.get(facts.providerRefundId)?.leg_id ?? null,
    );
    if (whose.kind === 'leg' && whose.closed !== undefined) changed.push(whose.closed);
    await upsertProviderRefund(tx, owner, facts, whose.kind === 'leg' ? whose.leg.id : null, context.asOf);
    if (whose.kind === 'nobody') unbound.push(facts);
    if (whose.kind === 'surplus') surplus.push(facts);
    if (whose.kind !== 'leg') continue;
    const { leg } = whose;
    const legs = await listLegs(tx, leg.refund_id);
    const after = await applyFacts(tx, context, payment, legs, leg, facts);
    if (after !== legs) changed.push(leg.refund_id);
  }
  for (const facts of surplus)
    context.alerts.raise(
      'PROVIDER_REFUND_SURPLUS',
      { paymentId: payment.id, providerRefundId: facts.providerRefundId, rawStatus: facts.rawStatus },
      'the provider has one more refund for a leg than the leg has; it is recorded as EXTERNAL',
    );
  const imports = [...surplus];
  if (unbound.length > 0 && !(await hasSentLegWithoutProviderId(tx, payment.id))) imports.push(...unbound);
  for (const facts of imports) {
    const refundId = await importExternal(tx, context, payment, sources, facts);
    if (refundId !== undefined) changed.push(refundId);
  }
  await updateUnbound(tx, payment.id);
  if (imports.length > 0) changed.push(...(await settleSources(tx, context, payment)));
  return [...changed, ...(await settleOvercommitment(tx, context, payment))];
}

/** `past`: the failed refund of an earlier attempt, known and done. `surplus`: of a leg that has another one. */
type Owner =
  | { readonly kind: 'leg'; readonly leg: Leg; readonly closed?: RefundId }
  | { readonly kind: 'nobody' | 'past' | 'surplus' };

/**
 * Whose a provider refund is. One that was taken for a refund made elsewhere is ours as soon as its reference, or
 * an answer, says so: then the EXTERNAL refund is `closed`.
 */
async function findOwner(
  tx: Kysely<Database>,
  context: FactContext,
  payment: Payment,
  facts: RefundFacts,
  boundTo: LegId | null,
): Promise<Owner> {
  const bound = boundTo === null ? undefined : await findLeg(tx, boundTo);
  if (bound !== undefined && !isExternalLeg(bound)) return { kind: 'leg', leg: bound };
  const owner = await findMaker(tx, payment, facts);
  if (bound !== undefined && (owner.kind !== 'leg' || !canBeTakenOver(bound, owner.leg, context.asOf)))
    return { kind: 'leg', leg: bound };
  if (owner.kind !== 'leg') return owner;
  await releaseProviderRefund(tx, owner.leg);
  if (bound === undefined) return owner;
  const leg = { ...owner.leg, provider_refund_id: null };
  await takeOverExternal(tx, context, payment, leg, bound.id);
  return { kind: 'leg', leg: owner.leg, closed: bound.refund_id };
}

/**
 * The leg whose attempt made a provider refund. A leg has one at a time: of its present attempt, or, since a
 * failure may be contradicted, of an earlier attempt while the present one has executed nothing.
 */
async function findMaker(tx: Kysely<Database>, payment: Payment, facts: RefundFacts): Promise<Owner> {
  const made = await findAttemptBehind(tx, payment.id, facts);
  if (made === undefined) return { kind: 'nobody' };
  const { leg } = made;
  if (leg.provider_refund_id === null && made.attempt === leg.attempt) return { kind: 'leg', leg };
  if (facts.status === 'FAILED') return { kind: 'past' };
  return ['QUEUED', 'FAILED', 'CANCELED'].includes(leg.status) ? { kind: 'leg', leg } : { kind: 'surplus' };
}

/** Makes a refund of what was returned elsewhere: in the provider's console, by a seller, by other software. */
async function importExternal(
  tx: Kysely<Database>,
  context: FactContext,
  payment: Payment,
  sources: readonly PaymentSource[],
  facts: RefundFacts,
): Promise<RefundId | undefined> {
  const shares = shareOut(sources, facts);
  if (shares === undefined || facts.amount.minor <= 0n || facts.amount.currency !== payment.currency) {
    context.alerts.raise(
      'EXTERNAL_REFUND_NOT_ATTRIBUTABLE',
      { paymentId: payment.id, rawStatus: facts.rawStatus },
      'a refund made elsewhere cannot be attributed; it only lowers what is refundable',
    );
    return undefined;
  }
  const refundId = uuidv7<RefundId>();
  const legId = uuidv7<LegId>();
  // A word that we do not know leaves the leg open, and its amount reserved.
  const status = facts.status === 'UNRECOGNISED' ? 'PENDING' : facts.status;
  const bucket = bucketOf(status);
  if (facts.status === 'UNRECOGNISED')
    context.alerts.raise(
      'PROVIDER_STATUS_UNRECOGNISED',
      { paymentId: payment.id, refundId, rawStatus: facts.rawStatus },
      'a refund made elsewhere has a status that is not known here',
    );
  await insertRefund(tx, {
    payment,
    refundId,
    origin: 'EXTERNAL',
    status: deriveRefundStatus([{ status, sentAt: facts.createdAt }]),
    isFinal: isFinalLeg(status),
    amountMinor: facts.amount.minor,
    reference: null,
    reason: 'OTHER',
    note: null,
    metadata: {},
    receipt: null,
    speed: null,
    replaces: null,
    createdBy: null,
    idempotency: null,
    isFact: true,
    legs: [
      {
        legId,
        name: nameOfExternalLeg(facts.providerRefundId),
        status,
        amountMinor: facts.amount.minor,
        returnedMinor: bucket === 'refunded' ? facts.amount.minor : 0n,
        shares,
        counts: { reserved: bucket === 'reserved' ? 1 : 0, refunded: bucket === 'refunded' ? 1 : 0 },
        columns: {
          provider_refund_id: facts.providerRefundId,
          raw_status: facts.rawStatus,
          failure: facts.failure && JSON.stringify(facts.failure),
          trace_references: JSON.stringify(facts.traceReferences),
          as_of: context.asOf,
        },
        attempt: null,
        leaseMs: null,
        nextLookInMs: nextLookMs(context.connection.adapter, { status, createdAt: context.now }, context.now),
      },
    ],
    event: {
      merchantId: payment.merchant_id,
      paymentId: payment.id,
      refundId,
      legId,
      kind: 'refund.imported',
      to: status,
      source: 'PROVIDER_READ',
      cause: context.by,
      evidence: { providerRefundId: facts.providerRefundId, rawStatus: facts.rawStatus },
    },
  });
  const owner = { merchantId: payment.merchant_id, accountId: payment.account_id, paymentId: payment.id };
  await upsertProviderRefund(tx, owner, facts, legId, context.asOf);
  return refundId;
}

/** As the provider splits it, with the commission; else all of it from the only source; undefined when neither is. */
function shareOut(sources: readonly PaymentSource[], facts: RefundFacts): readonly LegShare[] | undefined {
  const shares = mergeBySeller(facts.sources).flatMap((part) => {
    const source = sources.find((candidate) => candidate.seller === part.seller);
    return source
      ? [{ sourceId: source.id, amountMinor: part.amountMinor, platformFeeMinor: part.platformFeeMinor }]
      : [];
  });
  const sum = shares.reduce((total, share) => total + share.amountMinor, 0n);
  if (shares.length > 0 && sum === facts.amount.minor) return shares;
  const [only] = sources;
  if (only === undefined || sources.length > 1) return undefined;
  return [{ sourceId: only.id, amountMinor: facts.amount.minor, platformFeeMinor: null }];
}
