import type { Kysely } from 'kysely';
import { findLegByProviderKey, listLegs, type Leg } from '../db/legs.ts';
import type { Payment, PaymentSource } from '../db/payments.ts';
import { updateUnbound } from '../db/payments.ts';
import {
  hasSentLegWithoutProviderId,
  listProviderRefunds,
  upsertProviderRefund,
} from '../db/provider-refunds.ts';
import { insertRefund, type LegShare } from '../db/refunds.ts';
import type { Database } from '../db/tables.ts';
import { uuidv7, type LegId, type RefundId } from '../ids.ts';
import type { RefundFacts } from '../providers/provider.ts';
import { applyFacts, type FactContext } from './apply-facts.ts';
import { deriveRefundStatus } from './derive.ts';
import { bucketOf, isFinalLeg } from './transitions.ts';

/**
 * Ties a provider refund to the leg whose send it answers.
 *
 * @returns false when it is bound to another leg already: then a person has to tell whose it is
 */
export async function bindProviderRefund(
  tx: Kysely<Database>,
  leg: Leg,
  facts: RefundFacts,
  asOf: Date,
): Promise<boolean> {
  const owner = { merchantId: leg.merchant_id, accountId: leg.account_id, paymentId: leg.payment_id };
  const boundTo = await upsertProviderRefund(tx, owner, facts, leg.id, asOf);
  await updateUnbound(tx, leg.payment_id);
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
  for (const facts of seen) {
    const leg = await findOwnLeg(tx, payment, facts, known.get(facts.providerRefundId)?.leg_id ?? null);
    await upsertProviderRefund(tx, owner, facts, leg?.id ?? null, context.asOf);
    if (leg === undefined) {
      unbound.push(facts);
      continue;
    }
    const legs = await listLegs(tx, leg.refund_id);
    const after = await applyFacts(tx, context, payment, legs, leg, facts);
    if (after !== legs) changed.push(leg.refund_id);
  }
  if (unbound.length > 0 && !(await hasSentLegWithoutProviderId(tx, payment.id)))
    for (const facts of unbound) {
      const refundId = await importExternal(tx, context, payment, sources, facts);
      if (refundId !== undefined) changed.push(refundId);
    }
  await updateUnbound(tx, payment.id);
  return changed;
}

async function findOwnLeg(
  tx: Kysely<Database>,
  payment: Payment,
  facts: RefundFacts,
  boundTo: LegId | null,
): Promise<Leg | undefined> {
  if (boundTo !== null)
    return tx.selectFrom('refund_legs').selectAll().where('id', '=', boundTo).executeTakeFirst();
  if (facts.ourReference === null) return undefined;
  const leg = await findLegByProviderKey(tx, payment.account_id, facts.ourReference);
  return leg?.payment_id === payment.id ? leg : undefined;
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
    context.log.error(
      { alert: 'EXTERNAL_REFUND_NOT_ATTRIBUTABLE', paymentId: payment.id, rawStatus: facts.rawStatus },
      'a refund made elsewhere cannot be attributed; it only lowers what is refundable',
    );
    return undefined;
  }
  const refundId = uuidv7<RefundId>();
  const legId = uuidv7<LegId>();
  // A word that we do not know leaves the leg open, and its amount reserved.
  const status = facts.status === 'UNRECOGNISED' ? 'PENDING' : facts.status;
  const bucket = bucketOf(status);
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
    createdBy: null,
    idempotency: null,
    isFact: true,
    legs: [
      {
        legId,
        name: `external:${facts.providerRefundId}`,
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
        },
        attempt: null,
        leaseMs: null,
        nextLookInMs: isFinalLeg(status) ? null : (context.connection.adapter.lookGapsMs[0] ?? null),
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

/** The whole amount to the only source, or as the provider splits it; undefined when it does not say. */
function shareOut(sources: readonly PaymentSource[], facts: RefundFacts): readonly LegShare[] | undefined {
  const [only] = sources;
  if (only !== undefined && sources.length === 1)
    return [{ sourceId: only.id, amountMinor: facts.amount.minor, platformFeeMinor: null }];
  const shares = facts.sources.flatMap((part) => {
    const source = sources.find((candidate) => candidate.seller === part.seller);
    return source
      ? [{ sourceId: source.id, amountMinor: part.amountMinor, platformFeeMinor: part.platformFeeMinor }]
      : [];
  });
  const sum = shares.reduce((total, share) => total + share.amountMinor, 0n);
  return shares.length > 0 && sum === facts.amount.minor ? shares : undefined;
}
