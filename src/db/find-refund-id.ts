import type { Kysely } from 'kysely';
import type { MerchantId, RefundId } from '../ids.ts';
import type { Database } from './tables.ts';

type Db = Kysely<Database>;

/** Index refunds_reference_unique. */
export async function findRefundIdByReference(
  db: Db,
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

/** Primary key of idempotency. Undefined also for a key that voided a payment: it made no refund. */
export async function findRefundIdByIdempotencyKey(
  db: Db,
  merchantId: MerchantId,
  key: string,
): Promise<RefundId | undefined> {
  const row = await db
    .selectFrom('idempotency')
    .select('refund_id')
    .where('merchant_id', '=', merchantId)
    .where('key', '=', key)
    .executeTakeFirst();
  return row?.refund_id ?? undefined;
}

/** Indexes accounts_code_unique and refund_legs_provider_refund_unique. */
export async function findRefundIdAtProvider(
  db: Db,
  merchantId: MerchantId,
  accountCode: string,
  providerRefundId: string,
): Promise<RefundId | undefined> {
  const row = await db
    .selectFrom('refund_legs')
    .innerJoin('accounts', 'accounts.id', 'refund_legs.account_id')
    .select('refund_legs.refund_id')
    .where('accounts.code', '=', accountCode)
    .where('refund_legs.merchant_id', '=', merchantId)
    .where('refund_legs.provider_refund_id', '=', providerRefundId)
    .executeTakeFirst();
  return row?.refund_id;
}
