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

/** What was read longer ago is read again, under the lock; in seconds. A paused process must not wake up and reserve. */
const FENCE_SECONDS = 10;

const unfenced = '';
const fence = `
    AND version = :version::integer
    AND (SELECT max(number) FROM epochs) = :epoch::integer
    AND (refund_window_closes_at IS NULL OR refund_window_closes_at > app_now())
    AND app_now() < :readAt::timestamptz + interval '${FENCE_SECONDS} seconds'`;

const attempts = `
  attempt AS (
    INSERT INTO leg_attempts (leg_id, attempt, merchant_id, account_id, provider_key, wire_version, method, path,
      headers, body, sends, first_sent_at, last_sent_at)
    SELECT new.leg_id, 1, paid.merchant_id, paid.account_id, new.provider_key, new.wire_version, new.method, new.path,
      new.headers::jsonb, new.body, new.is_sent::integer,
      CASE WHEN new.is_sent THEN paid.now END, CASE WHEN new.is_sent THEN paid.now END
    FROM paid, unnest(:attemptLegs::uuid[], :providerKeys::text[], :wireVersions::text[], :methods::text[],
      :paths::text[], :headers::text[], :bodies::text[], :areSent::boolean[])
      AS new (leg_id, provider_key, wire_version, method, path, headers, body, is_sent)),`;

const newKey = `
  key AS (
    INSERT INTO idempotency (merchant_id, key, hash_version, content_hash, refund_id, operation_id)
    SELECT paid.merchant_id, :key::text, :hashVersion::smallint, :hash::bytea, :refundId, NULL FROM paid),`;

/** The key of an operation that the refund goes on from. */
const continuedKey = `
  key AS (
    UPDATE idempotency known SET refund_id = :refundId FROM paid
    WHERE known.merchant_id = paid.merchant_id AND known.key = :key::text
      AND known.operation_id = :continues::uuid AND known.refund_id IS NULL),`;

/** Several legs may take of one line, which is updated once. */
const items = `
  item AS (
    INSERT INTO refund_items (leg_id, item_id, merchant_id, refund_id, quantity_hundredths, amount_minor)
    SELECT new.leg_id, new.item_id, paid.merchant_id, :refundId, new.hundredths, new.minor
    FROM paid, unnest(:itemLegs::uuid[], :items::uuid[], :itemHundredths::bigint[], :itemMinor::bigint[])
      AS new (leg_id, item_id, hundredths, minor)),
  counted_item AS (
    UPDATE payment_items line SET
      reserved_hundredths = line.reserved_hundredths + added.reserved_h,
      reserved_minor = line.reserved_minor + added.reserved_m,
      returned_hundredths = line.returned_hundredths + added.returned_h,
      returned_minor = line.returned_minor + added.returned_m,
      overcommitted = line.overcommitted OR (:isFact AND (
        line.returned_hundredths + line.reserved_hundredths + added.reserved_h + added.returned_h > line.sold_hundredths
        OR line.returned_minor + line.reserved_minor + added.reserved_m + added.returned_m > line.sold_minor))
    FROM paid, (
      SELECT id, sum(hundredths * reserved)::bigint AS reserved_h, sum(minor * reserved)::bigint AS reserved_m,
        sum(hundredths * refunded)::bigint AS returned_h, sum(minor * refunded)::bigint AS returned_m
      FROM unnest(:items::uuid[], :itemHundredths::bigint[], :itemMinor::bigint[], :itemReserved::integer[],
        :itemRefunded::integer[]) AS new (id, hundredths, minor, reserved, refunded) GROUP BY id) added
    WHERE line.id = added.id),`;

