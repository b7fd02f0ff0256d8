import { sql, type Kysely, type SqlBool } from 'kysely';
import type { AccountId, LegId, PaymentId, WebhookDeliveryId } from '../ids.ts';
import type { Database } from './tables.ts';

/** What a message is about, as far as that is known here. */
export interface WebhookSubjectRow {
  readonly deliveryId: WebhookDeliveryId;
  /** When it came last. */
  readonly receivedAt: Date;
  /** The leg whose present attempt it names; null: none. */
  readonly legId: LegId | null;
  /** Null: nothing of it is known. */
  readonly paymentId: PaymentId | null;
  readonly providerPaymentId: string | null;
  /** The refund that it names, if it names one, was seen at the provider. */
  readonly isKnown: boolean;
  /** The leg, or without one the payment, was asked for after the message came: it has nothing new to tell. */
  readonly isSeenSince: boolean;
  /** The same, after it came for the first time: what came since is a repetition that was looked at before. */
  readonly isSeenSinceFirst: boolean;
  /** How long ago the leg, or without one the payment, was asked for, in milliseconds. */
  readonly ageMs: number;
  /** An answer is on its way that will tell more than the message: of the leg, or without one of the payment. */
  readonly isBeingSent: boolean;
}

const isSending = sql`status = 'SENDING' AND lease_until > (SELECT app_now())`;

/**
 * Finds the legs and payments of messages of one account: by the provider's id of the refund, by our reference, by
 * the provider's id of the payment (webhook_deliveries_pkey, refund_legs_provider_refund_unique, provider_refunds_pkey,
 * leg_attempts_provider_key_unique, payments_of_account, refund_legs_open).
 */
export async function findWebhookSubjects(
  db: Kysely<Database>,
  accountId: AccountId,
  ids: readonly WebhookDeliveryId[],
): Promise<readonly WebhookSubjectRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<WebhookSubjectRow>`
    SELECT told.id AS "deliveryId", told.last_received_at AS "receivedAt", leg.id AS "legId", payment.id AS "paymentId",
      payment.provider_payment_id AS "providerPaymentId",
      (told.provider_refund_id IS NULL OR named.id IS NOT NULL OR seen.provider_refund_id IS NOT NULL) AS "isKnown",
      COALESCE(COALESCE(leg.as_of, payment.as_of) >= told.last_received_at, false) AS "isSeenSince",
      COALESCE(COALESCE(leg.as_of, payment.as_of) >= told.received_at, false) AS "isSeenSinceFirst",
      COALESCE(extract(epoch FROM (SELECT app_now()) - COALESCE(leg.as_of, payment.as_of)) * 1000, 0)::float8 AS "ageMs",
      CASE WHEN leg.id IS NOT NULL THEN COALESCE(leg.status = 'SENDING' AND leg.lease_until > (SELECT app_now()), false)
        ELSE EXISTS (SELECT FROM refund_legs WHERE payment_id = payment.id AND ${isSending}) END AS "isBeingSent"
    FROM webhook_deliveries AS told
    LEFT JOIN refund_legs AS named ON named.account_id = ${accountId}
      AND named.provider_refund_id = told.provider_refund_id
    LEFT JOIN provider_refunds AS seen ON seen.account_id = ${accountId}
      AND seen.provider_refund_id = told.provider_refund_id
    LEFT JOIN leg_attempts AS made ON made.account_id = ${accountId} AND made.provider_key = told.our_reference
    LEFT JOIN refund_legs AS maker ON maker.id = made.leg_id
    LEFT JOIN refund_legs AS leg
      ON leg.id = COALESCE(named.id, CASE WHEN maker.attempt = made.attempt THEN maker.id END)
    LEFT JOIN payments AS payment ON payment.id = COALESCE(leg.payment_id, seen.payment_id, maker.payment_id, (
      SELECT id FROM payments WHERE account_id = ${accountId} AND provider_payment_id = told.provider_payment_id))
    WHERE told.id = ANY (${[...ids]}::uuid[])`.execute(db);
  return rows;
}

/** Makes what is not finished of these payments, and nobody works on, due now (payment_operations_one_open_per_payment). */
export async function makeOperationsDue(
  db: Kysely<Database>,
  accountId: AccountId,
  paymentIds: readonly PaymentId[],
): Promise<void> {
  if (paymentIds.length === 0) return;
  await db
    .updateTable('payment_operations')
    .set({ next_look_at: sql<Date>`LEAST(next_look_at, app_now())` })
    .where('account_id', '=', accountId)
    .where('payment_id', 'in', [...paymentIds])
    .where('status', 'in', ['SENDING', 'UNKNOWN'])
    .where('next_look_at', '>', sql<Date>`app_now()`)
    .where(sql<SqlBool>`COALESCE(lease_until <= app_now(), true)`)
    .execute();
}
