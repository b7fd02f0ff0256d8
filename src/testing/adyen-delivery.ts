import { createHmac } from 'node:crypto';
import type { ProviderDelivery } from './delivery.ts';

/** One item of a notification. */
export interface AdyenItem {
  /** Whose it is: the merchant account of the credentials. */
  readonly merchantAccount: string;
  /** The PSP reference of the refund. */
  readonly refundId: string;
  /** The PSP reference of the payment. */
  readonly paymentId: string;
  /** What the refund was made with as its `reference`; default empty, as of one made in the Customer Area. */
  readonly reference?: string;
  /** In the smallest unit of the currency; default 4000. */
  readonly amountMinor?: number;
  /** Default EUR. */
  readonly currency?: string;
  /** Default REFUND. `REFUND_FAILED` and `REFUNDED_REVERSED` tell that a refund came back. */
  readonly eventCode?: string;
  /** A REFUND without success has failed; default true. */
  readonly success?: boolean;
  /** When it happened, which is not signed; default now. */
  readonly at?: Date;
}

/** What a notification tells, and with what its items are signed. */
export interface AdyenDelivery {
  /** The HMAC key of the webhook, in hexadecimal digits. */
  readonly hmacKey: string;
  /** One, as Adyen sends it, or several. */
  readonly items: readonly AdyenItem[];
}

/**
 * A standard notification as Adyen sends it (docs.adyen.com/development-resources/webhooks): each item is signed with
 * HMAC-SHA256 over eight of its fields. For an account of Prism with the connector adyen.
 *
 * @example
 * const { method, path, headers, body } = buildAdyenDelivery({
 *   hmacKey: '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056',
 *   items: [{ merchantAccount: 'SimDemoECOM', refundId: 'SIMREFUND0000001', paymentId: 'DEMOPSP000000001' }],
 * });
 * await fetch(webhookUrl + path, { method, headers, body });
 */
export function buildAdyenDelivery({ hmacKey, items }: AdyenDelivery): ProviderDelivery {
  const notificationItems = items.map((item) => ({ NotificationRequestItem: signed(item, hmacKey) }));
  return {
    method: 'POST',
    path: '',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ live: 'false', notificationItems }),
  };
}

function signed(told: AdyenItem, hmacKey: string): object {
  const { eventCode = 'REFUND', at = new Date() } = told;
  const success = String(told.success ?? true);
  const value = told.amountMinor ?? 4_000;
  const currency = told.currency ?? 'EUR';
  const merchantReference = told.reference ?? '';
  const ids = [told.refundId, told.paymentId, told.merchantAccount, merchantReference];
  const text = [...ids, value, currency, eventCode, success].join(':');
  const hmacSignature = createHmac('sha256', Buffer.from(hmacKey, 'hex')).update(text).digest('base64');
  return {
    additionalData: { hmacSignature },
    amount: { currency, value },
    eventCode,
    eventDate: at.toISOString().replace('Z', '+00:00'),
    merchantAccountCode: told.merchantAccount,
    merchantReference,
    originalReference: told.paymentId,
    pspReference: told.refundId,
    reason: '',
    success,
  };
}
