import { sql, type Kysely } from 'kysely';
import type { Cause } from '../context.ts';
import type { MerchantId, PaymentId } from '../ids.ts';
import { insertEvent } from './events.ts';
import type { Leg } from './legs.ts';
import type { Database } from './tables.ts';

type Db = Kysely<Database>;

/** A leg that may have been tried again in a time that a restore made us forget. */
export interface RetriableLeg extends Leg {
  /** The caller's key of its refund. */
  readonly idempotency_key: string;
  readonly merchant_code: string;
}

/** Legs of ours that have not succeeded, with what their keys are derived from (refunds_by_payment). */
export function listRetriableLegs(tx: Db, paymentId: PaymentId): Promise<RetriableLeg[]> {
  return tx
    .selectFrom('refunds')
    .innerJoin('refund_legs', 'refund_legs.refund_id', 'refunds.id')
    .innerJoin('idempotency', 'idempotency.refund_id', 'refunds.id')
    .innerJoin('merchants', 'merchants.id', 'refunds.merchant_id')
    .selectAll('refund_legs')
    .select(['idempotency.key as idempotency_key', 'merchants.code as merchant_code'])
    .where('refunds.payment_id', '=', paymentId)
    .where('refund_legs.status', 'in', ['QUEUED', 'SENDING', 'UNKNOWN', 'PENDING', 'MANUAL_REVIEW', 'FAILED'])
    .execute();
}

/** Provider refunds of the payment with one of these references (provider_refunds_by_payment). */
export async function listIdsByReference(
  tx: Db,
  paymentId: PaymentId,
  references: readonly string[],
): Promise<string[]> {
  const rows = await tx
    .selectFrom('provider_refunds')
    .select('provider_refund_id')
    .where('payment_id', '=', paymentId)
    .where('our_reference', 'in', [...references])
    .execute();
  return rows.map((row) => row.provider_refund_id);
}

/** Counts the attempts of a leg on to one that was made and forgotten; the leg's state waits for its facts. */
export async function countAttemptsOn(tx: Db, leg: Leg, attempt: number, by: Cause): Promise<void> {
  await tx
    .updateTable('refund_legs')
    .set({ attempt, provider_refund_id: null, raw_status: null })
    .where('id', '=', leg.id)
    .execute();
  await tx
    .updateTable('refunds')
    .set({
      retries: sql<number>`GREATEST(retries, ${attempt - 1}::int)`,
      version: sql<number>`version + 1`,
      updated_at: sql<Date>`app_now()`,
    })
    .where('id', '=', leg.refund_id)
    .execute();
  await insertEvent(tx, {
    merchantId: leg.merchant_id as MerchantId,
    paymentId: leg.payment_id,
    refundId: leg.refund_id,
    legId: leg.id,
    kind: 'leg.remembered',
    source: 'PROVIDER_READ',
    cause: by,
    evidence: { attempt },
  });
}
