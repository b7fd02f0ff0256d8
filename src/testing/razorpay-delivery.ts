import { createHmac, randomBytes } from 'node:crypto';
import type { ProviderDelivery } from './delivery.ts';

/** What an event tells, and with what it is signed. */
export type RazorpayDelivery = {
  /** `acc_...`: whose event it is. */
  readonly account: string;
  /** The webhook secret that is set for the account, not that of the API. */
  readonly secret: string;
  readonly paymentId: string;
  /** In the smallest unit of the currency; default 40000. */
  readonly amountMinor?: number;
  /** Default MYR. */
  readonly currency?: string;
  /** The same at every repetition; default random. */
  readonly eventId?: string;
  /** When it happened; default now. */
  readonly at?: Date;
} & (
  | {
      readonly event: 'refund.created' | 'refund.processed' | 'refund.failed' | 'refund.speed_changed';
      readonly refundId: string;
      /** Default: the end that the event tells of, else `pending`. */
      readonly status?: string;
      /** What the refund was made with as its `receipt`. */
      readonly receipt?: string;
      /** False for what returns a payment that was never captured; default true. */
      readonly captured?: boolean;
    }
  | { readonly event: 'payment.authorized' | 'payment.captured' | 'payment.failed' }
);

/**
 * An event as Razorpay sends it (razorpay.com/docs/webhooks): signed with HMAC-SHA256 over the body.
 *
 * @example
 * const { method, path, headers, body } = buildRazorpayDelivery({
 *   event: 'refund.processed',
 *   account: 'acc_SimSub00000001',
 *   secret: 'whsec-curlec-test-1',
 *   refundId: 'rfnd_SimRefund00001',
 *   paymentId: 'pay_SimPayment0001',
 * });
 * await fetch(webhookUrl + path, { method, headers, body });
 */
export function buildRazorpayDelivery(told: RazorpayDelivery): ProviderDelivery {
  const { event, secret, account, eventId = randomBytes(7).toString('hex'), at = new Date() } = told;
  const second = Math.floor(at.getTime() / 1_000);
  const payload = 'refundId' in told ? refundPayload(told, second) : { payment: paymentOf(told, second) };
  // The documented sample of this event has its time inside the payload.
  const isTimeInside = event === 'refund.speed_changed';
  const body = JSON.stringify({
    entity: 'event',
    account_id: account,
    event,
    contains: Object.keys(payload),
    payload: isTimeInside ? { ...payload, created_at: second } : payload,
    ...(isTimeInside ? {} : { created_at: second }),
  });
  return {
    method: 'POST',
    path: '',
    headers: {
      'content-type': 'application/json',
      'x-razorpay-event-id': eventId,
      'x-razorpay-signature': createHmac('sha256', secret).update(body).digest('hex'),
    },
    body,
  };
}

type OfRefund = Extract<RazorpayDelivery, { refundId: string }>;

const endOf: Readonly<Record<string, string>> = {
  'refund.processed': 'processed',
  'refund.failed': 'failed',
};

function refundPayload(told: OfRefund, second: number): object {
  const { event, refundId, paymentId, amountMinor = 40_000, currency = 'MYR' } = told;
  const entity = {
    id: refundId,
    entity: 'refund',
    amount: amountMinor,
    currency,
    payment_id: paymentId,
    notes: [],
    receipt: told.receipt ?? null,
    acquirer_data: { arn: null },
    created_at: second,
    ...(event === 'refund.speed_changed' ? {} : { batch_id: null }),
    status: told.status ?? endOf[event] ?? 'pending',
    speed_processed: 'normal',
    speed_requested: event === 'refund.speed_changed' ? 'optimum' : 'normal',
  };
  return { refund: { entity }, payment: paymentOf(told, second) };
}

function paymentOf(told: RazorpayDelivery, second: number): object {
  const { event, paymentId, amountMinor = 40_000, currency = 'MYR' } = told;
  const captured = 'refundId' in told ? (told.captured ?? true) : event === 'payment.captured';
  const returned = captured ? 'captured' : 'refunded';
  const entity = {
    id: paymentId,
    entity: 'payment',
    amount: amountMinor,
    currency,
    status: 'refundId' in told ? returned : event.slice('payment.'.length),
    captured,
    created_at: second,
  };
  return { entity };
}
