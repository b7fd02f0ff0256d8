import { sql, type Insertable, type InsertObject, type Kysely } from 'kysely';
import type { ApiKeyId, ItemId, LegId, MerchantId, OperationId, RefundId, SourceId } from '../ids.ts';
import type {
  FiscalReceipt,
  LegStatus,
  RefundOrigin,
  RefundReason,
  RefundSpeed,
  RefundStatus,
} from '../vocabulary.ts';
import { eventRow, type EventInput } from './events.ts';
import { countedItems, refundItemRows } from './payment-items.ts';
import type { Payment } from './payments.ts';
import { toStoredReceipt } from './receipts.ts';
import { appNow, fromAppNow } from './sql-time.ts';
import type { Database, LegAttemptTable, RefundLegTable } from './tables.ts';

/** The share of one source in a leg, in minor units. */
export interface LegShare {
  readonly sourceId: SourceId;
  readonly amountMinor: bigint;
  readonly platformFeeMinor: bigint | null;
}

/** What a leg takes of a line of the cart: hundredths of its unit, and minor units. */
export interface LegItemShare {
  readonly itemId: ItemId;
  readonly quantityHundredths: bigint;
  readonly amountMinor: bigint;
}

/** How much of a leg counts as reserved or refunded from the start, as 0 or 1. */
export interface LegCounts {
  readonly reserved: 0 | 1;
  readonly refunded: 0 | 1;
}

export type NewLegColumns = Pick<
  Insertable<RefundLegTable>,
  'provider_refund_id' | 'raw_status' | 'failure' | 'trace_references'
> &
  // Absent: now, since nobody was asked about it yet.
  Partial<Pick<Insertable<RefundLegTable>, 'as_of'>>;

export type NewAttempt = Pick<
  Insertable<LegAttemptTable>,
  'provider_key' | 'wire_version' | 'method' | 'path' | 'headers' | 'body'
>;

export interface NewLeg {
  readonly legId: LegId;
  readonly name: string;
  readonly status: LegStatus;
  readonly amountMinor: bigint;
  readonly returnedMinor: bigint;
  readonly shares: readonly LegShare[];
  /** Empty where its lines are not known, or the payment has none. */
  readonly items: readonly LegItemShare[];
  readonly counts: LegCounts;
  readonly columns: NewLegColumns;
  /** The stored bytes; null for a refund that was made elsewhere. */
  readonly attempt: NewAttempt | null;
  /** A lease from now for a leg that is born SENDING. */
  readonly leaseMs: number | null;
  readonly nextLookInMs: number | null;
}

export interface NewRefund {
  readonly payment: Payment;
  readonly refundId: RefundId;
  readonly origin: RefundOrigin;
  readonly status: RefundStatus;
  readonly isFinal: boolean;
  readonly amountMinor: bigint;
  readonly reference: string | null;
  readonly reason: RefundReason;
  readonly note: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly receipt: FiscalReceipt | null;
  readonly speed: RefundSpeed | null;
  /** The failed refund whose place it takes. */
  readonly replaces: RefundId | null;
  readonly createdBy: ApiKeyId | null;
  readonly legs: readonly NewLeg[];
  readonly idempotency: {
    readonly key: string;
    readonly hashVersion: number;
    readonly hash: Buffer;
    /** The operation that has the key already, and that this refund goes on from. */
    readonly continues: OperationId | null;
  } | null;
  /** True for a provider's fact, which is recorded even when it breaks the sum; else the CHECK refuses. */
  readonly isFact: boolean;
  readonly event: EventInput;
}

/**
 * The intent in one statement: refund, legs, shares, lines, stored bytes, the caller's key, the reservation and the
 * event; all or nothing. Needs the payment's lock.
 *
 * @throws a violation of payments_never_more_than_captured, payment_items_never_more_than_sold, idempotency_pkey, refunds_reference_unique or
 * refunds_replaced_once
 */
