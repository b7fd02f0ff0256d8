import { z } from 'zod';
import { safeText } from '../read-json.ts';
import { fromWire } from './money.ts';

/**
 * Objects as they are on the wire (OpenAPI description of API v3), as far as refunds need them. Unknown fields are
 * ignored and unknown words kept: the API adds both without notice. What decides about money must be exactly right,
 * what only describes may be missing or odd.
 */

const ID = /^[0-9A-Za-z_-]{1,64}$/;

/** Whether a text can be an id there, and is safe inside a URL path. The documented pattern is 36 characters. */
export function isWireId(text: string): boolean {
  return ID.test(text);
}

const id = z.string().regex(ID);
/** A status, reason, code or parameter: printable and short, else the answer is not readable. */
const word = z.string().regex(/^[ -~]{1,128}$/);
const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

const money = z
  .object({ value: z.string(), currency: z.string() })
  .transform((wire, context) => fromWire(wire) ?? (context.addIssue('not an amount'), z.NEVER));

const MAX_TEXT = 512;
const text = z.string().transform((raw) => safeText(raw, MAX_TEXT));

/** Only describes: whatever is odd counts as absent. */
const optional = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

const metadata = optional(z.record(z.string(), z.unknown()));

const share = z.object({
  account_id: word,
  amount: money,
  platform_fee_amount: money.nullish(),
});

const cancellation = optional(z.object({ party: optional(word), reason: optional(word) }));

export const wirePayment = z.object({
  id,
  status: word,
  refundable: z.boolean(),
  amount: money,
  refunded_amount: money.nullish(),
  payment_method: optional(z.object({ type: word })),
  created_at: instant,
  captured_at: instant.nullish(),
  expires_at: instant.nullish(),
  transfers: z.array(share).nullish(),
  metadata,
});
export type WirePayment = z.infer<typeof wirePayment>;

export const wireRefund = z.object({
  id,
  payment_id: id,
  status: word,
  amount: money,
  created_at: instant,
  cancellation_details: cancellation,
  sources: z.array(share).nullish(),
  description: optional(text),
  metadata,
  refund_authorization_details: optional(z.object({ rrn: optional(word) })),
  refund_method: optional(z.object({ sbp_operation_id: optional(word) })),
});
export type WireRefund = z.infer<typeof wireRefund>;

export const wireRefundList = z.object({
  items: z.array(wireRefund),
  next_cursor: z.string().min(1).max(1024).nullish(),
});

/** What a notification holds is the object's state at that moment; only what it is about is read. */
export const wireNotification = z.object({
  type: z.literal('notification'),
  event: word,
  object: z.unknown(),
});
export const toldPayment = z.object({ id });
export const toldRefund = wireRefund.pick({ id: true, payment_id: true, description: true, metadata: true });

/** `retry_after` is in milliseconds, unlike the HTTP header of that name. */
export const wireError = z.object({
  id: optional(word),
  code: optional(word),
  parameter: optional(word),
  description: optional(text),
  retry_after: optional(z.number().nonnegative().finite()),
});
export type WireError = z.infer<typeof wireError>;

/** A string of a metadata map, or null. */
export function metadataText(map: WirePayment['metadata'], key: string): string | null {
  const value = map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;
  return typeof value === 'string' && value !== '' ? safeText(value, MAX_TEXT) : null;
}
