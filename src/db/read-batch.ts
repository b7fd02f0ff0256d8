import { sql, type Kysely, type Selectable } from 'kysely';
import type { AccountId, LegId, MerchantId, OperationId, PaymentId, RefundId, SourceId } from '../ids.ts';
import { listEvents, type RefundEvent } from './list-events.ts';
import { batchedRead, groupBy, indexBy, type BatchedRead } from './batched-read.ts';
import type { Leg, Refund } from './legs.ts';
import type { PaymentItem } from './payment-items.ts';
import type { Payment, PaymentSource } from './payments.ts';
import { appNow } from './sql-time.ts';
import type { AccountTable, Database, MerchantTable } from './tables.ts';
import { isOpenLeg, isOpenOperation } from './open-status.ts';
import { listUnclearLegs, type UnclearLeg } from './unclear-legs.ts';

export type Account = Selectable<AccountTable>;
export type Merchant = Selectable<MerchantTable>;

/** A leg with the currency of its refund, and the database's time of the reading: its age by one clock. */
export type RefundLeg = Leg & { readonly currency: string; readonly read_at: Date };

/** The share of one seller in one leg. */
export interface RefundShare {
  readonly refund_id: RefundId;
  readonly leg_id: LegId;
  readonly source_id: SourceId;
  readonly seller: string;
  readonly amount_minor: bigint;
  readonly platform_fee_minor: bigint | null;
  readonly currency: string;
}

/** A payment's source with the currency of the payment. */
export type PaymentShare = PaymentSource & { readonly currency: string };

/** A line of a payment's cart with the currency of the payment. */
export type PaymentLine = PaymentItem & { readonly currency: string };

/** What one leg takes of a line. */
export interface RefundLine {
  readonly refund_id: RefundId;
  readonly leg_id: LegId;
  readonly quantity_hundredths: bigint;
  readonly amount_minor: bigint;
  readonly line: PaymentLine;
}

/** What a leg that is not final says about its payment. */
export type OpenLegState = Pick<Leg, 'payment_id' | 'refund_id' | 'status'>;

/** Reads by key, of all requests of one tick and one merchant in one statement each; nothing is kept. */
export interface ReadBatch {
  readonly refund: BatchedRead<RefundId, Refund>;
  readonly payment: BatchedRead<PaymentId, Payment>;
  readonly account: BatchedRead<AccountId, Account>;
  readonly merchant: BatchedRead<MerchantId, Merchant>;
  /** By name, which is their order everywhere. */
  readonly legsOfRefund: BatchedRead<RefundId, readonly RefundLeg[]>;
  readonly sharesOfRefund: BatchedRead<RefundId, readonly RefundShare[]>;
  readonly sharesOfPayment: BatchedRead<PaymentId, readonly PaymentShare[]>;
  /** In the order of the cart. */
  readonly itemsOfPayment: BatchedRead<PaymentId, readonly PaymentLine[]>;
  /** In the order of the cart. */
  readonly itemsOfRefund: BatchedRead<RefundId, readonly RefundLine[]>;
  /** Newest last. */
  readonly eventsOfRefund: BatchedRead<RefundId, readonly RefundEvent[]>;
  /** The refund that took the place of this one. */
  readonly replacementOfRefund: BatchedRead<RefundId, RefundId>;
  /** Those that wait for the truth or for a verdict, by name. */
  readonly unclearLegsOfRefund: BatchedRead<RefundId, readonly UnclearLeg[]>;
  readonly openLegsOfPayment: BatchedRead<PaymentId, readonly OpenLegState[]>;
  /** The cancelPayment that is not finished. */
  readonly openOperationOfPayment: BatchedRead<PaymentId, OperationId>;
}

const batches = new WeakMap<object, ReadBatch>();

/** The one batch of a database, shared by all requests of the process. */
export function readBatchOf(db: Kysely<Database>): ReadBatch {
  const known = batches.get(db);
  if (known !== undefined) return known;
  const created = createReadBatch(db);
  batches.set(db, created);
  return created;
}

/** A list as one parameter, so that every length is the same prepared statement. */
const isAny = (column: string, ids: readonly string[]) =>
  sql<boolean>`${sql.ref(column)} = ANY(${[...ids]}::uuid[])`;

