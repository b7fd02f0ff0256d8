import type { AccountAccess } from '../provider.ts';
import { readAs } from '../read-json.ts';
import { isSigned } from '../webhook-signature.ts';
import { aboutPayment, aboutRefund } from '../webhook-subject.ts';
import { acknowledged, refused, type WebhookReceiver, type WebhookSubject } from '../webhook.ts';
import type { StripeCredentials } from './credentials.ts';
import { ourReference } from './refund-status.ts';
import { toldCharge, toldRefund, wireEvent } from './wire.ts';

/** Their object is a refund; the last one is an older name of the second. */
const refundEvents = ['refund.created', 'refund.updated', 'refund.failed', 'charge.refund.updated'];
/** Its object is the charge, which names neither the refund nor our reference. */
const chargeEvents = ['charge.refunded'];

/** How far the time of a delivery may be from ours, either way (docs.stripe.com/webhooks, "Prevent replay attacks"). */
const TOLERANCE_SECONDS = 300;

/**
 * Events (docs.stripe.com/webhooks). Every attempt to deliver one is signed anew with its own time; the id of the event
 * stays.
 */
export const webhooks: WebhookReceiver<StripeCredentials> = {
  path: '',
  methods: ['POST'],
  events: [...refundEvents, ...chargeEvents],
  verifiedBy: 'SIGNATURE',
  read({ credentials, clock }, { headers, body }) {
    const { webhookSecrets: secrets } = credentials;
    if (secrets === undefined) return refused('NOT_CONFIGURED');
    const given = readSignature(headers['stripe-signature'] ?? '');
    if (given === undefined || !isSigned([`${given.second}.`, body], given.signatures, secrets))
      return refused('FORGED');
    if (Math.abs(secondOf(clock) - Number(given.second)) > TOLERANCE_SECONDS) return refused('STALE');

    const told = readAs(wireEvent, body.toString('utf8'));
    if (told === undefined) return refused('MALFORMED');
    const { id, type: event, account, data } = told;
    // Only events of connected accounts name one (docs.stripe.com/connect/webhooks).
    if (account !== undefined && account !== null && account !== credentials.accountId)
      return refused('FOREIGN');
    const isOfRefund = refundEvents.includes(event);
    if (!isOfRefund && !chargeEvents.includes(event))
      return { kind: 'taken', messages: [], answer: acknowledged };
    const subject = isOfRefund ? refundOf(data.object) : chargeOf(data.object);
    if (subject === undefined) return refused('MALFORMED');
    const messages = subject === null ? [] : [{ event, deduplicationKey: id, subject }];
    return { kind: 'taken', messages, answer: acknowledged };
  },
};

const secondOf = (clock: AccountAccess['clock']): number => Math.floor(clock.now().getTime() / 1000);

const MAX_HEADER = 4_096;
const SECOND = /^\d{1,12}$/;

/**
 * `t=1700000000,v1=…,v1=…`: one signature for each secret in use; schemes but `v1` are left out
 * (docs.stripe.com/webhooks/signature). The time stays as it was written, since it is signed.
 */
function readSignature(header: string): { second: string; signatures: string[] } | undefined {
  if (header.length > MAX_HEADER) return undefined;
  const entries = header.split(',');
  const valuesOf = (name: string) =>
    entries.filter((entry) => entry.startsWith(`${name}=`)).map((entry) => entry.slice(name.length + 1));
  const [second, another] = valuesOf('t');
  if (second === undefined || another !== undefined || !SECOND.test(second)) return undefined;
  return { second, signatures: valuesOf('v1') };
}

/** Null for what was paid without a payment intent: none of ours. Undefined for what cannot be read. */
type Subject = WebhookSubject | null | undefined;

function refundOf(object: unknown): Subject {
  const { data } = toldRefund.safeParse(object);
  if (data === undefined) return undefined;
  const { id, payment_intent: paymentId } = data;
  return paymentId === null ? null : aboutRefund(id, paymentId, ourReference(data));
}

function chargeOf(object: unknown): Subject {
  const { data } = toldCharge.safeParse(object);
  if (data === undefined) return undefined;
  return data.payment_intent === null ? null : aboutPayment(data.payment_intent);
}
