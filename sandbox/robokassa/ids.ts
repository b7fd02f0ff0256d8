import { createHash, randomUUID } from 'node:crypto';
import type { Store } from './store.ts';

const MAX_INVOICE = 9_223_372_036_854_775_807n;
const FIRST_MADE = 1_000_000;
const SUFFIX_LENGTH = 10;

/** Whether a text is an InvoiceID: an integer from 1 to 2^63 - 1, without leading zeros. */
export function isInvoiceId(text: string): boolean {
  return /^[1-9]\d{0,18}$/.test(text) && BigInt(text) <= MAX_INVOICE;
}

/** An InvoiceID that no payment has. */
export function freeInvoiceId(store: Store): string {
  for (let number = FIRST_MADE + store.payments.size; ; number += 1) {
    if (!store.payments.has(String(number))) return String(number);
  }
}

/** The id by which RoboKassa names a payment: a GUID and ten more characters. The same for an invoice at every start. */
export function opKeyOf(invoiceId: string): string {
  const hash = createHash('sha256').update(`robokassa ${invoiceId}`).digest();
  const hex = hash.toString('hex').toUpperCase();
  const guid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)];
  const suffix = hash.toString('base64url').replaceAll(/[-_]/g, 'x').slice(-SUFFIX_LENGTH);
  return [...guid, suffix].join('-');
}

export function mintRequestId(): string {
  return randomUUID();
}