function createReadBatch(db: Kysely<Database>): ReadBatch {
  return {
    /** Primary key. */
    refund: batchedRead(async (merchantId, ids) => {
      const rows = db.selectFrom('refunds').selectAll().where('merchant_id', '=', merchantId);
      return indexBy(await rows.where(isAny('id', ids)).execute(), (row) => row.id);
    }),
    /** Primary key. */
    payment: batchedRead(async (merchantId, ids) => {
      const rows = db.selectFrom('payments').selectAll().where('merchant_id', '=', merchantId);
      return indexBy(await rows.where(isAny('id', ids)).execute(), (row) => row.id);
    }),
    /** Primary key. */
    account: batchedRead(async (merchantId, ids) => {
      const rows = db.selectFrom('accounts').selectAll().where('merchant_id', '=', merchantId);
      return indexBy(await rows.where(isAny('id', ids)).execute(), (row) => row.id);
    }),
    /** Primary key. */
    merchant: batchedRead(async (merchantId, ids) => {
      const rows = db.selectFrom('merchants').selectAll().where('id', '=', merchantId);
      return indexBy(await rows.where(isAny('id', ids)).execute(), (row) => row.id);
    }),
    /** Index refund_legs_name_unique. */
    legsOfRefund: batchedRead(async (merchantId, ids) => {
      const rows = await db
        .selectFrom('refund_legs')
        .innerJoin('refunds', 'refunds.id', 'refund_legs.refund_id')
        .selectAll('refund_legs')
        .select(['refunds.currency', appNow.as('read_at')])
        .where('refund_legs.merchant_id', '=', merchantId)
        .where(isAny('refund_legs.refund_id', ids))
        .orderBy('refund_legs.name')
        .execute();
      return groupBy(rows, (row) => row.refund_id);
    }),
    /** Index refund_legs_name_unique, then primary keys. */
    sharesOfRefund: batchedRead(async (merchantId, ids) => {
      const rows = await db
        .selectFrom('refund_legs')
        .innerJoin('refunds', 'refunds.id', 'refund_legs.refund_id')
        .innerJoin('leg_sources', 'leg_sources.leg_id', 'refund_legs.id')
        .innerJoin('payment_sources', 'payment_sources.id', 'leg_sources.source_id')
        .select(['refund_legs.refund_id', 'leg_sources.leg_id', 'leg_sources.source_id'])
        .select(['payment_sources.seller', 'leg_sources.amount_minor', 'leg_sources.platform_fee_minor'])
        .select('refunds.currency')
        .where('refund_legs.merchant_id', '=', merchantId)
        .where(isAny('refund_legs.refund_id', ids))
        .orderBy('payment_sources.seller')
        .execute();
      return groupBy(rows, (row) => row.refund_id);
    }),
    /** Index payment_sources_seller_unique. */
    sharesOfPayment: batchedRead(async (merchantId, ids) => {
      const rows = await db
        .selectFrom('payment_sources')
        .innerJoin('payments', 'payments.id', 'payment_sources.payment_id')
        .selectAll('payment_sources')
        .select('payments.currency')
        .where('payment_sources.merchant_id', '=', merchantId)
        .where(isAny('payment_sources.payment_id', ids))
        .orderBy('payment_sources.seller')
        .execute();
      return groupBy(rows, (row) => row.payment_id);
    }),
    /** Index payment_items_item_unique. */
    itemsOfPayment: batchedRead(async (merchantId, ids) => {
      const rows = await db
        .selectFrom('payment_items')
        .innerJoin('payments', 'payments.id', 'payment_items.payment_id')
        .selectAll('payment_items')
        .select('payments.currency')
        .where('payment_items.merchant_id', '=', merchantId)
        .where(isAny('payment_items.payment_id', ids))
        .orderBy('payment_items.position')
        .execute();
      return groupBy(rows, (row) => row.payment_id);
    }),
    /** Index refund_items_by_refund, then primary keys. */
    itemsOfRefund: batchedRead(async (merchantId, ids) => {
      const rows = await db
        .selectFrom('refund_items as part')
        .innerJoin('payment_items as line', 'line.id', 'part.item_id')
        .innerJoin('refunds', 'refunds.id', 'part.refund_id')
        .selectAll('line')
        .select(['refunds.currency', 'part.refund_id', 'part.leg_id'])
        .select(['part.quantity_hundredths', 'part.amount_minor'])
        .where('part.merchant_id', '=', merchantId)
        .where(isAny('part.refund_id', ids))
        .orderBy('line.position')
        .execute();
      const parts = rows.map(({ refund_id, leg_id, quantity_hundredths, amount_minor, ...line }) => ({
        refund_id,
        leg_id,
        quantity_hundredths,
        amount_minor,
        line,
      }));
      return groupBy(parts, (part) => part.refund_id);
    }),
    eventsOfRefund: batchedRead((merchantId, ids) => listEvents(db, merchantId, ids)),
    /** Index refunds_replaced_once. */
    replacementOfRefund: batchedRead(async (merchantId, ids) => {
      const rows = await db
        .selectFrom('refunds')
        .select(['id', 'replaces'])
        .where('merchant_id', '=', merchantId)
        .where(isAny('replaces', ids))
        .execute();
      return new Map(rows.flatMap(({ id, replaces }) => (replaces === null ? [] : [[replaces, id]])));
    }),
    unclearLegsOfRefund: batchedRead((merchantId, ids) => listUnclearLegs(db, merchantId, ids)),
    /** Index refund_legs_open. */
    openLegsOfPayment: batchedRead(async (merchantId, ids) => {
      const rows = await db
        .selectFrom('refund_legs')
        .select(['payment_id', 'refund_id', 'status'])
        .where('merchant_id', '=', merchantId)
        .where(isAny('payment_id', ids))
        .where(isOpenLeg)
        .execute();
      return groupBy(rows, (row) => row.payment_id);
    }),
    /** Index payment_operations_one_open_per_payment. */
    openOperationOfPayment: batchedRead(async (merchantId, ids) => {
      const rows = await db
        .selectFrom('payment_operations')
        .select(['id', 'payment_id'])
        .where('merchant_id', '=', merchantId)
        .where(isAny('payment_id', ids))
        .where(isOpenOperation)
        .execute();
      return new Map(rows.map((row) => [row.payment_id, row.id]));
    }),
  };
}
