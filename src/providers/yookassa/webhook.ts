import { readAs } from '../read-json.ts';
import { aboutPayment, aboutRefund } from '../webhook-subject.ts';
import { acknowledged, refused, type WebhookReceiver, type WebhookSubject } from '../webhook.ts';
import type { YooKassaCredentials } from './credentials.ts';
import { ourReference } from './refund-status.ts';
import { toldPayment, toldRefund, wireNotification } from './wire.ts';

const paymentEvents = ['payment.waiting_for_capture', 'payment.succeeded', 'payment.canceled'];
const refundEvents = ['refund.succeeded'];

/**
 * Notifications (yookassa.ru/developers, "Webhooks"). They are not signed, so that everything in one is only a reason to
 * ask; only HTTP 200 keeps the provider from sending it again. There is none of a refund that failed.
 */
export const webhooks: WebhookReceiver<YooKassaCredentials> = {
  path: '',
  methods: ['POST'],
  events: [...paymentEvents, ...refundEvents],
  verifiedBy: 'NOTHING',
  read(_access, { body }) {
    const told = readAs(wireNotification, body.toString('utf8'));
    if (told === undefined) return refused('MALFORMED');
    const { event, object } = told;
    const isOfRefund = refundEvents.includes(event);
    if (!isOfRefund && !paymentEvents.includes(event))
      return { kind: 'taken', messages: [], answer: acknowledged };
    const subject = isOfRefund ? refundOf(object) : paymentOf(object);
    if (subject === undefined) return refused('MALFORMED');
    // There is no id of an event: its name and its object are what is the same at every repetition.
    const deduplicationKey = `${event} ${subject.providerRefundId ?? subject.providerPaymentId}`;
    return { kind: 'taken', messages: [{ event, deduplicationKey, subject }], answer: acknowledged };
  },
};

function paymentOf(object: unknown): WebhookSubject | undefined {
  const { data } = toldPayment.safeParse(object);
  return data && aboutPayment(data.id);
}

function refundOf(object: unknown): WebhookSubject | undefined {
  const { data } = toldRefund.safeParse(object);
  return data && aboutRefund(data.id, data.payment_id, ourReference(data));
}
