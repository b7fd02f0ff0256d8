import type { ProviderDelivery } from './delivery.ts';

/** Decimals as a text, such as `{value: '400.00', currency: 'RUB'}`. */
interface YooKassaAmount {
  readonly value: string;
  readonly currency: string;
}

/** What a notification tells. */
export type YooKassaDelivery = {
  readonly paymentId: string;
  readonly amount?: YooKassaAmount;
  /** When the object was created; default now. */
  readonly at?: Date;
} & (
  | {
      readonly event: 'refund.succeeded';
      readonly refundId: string;
      /** What the refund was made with as `metadata.refund_ref`. */
      readonly reference?: string;
    }
  | { readonly event: 'payment.waiting_for_capture' | 'payment.succeeded' | 'payment.canceled' }
);

/**
 * A notification as YooKassa sends it (yookassa.ru/developers, "Webhooks"). Nothing is signed, so that anybody can make
 * one; the service takes it for a reason to ask.
 *
 * @example
 * const { method, path, headers, body } = buildYooKassaDelivery({
 *   event: 'refund.succeeded',
 *   refundId: '32939752-0015-5000-8000-5f4e3d2c1b0a',
 *   paymentId: '32922358-000f-5000-8000-1b2c3d4e5f60',
 * });
 * await fetch(webhookUrl + path, { method, headers, body });
 */
export function buildYooKassaDelivery(told: YooKassaDelivery): ProviderDelivery {
  const { event, amount = { value: '400.00', currency: 'RUB' }, at = new Date() } = told;
  const [, status] = event.split('.');
  const common = { status, amount, created_at: at.toISOString() };
  const object =
    told.event === 'refund.succeeded'
      ? {
          id: told.refundId,
          payment_id: told.paymentId,
          ...common,
          ...(told.reference === undefined ? {} : { metadata: { refund_ref: told.reference } }),
        }
      : {
          id: told.paymentId,
          ...common,
          paid: told.event !== 'payment.canceled',
          test: true,
          refundable: told.event === 'payment.succeeded',
          recipient: { account_id: '100500', gateway_id: '100700' },
        };
  return {
    method: 'POST',
    path: '',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'notification', event, object }),
  };
}
