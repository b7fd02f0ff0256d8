import { sql, type Kysely } from 'kysely';
import type { MerchantId, RefundId } from '../ids.ts';
import { groupBy } from './batched-read.ts';
import type { Leg } from './legs.ts';
import type { Database } from './tables.ts';

/** A leg about which a person may decide, and what is known about it. */
export type UnclearLeg = Pick<
  Leg,
  | 'id'
  | 'refund_id'
  | 'name'
  | 'status'
  | 'amount_minor'
  | 'provider_refund_id'
  | 'lease_until'
  | 'look_lease_until'
> & {
  /** First send of its newest attempt that was sent; null: none ever was. */
  readonly first_sent_at: Date | null;
  readonly last_sent_at: Date | null;
  /** Of the provider refund that it is bound to, as it was last seen; null: it is bound to none. */
  readonly provider_status: string | null;
  readonly provider_amount_minor: bigint | null;
  readonly provider_currency: string | null;
  /** How many sellers have a share in it. */
  readonly share_count: number;
};

/** Indexes refund_legs_name_unique, leg_attempts_pkey, provider_refunds_leg_unique and leg_sources_pkey; by name. */
export async function listUnclearLegs(
  db: Kysely<Database>,
  merchantId: MerchantId,
  refundIds: readonly RefundId[],
): Promise<Map<RefundId, UnclearLeg[]>> {
  const rows = await db
    .selectFrom('refund_legs as leg')
    .leftJoin('provider_refunds as seen', 'seen.leg_id', 'leg.id')
    .select(['leg.id', 'leg.refund_id', 'leg.name', 'leg.status', 'leg.amount_minor'])
    .select(['leg.provider_refund_id', 'leg.lease_until'])
    // What readers have asked goes on beside a verdict; only a plan has to come to its end.
    .select(
      sql<Date | null>`CASE WHEN NOT leg.look_is_shared THEN leg.look_lease_until END`.as('look_lease_until'),
    )
    .select([
      'seen.status as provider_status',
      'seen.amount_minor as provider_amount_minor',
      'seen.currency as provider_currency',
    ])
    .select([
      sql<Date | null>`(SELECT max(first_sent_at) FROM leg_attempts WHERE leg_id = leg.id)`.as(
        'first_sent_at',
      ),
      sql<Date | null>`(SELECT max(last_sent_at) FROM leg_attempts WHERE leg_id = leg.id)`.as('last_sent_at'),
      sql<number>`(SELECT count(*)::int FROM leg_sources WHERE leg_id = leg.id)`.as('share_count'),
    ])
    .where('leg.merchant_id', '=', merchantId)
    .where(sql<boolean>`leg.refund_id = ANY(${[...refundIds]}::uuid[])`)
    .where('leg.status', 'in', ['UNKNOWN', 'MANUAL_REVIEW'])
    .orderBy('leg.name')
    .execute();
  return groupBy(rows, (row) => row.refund_id);
}