export async function insertRefund(tx: Kysely<Database>, refund: NewRefund): Promise<void> {
  const { payment, legs } = refund;
  const owner = { merchant_id: payment.merchant_id, account_id: payment.account_id };
  const reservedMinor = sumWhere(legs, 'reserved');
  const refundedMinor = sumWhere(legs, 'refunded');
  const returnedMinor = legs.reduce((sum, leg) => sum + leg.returnedMinor, 0n);
  const attempts = legs.flatMap((leg) => (leg.attempt === null ? [] : [attemptRow(owner, leg, leg.attempt)]));

  let rest = tx
    .with('refund', (cte) =>
      cte.insertInto('refunds').values({
        ...owner,
        id: refund.refundId,
        payment_id: payment.id,
        origin: refund.origin,
        status: refund.status,
        currency: payment.currency,
        amount_minor: refund.amountMinor,
        returned_minor: returnedMinor,
        reference: refund.reference,
        reason: refund.reason,
        note: refund.note,
        metadata: JSON.stringify(refund.metadata),
        receipt: refund.receipt && JSON.stringify(toStoredReceipt(refund.receipt)),
        speed: refund.speed,
        replaces: refund.replaces,
        created_by: refund.createdBy,
        finalized_at: refund.isFinal ? appNow : null,
      }),
    )
    .with('paid', (cte) =>
      cte
        .updateTable('payments')
        .set({
          reserved_minor: sql<bigint>`reserved_minor + ${reservedMinor}`,
          refunded_minor: sql<bigint>`refunded_minor + ${refundedMinor}`,
          overcommitted: refund.isFact
            ? sql<boolean>`overcommitted OR refunded_minor + reserved_minor + ${reservedMinor + refundedMinor} > captured_minor`
            : sql<boolean>`overcommitted`,
          version: sql<number>`version + 1`,
          updated_at: appNow,
        })
        .where('id', '=', payment.id),
    )
    .with('leg', (cte) => cte.insertInto('refund_legs').values(legs.map((leg) => legRow(owner, refund, leg))))
    .with('share', (cte) => cte.insertInto('leg_sources').values(shareRows(payment.merchant_id, legs)));
  if (attempts.length > 0)
    rest = rest.with('attempt', (cte) => cte.insertInto('leg_attempts').values(attempts)) as typeof rest;
  const { idempotency } = refund;
  if (idempotency !== null)
    rest = rest.with('key', (cte) =>
      idempotency.continues === null
        ? cte.insertInto('idempotency').values({
            merchant_id: payment.merchant_id,
            key: idempotency.key,
            hash_version: idempotency.hashVersion,
            content_hash: idempotency.hash,
            refund_id: refund.refundId,
            operation_id: null,
          })
        : cte
            .updateTable('idempotency')
            .set({ refund_id: refund.refundId })
            .where('merchant_id', '=', payment.merchant_id)
            .where('key', '=', idempotency.key)
            .where('operation_id', '=', idempotency.continues)
            .where('refund_id', 'is', null),
    ) as typeof rest;
  // A source has one share in a refund, so no row is updated twice by the statement.
  const counted = legs.flatMap((leg) => leg.shares.map((share) => ({ share, counts: leg.counts })));
  for (const [index, { share, counts }] of counted.entries())
    rest = rest.with(`counted_${index}`, (cte) =>
      countedShare(cte as unknown as Kysely<Database>, share, counts, refund.isFact),
    ) as typeof rest;
  const itemRows = refundItemRows(payment.merchant_id, refund.refundId, legs);
  if (itemRows.length > 0)
    rest = rest
      .with('item', (cte) => cte.insertInto('refund_items').values(itemRows))
      .with('counted_item', (cte) =>
        countedItems(cte as unknown as Kysely<Database>, legs, refund.isFact),
      ) as typeof rest;
  await rest.insertInto('events').values(eventRow(refund.event)).execute();
}

/**
 * Lets a refund take the place of another one, unless it has that of a third, or the other has a successor
 * (refunds_replaced_once). Needs the payment's lock, under which all of them are decided.
 */
export async function noteReplaced(tx: Kysely<Database>, id: RefundId, replaced: RefundId): Promise<void> {
  await sql`
    UPDATE refunds SET replaces = ${replaced}
    WHERE id = ${id} AND replaces IS NULL AND id <> ${replaced}
      AND NOT EXISTS (SELECT 1 FROM refunds other WHERE other.replaces = ${replaced})`.execute(tx);
}

/** Adds a share to the sums of its source; a caller's wish cannot pass the CHECK of a source either. */
const countedShare = (
  cte: Kysely<Database>,
  share: LegShare,
  { reserved, refunded }: LegCounts,
  isFact: boolean,
) => {
  const feeMinor = share.platformFeeMinor ?? 0n;
  return cte
    .updateTable('payment_sources')
    .set({
      reserved_minor: sql<bigint>`reserved_minor + ${BigInt(reserved) * share.amountMinor}`,
      refunded_minor: sql<bigint>`refunded_minor + ${BigInt(refunded) * share.amountMinor}`,
      fee_reserved_minor: sql<bigint>`fee_reserved_minor + ${BigInt(reserved) * feeMinor}`,
      fee_returned_minor: sql<bigint>`fee_returned_minor + ${BigInt(refunded) * feeMinor}`,
      overcommitted: isFact
        ? sql<boolean>`overcommitted
            OR refunded_minor + reserved_minor + ${BigInt(reserved + refunded) * share.amountMinor} > captured_minor
            OR fee_returned_minor + fee_reserved_minor + ${BigInt(reserved + refunded) * feeMinor} > COALESCE(platform_fee_minor, 0)`
        : sql<boolean>`overcommitted`,
    })
    .where('id', '=', share.sourceId);
};

const sumWhere = (legs: readonly NewLeg[], bucket: keyof LegCounts): bigint =>
  legs.reduce((sum, leg) => sum + BigInt(leg.counts[bucket]) * leg.amountMinor, 0n);

type Owner = Pick<Payment, 'merchant_id' | 'account_id'>;

const legRow = (owner: Owner, refund: NewRefund, leg: NewLeg): InsertObject<Database, 'refund_legs'> => ({
  ...owner,
  ...leg.columns,
  id: leg.legId,
  payment_id: refund.payment.id,
  refund_id: refund.refundId,
  name: leg.name,
  status: leg.status,
  amount_minor: leg.amountMinor,
  returned_minor: leg.returnedMinor,
  sent_at: leg.leaseMs === null ? null : appNow,
  lease_until: fromAppNow(leg.leaseMs),
  next_look_at: fromAppNow(leg.nextLookInMs),
  finalized_at: leg.counts.reserved === 1 ? null : appNow,
});

const attemptRow = (
  owner: Owner,
  leg: NewLeg,
  attempt: NewAttempt,
): InsertObject<Database, 'leg_attempts'> => ({
  ...owner,
  ...attempt,
  leg_id: leg.legId,
  attempt: 1,
  sends: leg.leaseMs === null ? 0 : 1,
  first_sent_at: leg.leaseMs === null ? null : appNow,
  last_sent_at: leg.leaseMs === null ? null : appNow,
});

const shareRows = (merchantId: MerchantId, legs: readonly NewLeg[]) =>
  legs.flatMap((leg) =>
    leg.shares.map((share) => ({
      leg_id: leg.legId,
      source_id: share.sourceId,
      merchant_id: merchantId,
      amount_minor: share.amountMinor,
      platform_fee_minor: share.platformFeeMinor,
    })),
  );
