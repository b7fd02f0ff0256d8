import { sql, type Insertable, type Kysely } from 'kysely';
import type { Cause } from '../context.ts';
import type { LegId, MerchantId, OperationId, PaymentId, RefundId } from '../ids.ts';
import type { Evidence } from '../vocabulary.ts';
import type { Database, EventTable } from './tables.ts';

/** Where the knowledge behind a change came from. */
export type EventSource = 'API' | 'PROVIDER_ANSWER' | 'PROVIDER_MESSAGE' | 'PROVIDER_READ' | 'SERVICE';

export interface EventInput {
  readonly merchantId: MerchantId;
  readonly paymentId: PaymentId;
  readonly refundId?: RefundId | null;
  readonly legId?: LegId | null;
  readonly operationId?: OperationId | null;
  /** What happened, such as `leg.moved` or `refund.created`. */
  readonly kind: string;
  readonly from?: string | null;
  readonly to?: string | null;
  readonly source: EventSource;
  readonly cause: Cause;
  readonly evidence?: Evidence;
}

export const eventRow = (event: EventInput): Insertable<EventTable> => ({
  merchant_id: event.merchantId,
  payment_id: event.paymentId,
  refund_id: event.refundId ?? null,
  leg_id: event.legId ?? null,
  operation_id: event.operationId ?? null,
  kind: event.kind,
  from_status: event.from ?? null,
  to_status: event.to ?? null,
  source: event.source,
  actor: event.cause.actor,
  api_key_id: event.cause.keyId,
  request_id: event.cause.requestId,
  evidence: JSON.stringify(event.evidence ?? {}),
});

/** Appends one event (rule 10); the table refuses every later change of it. */
export async function insertEvent(tx: Kysely<Database>, event: EventInput): Promise<void> {
  await tx.insertInto('events').values(eventRow(event)).execute();
}

/** Appends one event about a refund whose legs stay where they are, and raises its version, in one statement. */
export async function insertRefundEvent(
  tx: Kysely<Database>,
  event: EventInput & { readonly refundId: RefundId },
): Promise<void> {
  await tx
    .with('parent', (cte) =>
      cte
        .updateTable('refunds')
        .set({ version: sql<number>`version + 1`, updated_at: sql<Date>`app_now()` })
        .where('id', '=', event.refundId),
    )
    .insertInto('events')
    .values(eventRow(event))
    .execute();
}

/** Whether a payment has an event of this kind with this evidence among its own (events_by_payment). */
export async function hasPaymentEvent(
  db: Kysely<Database>,
  paymentId: PaymentId,
  kind: string,
  evidence: Evidence,
): Promise<boolean> {
  const row = await db
    .selectFrom('events')
    .select('id')
    .where('payment_id', '=', paymentId)
    .where('kind', '=', kind)
    .where(sql<boolean>`evidence @> ${JSON.stringify(evidence)}::jsonb`)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether a leg has an event of this kind with this evidence among its own (events_by_refund). */
export async function hasLegEvent(
  db: Kysely<Database>,
  leg: { readonly id: LegId; readonly refund_id: RefundId },
  kind: string,
  evidence: Evidence,
): Promise<boolean> {
  const row = await db
    .selectFrom('events')
    .select('id')
    .where('refund_id', '=', leg.refund_id)
    .where('leg_id', '=', leg.id)
    .where('kind', '=', kind)
    .where(sql<boolean>`evidence @> ${JSON.stringify(evidence)}::jsonb`)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
