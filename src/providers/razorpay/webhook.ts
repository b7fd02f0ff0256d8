import { createHash } from 'node:crypto';
import type { AccountAccess } from '../provider.ts';
import { isSigned } from '../webhook-signature.ts';
import { aboutPayment, aboutRefund } from '../webhook-subject.ts';
import {
  acknowledged,
  refused,
  type WebhookMessage,
  type WebhookReading,
  type WebhookReceiver,
  type WebhookRequest,
} from '../webhook.ts';
import { isPartner, type RazorpayCredentials } from './credentials.ts';
import { ourReference } from './refund-status.ts';
import { readEvent, type WireEvent, toldPayment, toldRefund } from './wire.ts';

const refundEvents = ['refund.created', 'refund.processed', 'refund.failed', 'refund.speed_changed'];
const paymentEvents = ['payment.authorized', 'payment.captured', 'payment.failed'];

/**
 * Webhooks (razorpay.com/docs/webhooks). The signature is of the body alone: neither the id of the event, which stands in
 * a header, nor a time is covered by it, so that an old delivery stays good. It is a reason to look, whenever it comes.
 */
export const webhooks: WebhookReceiver<RazorpayCredentials> = {
  path: '',
  methods: ['POST'],
  events: [...refundEvents, ...paymentEvents],
  verifiedBy: 'SIGNATURE',
  read(access, request) {
    const { webhookSecrets: secrets } = access.credentials;
    if (secrets === undefined) return refused('NOT_CONFIGURED');
    const signature = request.headers['x-razorpay-signature'] ?? '';
    if (!isSigned([request.body], [signature], secrets)) return refused('FORGED');
    const told = readEvent(request.body.toString('utf8'));
    if (told === undefined) return unreadable;
    if (isForeign(access, told)) return refused('FOREIGN');
    const isOfRefund = refundEvents.includes(told.event);
    if (!isOfRefund && !paymentEvents.includes(told.event))
      return { kind: 'taken', messages: [], answer: acknowledged };
    const message = isOfRefund ? refundMessage(request, told) : paymentMessage(request, told);
    return message === undefined ? unreadable : { kind: 'taken', messages: [message], answer: acknowledged };
  },
};

/**
 * Signed, and of no form that is known: sending it again would bring the same. What is not answered with 2xx for a day
 * ends all webhooks of the account there (razorpay.com/docs/webhooks/best-practices), so that it is acknowledged.
 */
const unreadable: WebhookReading = { kind: 'refused', reason: 'MALFORMED', answer: acknowledged };

/** A partner knows the account by its id; the id of a merchant's own account does not stand in its credentials. */
const isForeign = (
  { credentials }: AccountAccess<RazorpayCredentials>,
  { account_id: id }: WireEvent,
): boolean => isPartner(credentials) && credentials.account !== id;

/**
 * What returns a payment that was never captured tells the same events and is a release of the hold, not a refund
 * (razorpay.com/docs/webhooks/refunds): it is about the payment.
 */
function refundMessage(request: WebhookRequest, { event, payload }: WireEvent): WebhookMessage | undefined {
  const { data } = toldRefund.safeParse(payload);
  if (data === undefined) return undefined;
  const { entity: refund } = data.refund;
  const isRelease = data.payment?.entity.captured === false;
  const subject = isRelease
    ? aboutPayment(refund.payment_id)
    : aboutRefund(refund.id, refund.payment_id, ourReference(refund));
  return { event, deduplicationKey: keyOf(request, event, refund.id), subject };
}

function paymentMessage(request: WebhookRequest, { event, payload }: WireEvent): WebhookMessage | undefined {
  const { data } = toldPayment.safeParse(payload);
  if (data === undefined) return undefined;
  const { id } = data.payment.entity;
  return { event, deduplicationKey: keyOf(request, event, id), subject: aboutPayment(id) };
}

const EVENT_ID = /^[!-~]{1,100}$/;

/**
 * By the id of the event, which is the same at every repetition, together with what is signed: a header that was changed
 * on the way must not make one message pass for another. Without a good id by the body.
 */
function keyOf({ headers, body }: WebhookRequest, event: string, objectId: string): string {
  const given = headers['x-razorpay-event-id'] ?? '';
  const id = EVENT_ID.test(given) ? given : createHash('sha256').update(body).digest('hex');
  return `${event} ${objectId} ${id}`;
}
