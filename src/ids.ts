import { randomFillSync } from 'node:crypto';

declare const brand: unique symbol;
type Id<Name extends string> = string & { readonly [brand]: Name };

export type MerchantId = Id<'Merchant'>;
export type AccountId = Id<'Account'>;
export type PaymentId = Id<'Payment'>;
export type RefundId = Id<'Refund'>;
export type LegId = Id<'Leg'>;
export type SourceId = Id<'Source'>;
export type ItemId = Id<'Item'>;
export type OperationId = Id<'Operation'>;
export type ApiKeyId = Id<'ApiKey'>;
export type EventEndpointId = Id<'EventEndpoint'>;
export type EventMessageId = Id<'EventMessage'>;
export type WebhookDeliveryId = Id<'WebhookDelivery'>;

/** Random bytes of one id, and of as many as are drawn at once: asking the system for each would cost most of an id. */
const RANDOM_OF_ID = 10;
const RANDOM_BYTES = RANDOM_OF_ID * 256;
const random = Buffer.allocUnsafe(RANDOM_BYTES);
let unused = RANDOM_BYTES;

/**
 * A UUIDv7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then random bits, so that rows made
 * together stand together in an index.
 *
 * @param nowMs Unix time in milliseconds
 */
export function uuidv7<T extends string = string>(nowMs: number = Date.now()): T {
  const bytes = Buffer.allocUnsafe(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  if (unused === RANDOM_BYTES) {
    randomFillSync(random);
    unused = 0;
  }
  random.copy(bytes, 6, unused, unused + RANDOM_OF_ID);
  unused += RANDOM_OF_ID;
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as T;
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for the canonical lower-case form, which PostgreSQL accepts without an error. */
export const isUuid = (text: string): boolean => uuidPattern.test(text);

/** The opaque id of an object in the API: base64 of `Type:uuid`. */
export const encodeGlobalId = (type: string, id: string): string =>
  Buffer.from(`${type}:${id}`).toString('base64');
