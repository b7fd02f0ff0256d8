import { sql, type Kysely, type Selectable } from 'kysely';
import type { AccountId, MerchantId, PaymentId, RefundId } from '../ids.ts';
import type { RefundOrigin, RefundStatus } from '../vocabulary.ts';
import { exactCreatedAt, readDirection, toPage, withinPage, type Page, type PageQuery } from './list-page.ts';
import type { Database, RefundTable } from './tables.ts';

/** A refund in a list, with the exact text of its `created_at`. */
export type ListedRefund = Selectable<RefundTable> & { readonly exact_created_at: string };

interface InstantRange {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** All given conditions together; `from` inclusive, `to` exclusive; amounts inclusive, in minor units. */
export interface RefundConditions {
  readonly ids?: readonly RefundId[] | undefined;
  readonly paymentId?: PaymentId | undefined;
  readonly accountId?: AccountId | undefined;
  readonly orderReference?: string | undefined;
  readonly reference?: string | undefined;
  readonly seller?: string | undefined;
  readonly statuses?: readonly RefundStatus[] | undefined;
  readonly needsAttention?: boolean | undefined;
  readonly origin?: RefundOrigin | undefined;
  readonly createdAt?: InstantRange | undefined;
  readonly finalizedAt?: InstantRange | undefined;
  readonly amount?:
    | {
        readonly currency: string;
        readonly minMinor?: bigint | undefined;
        readonly maxMinor?: bigint | undefined;
      }
    | undefined;
}

type Db = Kysely<Database>;

/**
 * Keyset over refunds_newest, refunds_by_payment, refunds_by_account, refunds_by_status, refunds_by_account_and_status,
 * refunds_by_other_origin, refunds_needing_attention or refund_sellers_pkey, as the conditions allow.
 */
export async function listRefunds(
  db: Db,
  merchantId: MerchantId,
  conditions: RefundConditions,
  page: PageQuery,
): Promise<Page<ListedRefund>> {
  const isMerged = (conditions.statuses?.length ?? 0) > 1 && !namesFew(conditions);
  const rows = isMerged
    ? (await selectOfStatuses(db, merchantId, conditions, page).execute(db)).rows
    : await selectRefunds(db, merchantId, conditions, page).execute();
  return toPage(rows, page);
}

/** What few refunds have, whatever their status: those are read by it and sorted. */
const namesFew = (conditions: RefundConditions): boolean =>
  (['ids', 'paymentId', 'orderReference', 'reference', 'seller'] as const).some(
    (name) => conditions[name] !== undefined,
  ) || conditions.needsAttention === true;

/**
 * The page of each status through its index, merged: of several statuses in one condition PostgreSQL reads either all
 * rows, to sort them, or all newer rows, whatever their status.
 */
function selectOfStatuses(
  db: Db,
  merchantId: MerchantId,
  { statuses = [], ...others }: RefundConditions,
  page: PageQuery,
) {
  const ofOne = selectRefunds(db, merchantId, others, page).where(
    sql<boolean>`refunds.status = wanted.status`,
  );
  const direction = sql.raw(readDirection(page));
  return sql<ListedRefund>`
    SELECT page.* FROM unnest(${[...new Set(statuses)]}::text[]) AS wanted(status)
    CROSS JOIN LATERAL ${ofOne} AS page
    ORDER BY page.created_at ${direction}, page.id ${direction} LIMIT ${page.limit + 1}`;
}

/** The same page of each of these payments in one statement, each through refunds_by_payment. */
export async function listRefundsOfPayments(
  db: Db,
  merchantId: MerchantId,
  paymentIds: readonly PaymentId[],
  conditions: RefundConditions,
  page: PageQuery,
): Promise<Map<PaymentId, Page<ListedRefund>>> {
  const ofOne = selectRefunds(db, merchantId, conditions, page).where(
    sql<boolean>`refunds.payment_id = wanted.id`,
  );
  const direction = sql.raw(readDirection(page));
  const { rows } = await sql<ListedRefund>`
    SELECT page.* FROM unnest(${[...paymentIds]}::uuid[]) AS wanted(id)
    CROSS JOIN LATERAL ${ofOne} AS page
    ORDER BY page.created_at ${direction}, page.id ${direction}`.execute(db);
  const found = Map.groupBy(rows, (row) => row.payment_id);
  return new Map(paymentIds.map((id) => [id, toPage(found.get(id) ?? [], page)]));
}

function selectRefunds(db: Db, merchantId: MerchantId, conditions: RefundConditions, page: PageQuery) {
  const { ids, paymentId, accountId, orderReference, reference, seller, statuses, origin } = conditions;
  const { needsAttention, createdAt, finalizedAt, amount } = conditions;
  // What the order and its bounds are read from.
  const at = seller === undefined ? 'refunds' : 'place';
  const createdAtOf = sql.ref<Date>(`${at}.created_at`);
  return db
    .selectFrom('refunds')
    .$if(seller !== undefined, (q) =>
      q.innerJoin(refundsOfSeller(db, merchantId, seller!), 'place.id', 'refunds.id'),
    )
    .selectAll('refunds')
    .select(exactCreatedAt('refunds').as('exact_created_at'))
    .where('refunds.merchant_id', '=', merchantId)
    .$if(ids !== undefined, (q) => q.where(sql<boolean>`refunds.id = ANY(${[...ids!]}::uuid[])`))
    .$if(paymentId !== undefined, (q) => q.where('refunds.payment_id', '=', paymentId!))
    .$if(accountId !== undefined, (q) => q.where('refunds.account_id', '=', accountId!))
    .$if(reference !== undefined, (q) => q.where('refunds.reference', '=', reference!))
    .$if(statuses !== undefined, (q) => q.where(isOneOf(statuses!)))
    .$if(needsAttention !== undefined, (q) =>
      q.where('refunds.attention', needsAttention === true ? 'is not' : 'is', null),
    )
    .$if(origin !== undefined, (q) => q.where(isOfOrigin(origin!)))
    .$if(orderReference !== undefined, (q) =>
      q.where(
        sql<boolean>`refunds.payment_id = ANY(ARRAY(${paymentsOfOrder(db, merchantId, orderReference!)}))`,
      ),
    )
    .$if(createdAt?.from !== undefined, (q) => q.where(createdAtOf, '>=', createdAt!.from!))
    .$if(createdAt?.to !== undefined, (q) => q.where(createdAtOf, '<', createdAt!.to!))
    .$if(finalizedAt?.from !== undefined, (q) => q.where('refunds.finalized_at', '>=', finalizedAt!.from!))
    .$if(finalizedAt?.to !== undefined, (q) => q.where('refunds.finalized_at', '<', finalizedAt!.to!))
    .$if(amount !== undefined, (q) => q.where('refunds.currency', '=', amount!.currency))
    .$if(amount?.minMinor !== undefined, (q) => q.where('refunds.amount_minor', '>=', amount!.minMinor!))
    .$if(amount?.maxMinor !== undefined, (q) => q.where('refunds.amount_minor', '<=', amount!.maxMinor!))
    .where(withinPage(at, page))
    .orderBy(createdAtOf, readDirection(page))
    .orderBy(sql.ref(`${at}.id`), readDirection(page))
    .limit(page.limit + 1);
}

/** Nearly all are made by the API; the index refunds_by_other_origin has the others, and is used where the text says so. */
const isOfOrigin = (origin: RefundOrigin) =>
  origin === 'API'
    ? sql<boolean>`refunds.origin = 'API'`
    : sql<boolean>`refunds.origin <> 'API' AND refunds.origin = ${origin}`;

/** One status reads refunds_by_status in the order of the list; several are for where few rows are left to be sorted. */
const isOneOf = (statuses: readonly RefundStatus[]) =>
  statuses.length === 1
    ? sql<boolean>`refunds.status = ${statuses[0]}`
    : sql<boolean>`refunds.status = ANY(${[...statuses]}::text[])`;

/** Index payments_by_order_reference; an order has few payments, so they are read before the refunds. */
const paymentsOfOrder = (db: Db, merchantId: MerchantId, orderReference: string) =>
  db
    .selectFrom('payments')
    .select('payments.id')
    .where('payments.merchant_id', '=', merchantId)
    .where('payments.order_reference', '=', orderReference);

/** The places of a seller's refunds in the lists (refund_sellers_pkey). */
const refundsOfSeller = (db: Db, merchantId: MerchantId, seller: string) =>
  db
    .selectFrom('refund_sellers')
    .select(['refund_id as id', 'created_at'])
    .where('merchant_id', '=', merchantId)
    .where('seller', '=', seller)
    .as('place');
