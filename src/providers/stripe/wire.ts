import { z } from 'zod';
import { readAs, safeText } from '../read-json.ts';
import { currencyOf, fromWire } from './money.ts';

/**
 * Objects as they are on the wire (docs.stripe.com/api, "PaymentIntents", "Charges", "Refunds", "Errors"; names as in the
 * type declarations of npm stripe 23.1.0), as far as refunds need them. Unknown fields are ignored and unknown words
 * kept. What decides about money must be exactly right, what only describes may be missing or odd.
 */

/** The version whose objects are read here, that of npm stripe 23.1.0. Every request names it. */
export const API_VERSION = '2026-10-28.endive';

const PAYMENT_ID = /^pi_\w{1,120}$/;
/** `re_...` for most; the prefix is not promised, so that any id of that form is taken. */
const REFUND_ID = /^[a-z]{2,8}_\w{1,120}$/;

/** Whether a text can be an id there, and is safe inside a URL. */
export const isPaymentId = (text: string): boolean => PAYMENT_ID.test(text);
export const isRefundId = (text: string): boolean => REFUND_ID.test(text);

/** A status or code: printable and short, else the answer is not readable. */
const word = z.string().regex(/^[ -~]{1,128}$/);
/** Unix seconds. */
const instant = z
  .int()
  .min(0)
  .max(253_402_300_799)
  .transform((seconds) => new Date(seconds * 1000));

const MAX_TEXT = 512;
const text = z.string().transform((raw) => safeText(raw, MAX_TEXT));

/** Only describes: whatever is odd or null counts as absent. */
const optional = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

const map = optional(z.record(z.string(), z.unknown()));
type WireMap = z.infer<typeof map>;

const wireCharge = z.object({
  disputed: optional(z.boolean()),
  payment_method_details: optional(
    z.object({ type: optional(word), card: optional(z.object({ capture_before: optional(instant) })) }),
  ),
});

export const wirePayment = z
  .object({
    id: z.string().regex(PAYMENT_ID),
    amount: z.number(),
    amount_received: z.number(),
    currency: z.string(),
    status: word,
    created: instant,
    metadata: map,
    payment_details: map,
    payment_method_types: optional(z.array(word)),
    /** An id where it was not asked to be expanded; null before the first attempt to pay. */
    latest_charge: optional(wireCharge),
  })
  .transform(({ amount, amount_received: received, currency, ...rest }, context) => {
    const money = fromWire({ amount, currency });
    const receivedMinor = fromWire({ amount: received, currency })?.minor;
    if (money !== undefined && receivedMinor !== undefined) return { ...rest, money, receivedMinor };
    context.addIssue('not an amount');
    return z.NEVER;
  });
export type WirePayment = z.infer<typeof wirePayment>;

const anyRefund = z
  .object({
    id: z.string().regex(REFUND_ID),
    /** Null for a payment that was made without a payment intent: none of ours. */
    payment_intent: z.string().regex(PAYMENT_ID).nullable(),
    amount: z.number(),
    currency: z.string().regex(/^[a-z]{3}$/),
    /** May be null by the type declarations. */
    status: word.nullable(),
    created: instant,
    metadata: map,
    reason: optional(word),
    failure_reason: optional(word),
    pending_reason: optional(word),
    destination_details: map,
  })
  .transform(({ amount, ...rest }, context) => {
    const money = fromWire({ amount, currency: rest.currency });
    // A currency that is not read here says nothing against the other refunds of a list.
    if (money !== undefined || currencyOf(rest.currency) === undefined) return { ...rest, money };
    context.addIssue('not an amount');
    return z.NEVER;
  });

/** A refund that can be one of ours: of a payment intent, in a currency that is read. */
export const wireRefund = anyRefund.transform((refund, context) => {
  const ours = asOurs(refund);
  if (ours !== undefined) return ours;
  context.addIssue('not of a payment intent, or in a currency that is not read');
  return z.NEVER;
});
export type WireRefund = z.infer<typeof wireRefund>;

/** Any refund as one that can be ours, or undefined. */
export function asOurs({ payment_intent, money, ...rest }: z.infer<typeof anyRefund>) {
  return payment_intent === null || money === undefined ? undefined : { ...rest, payment_intent, money };
}

/** A page; there is no total. */
export const wireRefundList = z.object({ data: z.array(anyRefund), has_more: z.boolean() });

/** An event, whose object is as it was at that moment: only what it is about is read (docs.stripe.com/api/events). */
export const wireEvent = z.object({
  id: z.string().regex(/^evt_\w{1,120}$/),
  object: z.literal('event'),
  type: z.string().regex(/^[\w.]{1,100}$/),
  /** The connected account of an event of Connect. */
  account: word.nullish(),
  data: z.object({ object: z.unknown() }),
});
export const toldRefund = z.object({
  id: z.string().regex(REFUND_ID),
  object: z.literal('refund'),
  payment_intent: z.string().regex(PAYMENT_ID).nullable(),
  metadata: map,
});
export const toldCharge = z.object({
  object: z.literal('charge'),
  payment_intent: z.string().regex(PAYMENT_ID).nullable(),
});

/** Types of errors of this API (npm stripe 23.1.0, Types.d.ts and Error.js); those of version 2 of the API are not among them. */
const errorTypes = [
  'api_error',
  'authentication_error',
  'card_error',
  'idempotency_error',
  'invalid_request_error',
  'rate_limit_error',
] as const;

const wireError = z.object({
  error: z.object({
    type: z.enum(errorTypes),
    code: optional(word),
    message: optional(text),
    param: optional(word),
    payment_intent: z.unknown().optional(),
  }),
});
export type WireError = z.infer<typeof wireError>['error'];

/** The error of an answer, or undefined for what Stripe's API did not write. */
export function readError(body: string): WireError | undefined {
  return readAs(wireError, body)?.error;
}

/** A text of a map, or undefined. */
export function mapText(some: WireMap, key: string): string | undefined {
  const value = some !== undefined && Object.hasOwn(some, key) ? some[key] : undefined;
  return typeof value === 'string' && value !== '' ? safeText(value, MAX_TEXT) : undefined;
}

/** A map inside a map, or undefined. */
export function mapMap(some: WireMap, key: string): WireMap {
  const value = some !== undefined && Object.hasOwn(some, key) ? some[key] : undefined;
  const read = map.safeParse(value);
  return read.success ? read.data : undefined;
}
