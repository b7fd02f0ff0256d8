import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { type CompactJws, verifiedPayload } from '../compact-jws.ts';
import type { AccountAccess } from '../provider.ts';
import { readAs } from '../read-json.ts';
import { aboutPayment } from '../webhook-subject.ts';
import { acknowledged, refused, type WebhookReading } from '../webhook.ts';
import { isInvoiceId, isOpKey } from './ids.ts';
import type { RoboKassaCredentials, RoboKassaOptions } from './settings.ts';

const wireNotification = z.object({ header: z.object({ type: z.string() }) });
const wirePaymentState = z.object({
  data: z.object({
    shop: z.string(),
    opKey: z.string().refine(isOpKey),
    invId: z.string().regex(/^\d{1,20}$/),
    // OK or HOLD; what another word means is found out by looking.
    state: z.string().regex(/^[!-~]{1,32}$/),
  }),
});

/**
 * ResultUrl2 (docs.robokassa.ru/ru/notifications-and-redirects): a payment was credited or is held. A JWS that is verified
 * with the certificate which RoboKassa publishes; with each of the account's, since one follows another.
 */
export async function readResultUrl2(
  { credentials, options }: AccountAccess<RoboKassaCredentials, RoboKassaOptions>,
  jws: CompactJws,
): Promise<WebhookReading> {
  const { resultUrl2Certificate: certificates } = options;
  if (certificates === undefined) return refused('NOT_CONFIGURED');
  const payloads = await Promise.all(
    certificates.map((pem) => verifiedPayload(jws, createPublicKey(pem), 'RS256')),
  );
  const payload = payloads.find((one) => one !== undefined);
  if (payload === undefined) return refused('FORGED');
  const notification = readAs(wireNotification, payload);
  if (notification === undefined) return refused('MALFORMED');
  if (notification.header.type !== 'PaymentStateNotification') return taken([]);
  const read = readAs(wirePaymentState, payload);
  if (read === undefined) return refused('MALFORMED');
  const { shop, opKey, invId, state } = read.data;
  if (shop !== credentials.merchantLogin) return refused('FOREIGN');
  if (!isInvoiceId(invId)) return taken([]);
  return taken([
    {
      event: 'ResultUrl2',
      deduplicationKey: `ResultUrl2 ${opKey} ${state}`,
      subject: aboutPayment(invId),
    },
  ]);
}

type Taken = Extract<WebhookReading, { kind: 'taken' }>;

const taken = (messages: Taken['messages']): Taken => ({ kind: 'taken', messages, answer: acknowledged });
