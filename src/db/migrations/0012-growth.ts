import type { OnlineSteps } from '../online-migration.ts';

/**
 * Indexes for the lists that read more and more as refunds are added: of one account in one status, of what was made
 * elsewhere, and of payments that were never captured.
 *
 * Locking: online. Each index is built beside reads and writes; a build waits for the transactions that were open when it
 * began. A million refunds took 4 s (docs/growth.md).
 */
export async function online({ createIndex }: OnlineSteps): Promise<void> {
  await createIndex(
    'refunds_by_account_and_status',
    'ON refunds (merchant_id, account_id, status, created_at DESC, id DESC)',
  );
  await createIndex(
    'refunds_by_other_origin',
    "ON refunds (merchant_id, origin, created_at DESC, id DESC) WHERE origin <> 'API'",
  );
  await createIndex(
    'payments_not_captured',
    "ON payments (merchant_id, created_at DESC, id DESC) WHERE state <> 'CAPTURED'",
  );
}
