import { sql, type Kysely, type Selectable } from 'kysely';
import type { MerchantId, RefundId } from '../ids.ts';
import { groupBy } from './batched-read.ts';
import type { Database, EventTable } from './tables.ts';

/** What happened to a refund or one of its legs. */
export type RefundEvent = Pick<
  Selectable<EventTable>,
  'leg_id' | 'kind' | 'from_status' | 'to_status' | 'source' | 'actor' | 'evidence' | 'at'
> & { readonly refund_id: RefundId };

/** The events of these refunds, newest last, in one statement (events_by_refund). */
export async function listEvents(
  db: Kysely<Database>,
  merchantId: MerchantId,
  refundIds: readonly RefundId[],
): Promise<Map<RefundId, RefundEvent[]>> {
  const rows = await db
    .selectFrom('events')
    .select(['leg_id', 'kind', 'from_status', 'to_status', 'source', 'actor', 'evidence', 'at'])
    .select(sql<RefundId>`refund_id`.as('refund_id'))
    .where('merchant_id', '=', merchantId)
    .where(sql<boolean>`refund_id = ANY(${[...refundIds]}::uuid[])`)
    .orderBy('id')
    .execute();
  return groupBy(rows, (row) => row.refund_id);
}
