import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** Items of one request that are looked at, at most; Adyen sends one at a time as JSON. */
const MAX_ITEMS = 100;

/** The signed text is joined by colons: only what the merchant writes may have one, or one text would be of two items. */
const reference = z.string().regex(/^[^:]{0,255}$/);

const item = z.object({
  pspReference: reference,
  originalReference: reference.default(''),
  merchantAccountCode: z.string().min(1).max(128),
  merchantReference: z.string().max(1_000).default(''),
  amount: z.object({ value: z.int().min(0), currency: z.string().regex(/^[A-Z]{3}$/) }),
  eventCode: z.string().regex(/^[A-Z0-9_]{1,90}$/),
  success: z.enum(['true', 'false']),
  /** Not signed: it orders messages and proves nothing. */
  eventDate: z.iso.datetime({ offset: true }),
  additionalData: z.object({ hmacSignature: z.string().max(100).default('') }).optional(),
});
export type NotificationItem = z.output<typeof item>;

/** Standard notifications: `notificationItems[].NotificationRequestItem` (docs.adyen.com/development-resources/webhooks). */
export const wireNotification = z.object({
  notificationItems: z
    .array(z.object({ NotificationRequestItem: item }))
    .min(1)
    .max(MAX_ITEMS),
});

/**
 * Whether an item carries HMAC-SHA256 of its eight signed fields by one of the keys (docs.adyen.com, "Verify HMAC
 * signatures"), in exactly the text that Base64 has for it. Every key is tried, in constant time.
 *
 * @param keys in hexadecimal digits; the HMAC is keyed with their bytes
 */
export function isSignedItem(told: NotificationItem, keys: readonly string[]): boolean {
  const { amount } = told;
  const text = [
    told.pspReference,
    told.originalReference,
    told.merchantAccountCode,
    told.merchantReference,
    amount.value,
    amount.currency,
    told.eventCode,
    told.success,
  ].join(':');
  const given = Buffer.from(told.additionalData?.hmacSignature ?? '');
  let matches = 0;
  for (const key of keys) {
    const hmac = createHmac('sha256', Buffer.from(key, 'hex')).update(text);
    const expected = Buffer.from(hmac.digest('base64'));
    if (given.length === expected.length) matches += timingSafeEqual(given, expected) ? 1 : 0;
  }
  return matches > 0;
}
