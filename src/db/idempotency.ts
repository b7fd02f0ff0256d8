import { sql, type Kysely, type Selectable } from 'kysely';
import type { MerchantId, PaymentId, RefundId } from '../ids.ts';
import type { Database, IdempotencyTable } from './tables.ts';

export type IdempotencyRow = Selectable<IdempotencyTable>;

/** Primary key. A key is one refund or operation, for ever (rule 5). */
export function findIdempotency(
  db: Kysely<Database>,
  merchantId: MerchantId,
  key: string,
): Promise<IdempotencyRow | undefined> {
  return db
    .selectFrom('idempotency')
    .selectAll()
    .where('merchant_id', '=', merchantId)
    .where('key', '=', key)
    .executeTakeFirst();
}

/**
 * The row of a key, and whether the payment has an operation that is not finished, in one statement. To be read
 * after the payment's lock was taken, never with it: a locking statement sees what was there before it waited.
 */
export async function readKeyAndOperation(
  tx: Kysely<Database>,
  merchantId: MerchantId,
  key: string,
  paymentId: PaymentId,
): Promise<{ readonly earlier: IdempotencyRow | undefined; readonly isBeingCanceled: boolean }> {
  type Row = Selectable<IdempotencyTable> & { readonly is_being_canceled: boolean };
  const { rows } = await sql<Row | { key: null; is_being_canceled: boolean }>`
    SELECT known.*, EXISTS (
      SELECT 1 FROM payment_operations WHERE payment_id = ${paymentId} AND status IN ('SENDING', 'UNKNOWN')
    ) AS is_being_canceled
    FROM (SELECT 1) AS one
    LEFT JOIN idempotency AS known ON known.merchant_id = ${merchantId} AND known.key = ${key}`.execute(tx);
  const row = rows[0]!;
  return { earlier: row.key === null ? undefined : row, isBeingCanceled: row.is_being_canceled };
}

/** The caller's key behind a refund of ours (idempotency_by_refund). */
export async function getIdempotencyKeyOf(db: Kysely<Database>, refundId: RefundId): Promise<string> {
  const row = await db
    .selectFrom('idempotency')
    .select('key')
    .where('refund_id', '=', refundId)
    .executeTakeFirstOrThrow();
  return row.key;
}

/** Index refunds_reference_unique. */
export async function findRefundIdByReference(
  db: Kysely<Database>,
  merchantId: MerchantId,
  reference: string,
): Promise<RefundId | undefined> {
  const row = await db
    .selectFrom('refunds')
    .select('id')
    .where('merchant_id', '=', merchantId)
    .where('reference', '=', reference)
    .executeTakeFirst();
  return row?.id;
}
