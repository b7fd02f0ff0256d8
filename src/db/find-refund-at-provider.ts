import type { Kysely } from 'kysely';
import type { MerchantId, RefundId } from '../ids.ts';
import type { Database } from './tables.ts';

/** Indexes accounts_code_unique and refund_legs_provider_refund_unique. */
export async function findRefundIdAtProvider(
  db: Kysely<Database>,
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
