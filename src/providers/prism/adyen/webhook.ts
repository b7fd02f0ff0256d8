import { isCurrency, type Money } from '../../../money.ts';
import { readAs } from '../../read-json.ts';
import type { CredentialsOf } from '../credentials.ts';
import { aboutRefund } from '../../webhook-subject.ts';
import {
  acknowledged,
  refused,
  type WebhookAnswer,
  type WebhookEvidence,
  type WebhookMessage,
  type WebhookReceiver,
} from '../../webhook.ts';
import { isSignedItem, wireNotification, type NotificationItem } from './notification.ts';
import { isPspReference } from './wire.ts';

/** The words of the end of a refund; what one says stands in `success` as well. */
const refundEvents = ['REFUND', 'REFUND_FAILED', 'REFUNDED_REVERSED'];

/** Of other operations and far more frequent: forgotten at once. */
const otherEvents = ['AUTHORISATION', 'CAPTURE', 'CANCELLATION', 'REPORT_AVAILABLE'];

/** A provider's clock may be ahead of ours by this much, in milliseconds; what says more is of now. */
const CLOCK_SKEW_MS = 3_600_000;

/** Adyen's own acknowledgment (docs.adyen.com/development-resources/webhooks). */
const accepted: WebhookAnswer = { ...acknowledged, body: '[accepted]' };

/**
 * Standard notifications of Adyen, verified here and not by the library, which looks at the first item only and throws
 * for REFUNDED_REVERSED (hyperswitch-prism 0.4.0). Refunds cannot be read at Adyen: what is verified is the evidence.
 * One item that is not verified refuses the whole request.
 */
export const webhooks: WebhookReceiver<CredentialsOf<'adyen'>> = {
  path: '',
  methods: ['POST'],
  events: refundEvents,
  verifiedBy: 'SIGNATURE',
  read(access, { body }) {
    const { webhookSecrets: keys, merchantAccount } = access.credentials;
    if (keys === undefined) return refused('NOT_CONFIGURED');
    const told = readAs(wireNotification, body.toString('utf8'));
    if (told === undefined) return refused('MALFORMED');
    const items = told.notificationItems.map(({ NotificationRequestItem }) => NotificationRequestItem);
    // All of them, so that the time does not tell which one.
    if (items.filter((item) => isSignedItem(item, keys)).length < items.length) return refused('FORGED');
    if (items.some(({ merchantAccountCode }) => merchantAccountCode !== merchantAccount))
      return refused('FOREIGN');
    const ofUse = items.filter(isOfUse);
    if (!ofUse.every(({ pspReference }) => isPspReference(pspReference))) return refused('MALFORMED');
    const now = access.clock.now();
    return { kind: 'taken', messages: ofUse.map((item) => messageOf(item, now)), answer: accepted };
  },
};

/** A word that is not known here may be about a refund, if it is about an earlier operation at all. */
const isOfUse = ({ eventCode, originalReference }: NotificationItem): boolean =>
  originalReference !== '' && !otherEvents.includes(eventCode);

/** A repetition has the same three words, and may have another time. */
function messageOf(item: NotificationItem, now: Date): WebhookMessage {
  const { pspReference, originalReference, merchantReference, eventCode, success } = item;
  return {
    event: eventCode,
    deduplicationKey: `${pspReference} ${eventCode} ${success}`,
    subject: aboutRefund(pspReference, originalReference, merchantReference),
    evidence: evidenceOf(item, now),
  };
}

function evidenceOf(item: NotificationItem, now: Date): WebhookEvidence {
  const told = new Date(item.eventDate);
  const isToCome = told.getTime() > now.getTime() + CLOCK_SKEW_MS;
  return {
    status: statusOf(item),
    rawStatus: `${item.eventCode}:${item.success}`,
    amount: amountOf(item),
    at: isToCome ? now : told,
  };
}

/** `success` decides: a REFUND without it failed. A failure that did not succeed says nothing that is known. */
function statusOf({ eventCode, success }: NotificationItem): WebhookEvidence['status'] {
  if (eventCode === 'REFUND') return success === 'true' ? 'SUCCEEDED' : 'FAILED';
  return refundEvents.includes(eventCode) && success === 'true' ? 'FAILED' : 'UNRECOGNISED';
}

/** In the units in which it was signed: a currency that Adyen counts otherwise is never that of a refund of ours. */
const amountOf = ({ amount: { value, currency } }: NotificationItem): Money | null =>
  isCurrency(currency) ? { minor: BigInt(value), currency } : null;
