import { sql, type Kysely } from 'kysely';
import type { AccountId, LegId, MerchantId, PaymentId, RefundId } from '../ids.ts';
import type { LegStatus, TraceReference } from '../vocabulary.ts';
import type { Database } from './tables.ts';

/** A leg, and what its provider calls it. */
export interface LookTarget {
  readonly legId: LegId;
  readonly refundId: RefundId;
  readonly paymentId: PaymentId;
  readonly accountId: AccountId;
  readonly status: LegStatus;
  readonly attempt: number;
  readonly rawStatus: string | null;
  readonly traceReferences: readonly TraceReference[];
  /** What was counted as returned; of a leg that did not succeed, what it is to return. */
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly isBound: boolean;
  readonly createdAt: Date;
  readonly finalizedAt: Date | null;
  readonly providerPaymentId: string;
  /** From the leg, or from an answer that was recorded but not applied. */
  readonly providerRefundId: string | null;
  readonly providerCreatedAt: Date | null;
  readonly providerDetails: Readonly<Record<string, string>> | null;
}

/** Primary keys of legs, payments, attempts and provider refunds. */
export function listLookTargets(
  db: Kysely<Database>,
  merchantId: MerchantId,
  legIds: readonly LegId[],
): Promise<LookTarget[]> {
  return db
    .selectFrom('refund_legs as leg')
    .innerJoin('payments as payment', 'payment.id', 'leg.payment_id')
    .leftJoin('leg_attempts as attempt', (join) =>
      join.onRef('attempt.leg_id', '=', 'leg.id').onRef('attempt.attempt', '=', 'leg.attempt'),
    )
    .leftJoin('provider_refunds as seen', (join) =>
      join
        .onRef('seen.account_id', '=', 'leg.account_id')
        .onRef('seen.provider_refund_id', '=', 'leg.provider_refund_id'),
    )
    .select([
      'leg.id as legId',
      'leg.refund_id as refundId',
      'leg.payment_id as paymentId',
      'leg.account_id as accountId',
      'leg.status as status',
      'leg.attempt',
      'leg.raw_status as rawStatus',
      'leg.trace_references as traceReferences',
      'payment.currency as currency',
      'leg.created_at as createdAt',
      'leg.finalized_at as finalizedAt',
      'payment.provider_payment_id as providerPaymentId',
      'seen.provider_created_at as providerCreatedAt',
      'seen.details as providerDetails',
      sql<bigint>`CASE WHEN leg.status = 'SUCCEEDED' THEN leg.returned_minor ELSE leg.amount_minor END`.as(
        'amountMinor',
      ),
      sql<boolean>`leg.provider_refund_id IS NOT NULL`.as('isBound'),
      sql<string | null>`COALESCE(leg.provider_refund_id, attempt.provider_refund_id)`.as('providerRefundId'),
    ])
    .where('leg.id', 'in', [...legIds])
    .where('leg.merchant_id', '=', merchantId)
    .execute();
}
