import { sql, type Insertable, type Kysely, type Selectable } from 'kysely';
import type { AccountId, MerchantId, PaymentId } from '../ids.ts';
import { epochNumber, epochOpenedAt, type Epoch } from './epochs.ts';
import { appNow } from './sql-time.ts';
import type { Database, PaymentSourceTable, PaymentTable } from './tables.ts';

export type Payment = Selectable<PaymentTable>;
export type PaymentSource = Selectable<PaymentSourceTable>;
type Db = Kysely<Database>;

/** A payment as it was read, with the database's time of the reading: its age by one clock. */
export type ReadPayment = Payment & { readonly read_at: Date };

/** How long ago the provider said what is stored, in milliseconds; no process's clock has a part in it. */
export const factsAgeMs = ({ as_of, read_at }: ReadPayment): number => read_at.getTime() - as_of.getTime();

/** Primary key. */
export function findPayment(db: Db, merchantId: MerchantId, id: PaymentId): Promise<ReadPayment | undefined> {
  return db
    .selectFrom('payments')
    .selectAll()
    .select(appNow.as('read_at'))
    .where('id', '=', id)
    .where('merchant_id', '=', merchantId)
    .executeTakeFirst();
}

/** Index payments_of_account. */
export function findPaymentAtProvider(
  db: Db,
  merchantId: MerchantId,
  accountId: AccountId,
  providerPaymentId: string,
): Promise<ReadPayment | undefined> {
  return db
    .selectFrom('payments')
    .selectAll()
    .select(appNow.as('read_at'))
    .where('account_id', '=', accountId)
    .where('provider_payment_id', '=', providerPaymentId)
    .where('merchant_id', '=', merchantId)
    .executeTakeFirst();
}

/** A payment under its lock, with the database's time of the transaction and the present epoch. */
export type LockedPayment = Payment & { readonly locked_at: Date; readonly epoch: Epoch };

/**
 * Takes the lock under which everything about this payment's money is decided. Lock order: payment, refund,
 * leg, attempt.
 */
export async function lockPaymentForUpdate(
  tx: Db,
  merchantId: MerchantId,
  id: PaymentId,
): Promise<LockedPayment | undefined> {
  const row = await tx
    .selectFrom('payments')
    .selectAll()
    .select([appNow.as('locked_at'), epochNumber.as('epoch_number'), epochOpenedAt.as('epoch_opened_at')])
    .where('id', '=', id)
    .where('merchant_id', '=', merchantId)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { epoch_number: number, epoch_opened_at: openedAt, ...payment } = row;
  return { ...payment, epoch: { number, openedAt } };
}

/**
 * Takes the payment's lock and raises its version: for what changes something beside the payment that a refund is decided
 * on, and not the payment itself. Every such change does it in its own transaction, since refunds are reserved on a
 * version that was read without the lock. Primary key.
 */
export async function raiseVersion(tx: Db, id: PaymentId): Promise<void> {
  await tx
    .updateTable('payments')
    .set({ version: sql<number>`version + 1`, updated_at: appNow })
    .where('id', '=', id)
    .execute();
}

/** Locks those of these payments that nobody else holds, and tells which. Primary key. */
export async function lockFreePayments(tx: Db, ids: readonly PaymentId[]): Promise<PaymentId[]> {
  const rows = await tx
    .selectFrom('payments')
    .select('id')
    .where(sql<boolean>`id = ANY(${[...ids]}::uuid[])`)
    .orderBy('id')
    .forNoKeyUpdate()
    .skipLocked()
    .execute();
  return rows.map((row) => row.id);
}

/** First sight: two at once make one row (payments_of_account). */
export async function insertPaymentIfAbsent(tx: Db, row: Insertable<PaymentTable>): Promise<void> {
  await tx
    .insertInto('payments')
    .values(row)
    .onConflict((oc) => oc.constraint('payments_of_account').doNothing())
    .execute();
}

/** Index payment_sources_seller_unique. */
export function listPaymentSources(db: Db, paymentId: PaymentId): Promise<PaymentSource[]> {
  return db
    .selectFrom('payment_sources')
    .selectAll()
    .where('payment_id', '=', paymentId)
    .orderBy('seller')
    .execute();
}