/** Everything is inserted from `paid`, so that nothing happens where the payment is not as it must be. */
const textFor = (fenceText: string, ...optional: readonly string[]): string => `
WITH paid AS (
    UPDATE payments SET
      reserved_minor = reserved_minor + :reservedMinor::bigint,
      refunded_minor = refunded_minor + :refundedMinor::bigint,
      overcommitted = overcommitted OR (:isFact::boolean
        AND refunded_minor + reserved_minor + :reservedMinor + :refundedMinor > captured_minor),
      version = version + 1,
      updated_at = app_now()
    WHERE id = :paymentId::uuid AND merchant_id = :merchantId::uuid ${fenceText}
    RETURNING id, merchant_id, account_id, currency, app_now() AS now),
  refund AS (
    INSERT INTO refunds (id, merchant_id, account_id, payment_id, origin, status, currency, amount_minor, returned_minor,
      reference, reason, note, metadata, receipt, speed, replaces, created_by, finalized_at)
    SELECT :refundId::uuid, paid.merchant_id, paid.account_id, paid.id, :origin::text, :status::text, paid.currency,
      :amountMinor::bigint, :returnedMinor::bigint, :reference::text, :reason::text, :note::text, :metadata::jsonb,
      :receipt::jsonb, :speed::text, :replaces::uuid, :createdBy::uuid, CASE WHEN :isFinal::boolean THEN paid.now END
    FROM paid),
  leg AS (
    INSERT INTO refund_legs (id, merchant_id, account_id, payment_id, refund_id, name, status, amount_minor,
      returned_minor, provider_refund_id, raw_status, failure, trace_references, as_of, sent_at, lease_until,
      next_look_at, finalized_at)
    SELECT new.id, paid.merchant_id, paid.account_id, paid.id, :refundId, new.name, new.status, new.amount,
      new.returned, new.provider_refund_id, new.raw_status, new.failure::jsonb, new.trace_references::jsonb,
      COALESCE(new.as_of, paid.now), CASE WHEN new.lease IS NOT NULL THEN paid.now END,
      paid.now + make_interval(secs => new.lease), paid.now + make_interval(secs => new.look),
      CASE WHEN new.is_ended THEN paid.now END
    FROM paid, unnest(:legs::uuid[], :legNames::text[], :legStatuses::text[], :legAmounts::bigint[],
      :legReturned::bigint[], :providerRefundIds::text[], :rawStatuses::text[], :failures::text[], :traces::text[],
      :legsAsOf::timestamptz[], :leases::float8[], :looks::float8[], :areEnded::boolean[])
      AS new (id, name, status, amount, returned, provider_refund_id, raw_status, failure, trace_references, as_of,
        lease, look, is_ended)),
  share AS (
    INSERT INTO leg_sources (leg_id, source_id, merchant_id, amount_minor, platform_fee_minor)
    SELECT new.leg_id, new.source_id, paid.merchant_id, new.amount, new.fee
    FROM paid, unnest(:shareLegs::uuid[], :shareSources::uuid[], :shareAmounts::bigint[], :shareFees::bigint[])
      AS new (leg_id, source_id, amount, fee)),
  ${optional.join('')}
  counted AS (
    -- A source has one share in a refund, so no row is updated twice.
    UPDATE payment_sources source SET
      reserved_minor = source.reserved_minor + new.reserved * new.amount,
      refunded_minor = source.refunded_minor + new.refunded * new.amount,
      fee_reserved_minor = source.fee_reserved_minor + new.reserved * COALESCE(new.fee, 0),
      fee_returned_minor = source.fee_returned_minor + new.refunded * COALESCE(new.fee, 0),
      overcommitted = source.overcommitted OR (:isFact AND (
        source.refunded_minor + source.reserved_minor + (new.reserved + new.refunded) * new.amount > source.captured_minor
        OR source.fee_returned_minor + source.fee_reserved_minor + (new.reserved + new.refunded) * COALESCE(new.fee, 0)
          > COALESCE(source.platform_fee_minor, 0)))
    FROM paid, unnest(:shareSources, :shareAmounts, :shareFees, :shareReserved::integer[], :shareRefunded::integer[])
      AS new (id, amount, fee, reserved, refunded)
    WHERE source.id = new.id),
  told AS (
    INSERT INTO events (merchant_id, payment_id, refund_id, leg_id, operation_id, kind, from_status, to_status, source,
      actor, api_key_id, request_id, evidence)
    SELECT paid.merchant_id, paid.id, :refundId, :eventLeg::uuid, :eventOperation::uuid, :eventKind::text,
      :eventFrom::text, :eventTo::text, :eventSource::text, :eventActor::text, :eventKey::uuid, :eventRequest::text,
      :evidence::jsonb
    FROM paid)
SELECT now FROM paid`;

type Statement = FixedStatement<ReturnType<typeof parametersOf>, { readonly now: Date }>;
const statement = (...parts: Parameters<typeof textFor>): Statement => fixedStatement(textFor(...parts));

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
