import type { Kysely } from 'kysely';
import { hasPaymentEvent, insertEvent } from '../db/events.ts';
import type { Payment, PaymentSource } from '../db/payments.ts';
import { upsertProviderRefund } from '../db/provider-refunds.ts';
import { insertRefund } from '../db/insert-refund.ts';
import type { LegShare } from '../db/refunds.ts';
import type { Database } from '../db/tables.ts';
import { uuidv7, type LegId, type RefundId } from '../ids.ts';
import type { RefundFacts } from '../providers/provider.ts';
import { evidenceOfMessage, sourceOf, type FactContext } from './apply-facts.ts';
import { deriveRefundStatus } from './derive.ts';
import { mergeBySeller } from './merge-by-seller.ts';
import { nextLookMs } from './looks/next-look.ts';
import { nameOfExternalLeg } from './take-over.ts';
import { bucketOf, isFinalLeg } from './transitions.ts';

/**
 * Makes a refund of what was returned elsewhere: in the provider's console, by a seller, by other software. Under the
 * payment's lock.
 *
 * @returns undefined where nobody can tell whose money it was: then it stays unbound, with one alert
 */
export async function importExternal(
  tx: Kysely<Database>,
  context: FactContext,
  payment: Payment,
  sources: readonly PaymentSource[],
  facts: RefundFacts,
): Promise<RefundId | undefined> {
  const shares = shareOut(sources, facts);
  if (shares === undefined || facts.amount.minor <= 0n || facts.amount.currency !== payment.currency) {
    await tellUnattributed(tx, context, payment, facts);
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
        // What it took of the cart shows in what the provider says is left.
        items: [],
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
      source: sourceOf(context),
      cause: context.by,
      evidence: {
        providerRefundId: facts.providerRefundId,
        rawStatus: facts.rawStatus,
        ...evidenceOfMessage(context),
      },
    },
  });
  const owner = { merchantId: payment.merchant_id, accountId: payment.account_id, paymentId: payment.id };
  await upsertProviderRefund(tx, owner, facts, legId, context.asOf);
  return refundId;
}

/** As the provider splits it, with the commission; else all of it from the only source; undefined when neither is. */
export function shareOut(
  sources: readonly PaymentSource[],
  facts: RefundFacts,
): readonly LegShare[] | undefined {
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

/** Once: the event says that it was told, however often the payment is looked at. */
async function tellUnattributed(
  tx: Kysely<Database>,
  context: FactContext,
  payment: Payment,
  facts: RefundFacts,
): Promise<void> {
  const { providerRefundId, rawStatus } = facts;
  const kind = 'payment.unattributed';
  if (await hasPaymentEvent(tx, payment.id, kind, { providerRefundId })) return;
  await insertEvent(tx, {
    merchantId: payment.merchant_id,
    paymentId: payment.id,
    kind,
    source: sourceOf(context),
    cause: context.by,
    evidence: { providerRefundId, rawStatus, ...evidenceOfMessage(context) },
  });
  context.alerts.raise(
    'EXTERNAL_REFUND_NOT_ATTRIBUTABLE',
    { paymentId: payment.id, rawStatus },
    'a refund made elsewhere cannot be attributed; it only lowers what is refundable',
  );
}