/** The sellers of one payment; a new one raises its version. Needs the payment's lock. */
export async function insertPaymentSourcesIfAbsent(
  tx: Db,
  rows: readonly Insertable<PaymentSourceTable>[],
): Promise<void> {
  await tx
    .with('added', (cte) =>
      cte
        .insertInto('payment_sources')
        .values([...rows])
        .onConflict((oc) => oc.constraint('payment_sources_seller_unique').doNothing())
        .returning('payment_id'),
    )
    .updateTable('payments')
    .set({ version: sql<number>`version + 1`, updated_at: appNow })
    .where('id', 'in', (eb) => eb.selectFrom('added').select('payment_id'))
    .execute();
}

/** Raises what was captured per seller; a refund never lowers it. */
export async function raiseCapturedOfSources(
  tx: Db,
  paymentId: PaymentId,
  captured: readonly { readonly seller: string; readonly capturedMinor: bigint }[],
): Promise<void> {
  for (const { seller, capturedMinor } of captured)
    await tx
      .updateTable('payment_sources')
      .set({ captured_minor: capturedMinor })
      .where('payment_id', '=', paymentId)
      .where('seller', '=', seller)
      .where('captured_minor', '<', capturedMinor)
      .execute();
}

export type PaymentFactColumns = Pick<
  Payment,
  | 'order_reference'
  | 'state'
  | 'raw_status'
  | 'method'
  | 'amount_minor'
  | 'captured_minor'
  | 'provider_refunded_minor'
  | 'refundable_by_provider'
  | 'whole_only'
  | 'captured_at'
  | 'hold_expires_at'
  | 'refund_window_closes_at'
  | 'as_of'
> & { readonly handles: string };

/** Stores what the provider said; never touches our own sums. Needs the payment's lock. */
export async function updatePaymentFacts(tx: Db, id: PaymentId, facts: PaymentFactColumns): Promise<void> {
  await tx
    .updateTable('payments')
    .set({ ...facts, version: sql<number>`version + 1`, updated_at: sql<Date>`app_now()` })
    .where('id', '=', id)
    .execute();
}

/** Sums the provider refunds that belong to nobody yet; while there are any, somebody looks. Needs the payment's lock. */
export async function updateUnbound(tx: Db, id: PaymentId): Promise<void> {
  await sql`
    UPDATE payments SET unbound_minor = u.minor,
      next_look_at = CASE WHEN u.minor > 0 THEN COALESCE(next_look_at, app_now()) ELSE next_look_at END, version = version + 1, updated_at = app_now()
    FROM (SELECT COALESCE(SUM(amount_minor), 0)::bigint AS minor FROM provider_refunds
          WHERE payment_id = ${id} AND leg_id IS NULL AND status IN ('PENDING', 'SUCCEEDED', 'UNRECOGNISED')) u
    WHERE id = ${id} AND unbound_minor <> u.minor`.execute(tx);
}

/** Takes the mark away where the sum holds again; a source of the payment has its own. Needs the payment's lock. */
export async function clearOvercommitment(tx: Db, id: PaymentId): Promise<void> {
  await tx
    .updateTable('payments')
    .set({ overcommitted: false, version: sql<number>`version + 1`, updated_at: sql<Date>`app_now()` })
    .where('id', '=', id)
    .where('overcommitted', '=', true)
    .where(sql<boolean>`refunded_minor + reserved_minor <= captured_minor`)
    .execute();
  const cleared = await tx
    .updateTable('payment_sources')
    .set({ overcommitted: false })
    .where('payment_id', '=', id)
    .where('overcommitted', '=', true)
    .where(sql<boolean>`refunded_minor + reserved_minor <= captured_minor`)
    .where(sql<boolean>`fee_returned_minor + fee_reserved_minor <= COALESCE(platform_fee_minor, 0)`)
    .executeTakeFirst();
  if (cleared.numUpdatedRows > 0n) await raiseVersion(tx, id);
}

/** The database's time, which every `as_of` and every lease is measured in. */
export async function readAppNow(db: Db): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`SELECT app_now() AS now`.execute(db);
  return rows[0]!.now;
}
