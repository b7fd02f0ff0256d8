import type { Kysely } from 'kysely';
import type {
  ApiKeyId,
  ItemId,
  LegId,
  MerchantId,
  OperationId,
  PaymentId,
  RefundId,
  SourceId,
} from '../ids.ts';
import { eventRow } from './events.ts';
import { fixedStatement, type FixedStatement } from './fixed-statement.ts';
import { toStoredReceipt } from './receipts.ts';
import { attempts, continuedKey, fence, items, newKey, refundText, unfenced } from './refund-text.ts';
import type { NewRefund } from './refunds.ts';
import type { Database } from './tables.ts';

/** What must still be as it was read for a refund that is inserted without the payment's lock. */
export interface Fence {
  /** Of the payment: every change of what a refund is decided on raises it. */
  readonly version: number;
  readonly epoch: number;
  /** The database's time of the reading. */
  readonly readAt: Date;
}

type Statement = FixedStatement<ReturnType<typeof parametersOf>, { readonly now: Date }>;
const statement = (...parts: Parameters<typeof refundText>): Statement =>
  fixedStatement(refundText(...parts));

/** A caller's refund is one of eight texts, and a refund that was made elsewhere one more. */
const statements = {
  imported: statement(unfenced),
  underLock: withOrWithoutItems(unfenced),
  atOnce: withOrWithoutItems(fence),
};

function withOrWithoutItems(fenceText: string) {
  return {
    new: statement(fenceText, attempts, newKey),
    newWithItems: statement(fenceText, attempts, newKey, items),
    continued: statement(fenceText, attempts, continuedKey),
    continuedWithItems: statement(fenceText, attempts, continuedKey, items),
  };
}

/**
 * The intent in one statement: refund, legs, shares, lines, stored bytes, the caller's key, the reservation and the
 * event; all or nothing. Under the payment's lock; or with a fence, and then it is a transaction of its own.
 *
 * @returns the database's time, at which leases begin; undefined when the payment is not any more as the fence says, and
 * nothing was done
 * @throws a violation of payments_never_more_than_captured, payment_items_never_more_than_sold, idempotency_pkey,
 * refunds_reference_unique or refunds_replaced_once
 */
export async function insertRefund(
  db: Kysely<Database>,
  refund: NewRefund,
  seen?: Fence,
): Promise<Date | undefined> {
  const [row] = await statementFor(refund, seen !== undefined)(db, parametersOf(refund, seen));
  if (row === undefined && seen === undefined) throw new Error(`payment ${refund.payment.id} has vanished`);
  return row?.now;
}

function statementFor({ legs, idempotency }: NewRefund, isFenced: boolean): Statement {
  if (idempotency === null) return statements.imported;
  const hasItems = legs.some((leg) => leg.items.length > 0);
  const texts = statements[isFenced ? 'atOnce' : 'underLock'];
  if (idempotency.continues !== null) return hasItems ? texts.continuedWithItems : texts.continued;
  return hasItems ? texts.newWithItems : texts.new;
}

function parametersOf(refund: NewRefund, seen: Fence | undefined) {
  const { payment, legs, idempotency } = refund;
  const event = eventRow(refund.event);
  const shares = legs.flatMap((leg) => leg.shares.map((share) => ({ ...share, leg })));
  const takenItems = legs.flatMap((leg) => leg.items.map((item) => ({ ...item, leg })));
  const sent = legs.flatMap((leg) => (leg.attempt === null ? [] : [{ ...leg.attempt, leg }]));
  const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);
  return {
    paymentId: payment.id as PaymentId,
    merchantId: payment.merchant_id as MerchantId,
    reservedMinor: sumOf(legs.map((leg) => BigInt(leg.counts.reserved) * leg.amountMinor)),
    refundedMinor: sumOf(legs.map((leg) => BigInt(leg.counts.refunded) * leg.amountMinor)),
    isFact: refund.isFact,
    version: seen?.version,
    epoch: seen?.epoch,
    readAt: seen?.readAt,
    refundId: refund.refundId as RefundId,
    origin: refund.origin,
    status: refund.status,
    amountMinor: refund.amountMinor,
    returnedMinor: sumOf(legs.map((leg) => leg.returnedMinor)),
    reference: refund.reference,
    reason: refund.reason,
    note: refund.note,
    metadata: JSON.stringify(refund.metadata),
    receipt: refund.receipt && JSON.stringify(toStoredReceipt(refund.receipt)),
    speed: refund.speed,
    replaces: refund.replaces,
    createdBy: refund.createdBy as ApiKeyId | null,
    isFinal: refund.isFinal,
    legs: legs.map((leg): LegId => leg.legId),
    legNames: legs.map((leg) => leg.name),
    legStatuses: legs.map((leg) => leg.status),
    legAmounts: legs.map((leg) => leg.amountMinor),
    legReturned: legs.map((leg) => leg.returnedMinor),
    providerRefundIds: legs.map((leg) => leg.columns.provider_refund_id),
    rawStatuses: legs.map((leg) => leg.columns.raw_status),
    failures: legs.map((leg) => leg.columns.failure),
    traces: legs.map((leg) => leg.columns.trace_references),
    legsAsOf: legs.map((leg) => leg.columns.as_of ?? null),
    leases: legs.map((leg) => seconds(leg.leaseMs)),
    looks: legs.map((leg) => seconds(leg.nextLookInMs)),
    areEnded: legs.map((leg) => leg.counts.reserved === 0),
    shareLegs: shares.map(({ leg }) => leg.legId),
    shareSources: shares.map(({ sourceId }): SourceId => sourceId),
    shareAmounts: shares.map(({ amountMinor }) => amountMinor),
    shareFees: shares.map(({ platformFeeMinor }) => platformFeeMinor),
    shareReserved: shares.map(({ leg }) => leg.counts.reserved),
    shareRefunded: shares.map(({ leg }) => leg.counts.refunded),
    attemptLegs: sent.map(({ leg }) => leg.legId),
    providerKeys: sent.map((attempt) => attempt.provider_key),
    wireVersions: sent.map((attempt) => attempt.wire_version),
    methods: sent.map(({ method }) => method),
    paths: sent.map(({ path }) => path),
    headers: sent.map(({ headers }) => headers),
    bodies: sent.map(({ body }) => body),
    areSent: sent.map(({ leg }) => leg.leaseMs !== null),
    key: idempotency?.key,
    hashVersion: idempotency?.hashVersion,
    hash: idempotency?.hash,
    continues: idempotency?.continues as OperationId | null | undefined,
    itemLegs: takenItems.map(({ leg }) => leg.legId),
    items: takenItems.map(({ itemId }): ItemId => itemId),
    itemHundredths: takenItems.map(({ quantityHundredths }) => quantityHundredths),
    itemMinor: takenItems.map(({ amountMinor }) => amountMinor),
    itemReserved: takenItems.map(({ leg }) => leg.counts.reserved),
    itemRefunded: takenItems.map(({ leg }) => leg.counts.refunded),
    eventLeg: event.leg_id,
    eventOperation: event.operation_id,
    eventKind: event.kind,
    eventFrom: event.from_status,
    eventTo: event.to_status,
    eventSource: event.source,
    eventActor: event.actor,
    eventKey: event.api_key_id,
    eventRequest: event.request_id,
    evidence: event.evidence,
  };
}

const sumOf = (amounts: readonly bigint[]): bigint => amounts.reduce((sum, amount) => sum + amount, 0n);
