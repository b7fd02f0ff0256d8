import type { WebhookSubject } from './webhook.ts';

/** What our references look like (MONEY section 3). */
const OUR_REFERENCE = /^[0-9a-f]{40}$/;

/** What a message about a payment is about. */
export const aboutPayment = (providerPaymentId: string): WebhookSubject => ({
  providerRefundId: null,
  providerPaymentId,
  ourReference: null,
});

/** What a message about a refund is about. Others may write into the fields of our reference: what cannot be one is none. */
export const aboutRefund = (
  providerRefundId: string,
  providerPaymentId: string,
  reference: string | null,
): WebhookSubject => ({
  providerRefundId,
  providerPaymentId,
  ourReference: reference !== null && OUR_REFERENCE.test(reference) ? reference : null,
});
