import type { Kysely, Selectable } from 'kysely';
import type { MerchantId, RefundId } from '../ids.ts';
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
