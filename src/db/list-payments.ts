import { sql, type Kysely, type Selectable } from 'kysely';
import type { AccountId, MerchantId } from '../ids.ts';
import type { PaymentStatus } from '../vocabulary.ts';
import { exactCreatedAt, readDirection, toPage, withinPage, type Page, type PageQuery } from './list-page.ts';
import type { Database, PaymentTable } from './tables.ts';

/** A payment in a list, with the exact text of its `created_at`. */
export type ListedPayment = Selectable<PaymentTable> & { readonly exact_created_at: string };

/** All given conditions together; `from` inclusive, `to` exclusive. */
export interface PaymentConditions {
  readonly accountId?: AccountId | undefined;
  readonly orderReference?: string | undefined;
  readonly statuses?: readonly PaymentStatus[] | undefined;
  readonly createdAt?: { readonly from?: Date | undefined; readonly to?: Date | undefined } | undefined;
}

/**
 * The public status in SQL: the provider's state, and for a captured payment what our ledger says of
 * refunds. The same rule as `paymentStatusOf`.
 */
const publicStatus = sql<string>`CASE
  WHEN payments.state <> 'CAPTURED' OR payments.refunded_minor = 0 THEN payments.state
  WHEN payments.refunded_minor >= payments.captured_minor THEN 'REFUNDED'
  ELSE 'PARTIALLY_REFUNDED' END`;

/** Statuses of a payment that was not captured. */
const NEVER_CAPTURED: ReadonlySet<PaymentStatus> = new Set(['PENDING', 'AUTHORIZED', 'CANCELED', 'FAILED']);

/** Keyset over payments_newest, payments_not_captured, payments_by_account or payments_by_order_reference, as the conditions allow. */
export async function listPayments(
  db: Kysely<Database>,
  merchantId: MerchantId,
  { accountId, orderReference, statuses, createdAt }: PaymentConditions,
  page: PageQuery,
): Promise<Page<ListedPayment>> {
  const rows = await db
    .selectFrom('payments')
    .selectAll('payments')
    .select(exactCreatedAt('payments').as('exact_created_at'))
    .where('payments.merchant_id', '=', merchantId)
    .$if(accountId !== undefined, (q) => q.where('payments.account_id', '=', accountId!))
    .$if(orderReference !== undefined, (q) => q.where('payments.order_reference', '=', orderReference!))
    .$if(statuses !== undefined, (q) =>
      q.where(sql<boolean>`${publicStatus} = ANY(${[...statuses!]}::text[])`),
    )
    // So that payments_not_captured is used, whose condition has to be in the text.
    .$if(statuses?.every((status) => NEVER_CAPTURED.has(status)) === true, (q) =>
      q.where(sql<boolean>`payments.state <> 'CAPTURED'`),
    )
    .$if(createdAt?.from !== undefined, (q) => q.where('payments.created_at', '>=', createdAt!.from!))
    .$if(createdAt?.to !== undefined, (q) => q.where('payments.created_at', '<', createdAt!.to!))
    .where(withinPage('payments', page))
    .orderBy('payments.created_at', readDirection(page))
    .orderBy('payments.id', readDirection(page))
    .limit(page.limit + 1)
    .execute();
  return toPage(rows, page);
}
