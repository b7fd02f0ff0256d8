import { createHmac, randomBytes } from 'node:crypto';
import type { ProviderDelivery } from './delivery.ts';

/** What an event tells, and with what it is signed. */
export type StripeDelivery = {
  /** The signing secret of the endpoint, `whsec_...`; several as while one takes another's place. */
  readonly secret: string | readonly string[];
  /** `pi_...`; null for what was paid without a payment intent. */
  readonly paymentId: string | null;
  /** In the smallest unit of the currency; default 40000. */
  readonly amountMinor?: number;
  /** Lower case; default eur. */
  readonly currency?: string;
  /** The same at every repetition; default random. */
  readonly eventId?: string;
  /** `acct_...` of a connected account, for an endpoint of Connect; absent: the account of the endpoint. */
  readonly connectedAccount?: string;
  /** When it was sent, which is signed; default now. Good for 300 seconds. */
  readonly at?: Date;
} & (
  | {
      readonly type: 'refund.created' | 'refund.updated' | 'refund.failed' | 'charge.refund.updated';
      readonly refundId: string;
      /** Default: `failed` for `refund.failed`, else `succeeded`. */
      readonly status?: string;
      /** What the refund was made with as `metadata.order_id`. */
      readonly reference?: string;
    }
  | { readonly type: 'charge.refunded' }
);

/**
 * An event as Stripe sends it (docs.stripe.com/webhooks/signature): signed with HMAC-SHA256 over its time, a dot and the
 * body. Also for an account of Prism with the connector stripe.
 *
 * @example
 * const { method, path, headers, body } = buildStripeDelivery({
 *   type: 'refund.updated',
 *   secret: 'whsec_SimStripeDemo000000000001',
 *   refundId: 're_3SimRefund0000000000001',
 *   paymentId: 'pi_3SimPayment000000000001',
 * });
 * await fetch(webhookUrl + path, { method, headers, body });
 */
export function buildStripeDelivery(told: StripeDelivery): ProviderDelivery {
  const { type, eventId = `evt_${randomBytes(12).toString('hex')}`, at = new Date() } = told;
  const second = Math.floor(at.getTime() / 1_000);
  const body = JSON.stringify({
    id: eventId,
    object: 'event',
    api_version: '2026-10-28.endive',
    created: second,
    ...(told.connectedAccount === undefined ? {} : { account: told.connectedAccount }),
    data: { object: objectOf(told, second) },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  });
  const secrets = typeof told.secret === 'string' ? [told.secret] : told.secret;
  const signatures = secrets.map(
    (secret) => `v1=${createHmac('sha256', secret).update(`${second}.${body}`).digest('hex')}`,
  );
  return {
    method: 'POST',
    path: '',
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'stripe-signature': [`t=${second}`, ...signatures].join(','),
    },
    body,
  };
}

function objectOf(told: StripeDelivery, created: number): object {
  const { paymentId, amountMinor: amount = 40_000, currency = 'eur' } = told;
  if (!('refundId' in told))
    return {
      id: 'ch_3SimPayment000000000001',
      object: 'charge',
      amount,
      amount_refunded: amount,
      created,
      currency,
      payment_intent: paymentId,
      refunded: true,
    };
  return {
    id: told.refundId,
    object: 'refund',
    amount,
    charge: 'ch_3SimPayment000000000001',
    created,
    currency,
    metadata: told.reference === undefined ? {} : { order_id: told.reference },
    payment_intent: paymentId,
    reason: null,
    status: told.status ?? (told.type === 'refund.failed' ? 'failed' : 'succeeded'),
  };
}
