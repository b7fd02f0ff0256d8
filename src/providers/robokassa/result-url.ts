import type { AccountAccess } from '../provider.ts';
import { aboutPayment } from '../webhook-subject.ts';
import { refused, type WebhookReading } from '../webhook.ts';
import { isInvoiceId } from './ids.ts';
import { readForm } from './read-form.ts';
import type { RoboKassaCredentials, RoboKassaOptions } from './settings.ts';
import { isSignature } from './signatures.ts';

/** What the shop gave along at the checkout comes back under names that begin so. */
const isShopField = (name: string): boolean => /^shp_/i.test(name);

/**
 * ResultURL (docs.robokassa.ru/ru/notifications-and-redirects): a payment was credited. Signed with Password2 over the
 * sum as it is written, the invoice and the shop's own fields in the order of their names; nothing else of it is signed.
 */
export function readResultUrl(
  { credentials, options }: AccountAccess<RoboKassaCredentials, RoboKassaOptions>,
  written: Buffer | string,
): WebhookReading {
  const form = readForm(written);
  if (form === undefined) return refused('MALFORMED');
  const [outSum, invoiceId, signature] = ['OutSum', 'InvId', 'SignatureValue'].map((name) => form.get(name));
  if (outSum === undefined || invoiceId === undefined || signature === undefined) return refused('FORGED');
  // A colon in them would move the borders of what is signed.
  if (!/^\d{1,20}(\.\d{1,6})?$/.test(outSum) || !/^\d{1,20}$/.test(invoiceId)) return refused('MALFORMED');
  const shopFields = [...form]
    .filter(([name]) => isShopField(name))
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  const signed = [outSum, invoiceId, credentials.password2, ...shopFields];
  if (!isSignature(signature, options.hashAlgorithm, signed)) return refused('FORGED');
  return {
    kind: 'taken',
    messages: isInvoiceId(invoiceId)
      ? [
          {
            event: 'ResultURL',
            deduplicationKey: `ResultURL ${invoiceId}`,
            subject: aboutPayment(invoiceId),
          },
        ]
      : [],
    answer: { status: 200, contentType: 'text/plain', body: `OK${invoiceId}` },
  };
}
