import { z } from 'zod';
import { readAs, safeText } from '../read-json.ts';
import { fromWire } from './money.ts';

/**
 * Objects as they are on the wire (razorpay.com/docs/api, "Payments", "Refunds" and "Errors"), as far as refunds need
 * them. Unknown fields are ignored and unknown words kept. What decides about money must be exactly right, what only
 * describes may be missing or odd.
 */

const PAYMENT_ID = /^pay_[A-Za-z0-9]{14}$/;
const REFUND_ID = /^rfnd_[A-Za-z0-9]{14}$/;
const ACCOUNT_ID = /^acc_[A-Za-z0-9]{14}$/;

/** Whether a text can be an id there, and is safe inside a URL path. */
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

/** An empty map is `[]`, also where the documentation says "array" and means a map. */
const map = optional(z.record(z.string(), z.unknown()));

export const wirePayment = z
  .object({
    id: z.string().regex(PAYMENT_ID),
    amount: z.number(),
    currency: z.string(),
    status: word,
    /** False after `refunded` tells that a hold was returned, not a payment. */
    captured: z.boolean().nullish(),
    amount_refunded: z.int().min(0).nullish(),
    order_id: optional(word),
    method: optional(word),
    created_at: instant,
  })
  .transform(({ amount, currency, ...rest }, context) => {
    const money = fromWire({ amount, currency });
    const { status, captured } = rest;
    const isUnclear =
      (status === 'captured' && captured === false) ||
      (status === 'refunded' && typeof captured !== 'boolean');
    if (money !== undefined && !isUnclear) return { ...rest, money };
    context.addIssue(isUnclear ? 'captured or not' : 'not an amount');
    return z.NEVER;
  });
export type WirePayment = z.infer<typeof wirePayment>;

export const wireRefund = z
  .object({
    id: z.string().regex(REFUND_ID),
    payment_id: z.string().regex(PAYMENT_ID),
    amount: z.number(),
    currency: z.string(),
    status: word,
    receipt: optional(text),
    notes: map,
    acquirer_data: map,
    created_at: instant,
    /** Set for uploads in the dashboard. */
    batch_id: optional(word),
    speed_processed: optional(word),
  })
  .transform(({ amount, currency, ...rest }, context) => {
    const money = fromWire({ amount, currency });
    if (money !== undefined) return { ...rest, money };
    context.addIssue('not an amount');
    return z.NEVER;
  });
export type WireRefund = z.infer<typeof wireRefund>;

/** Only `items`: `count` is the number in this page, and there is no total. */
export const wireRefundList = z.object({ items: z.array(wireRefund) });

const wireEvent = z.object({
  entity: z.literal('event'),
  account_id: z.string().regex(ACCOUNT_ID),
  event: z.string().regex(/^[\w.]{1,100}$/),
  payload: z.unknown(),
});
export type WireEvent = z.infer<typeof wireEvent>;

/** An event, whose entities are as they were at that moment; the time of some is missing (docs, "Webhooks"). */
export const readEvent = (body: string): WireEvent | undefined => readAs(wireEvent, body);

/** What an event is about. `captured` is false where a payment was returned that was never captured. */
export const toldRefund = z.object({
  refund: z.object({
    entity: z.object({
      id: z.string().regex(REFUND_ID),
      payment_id: z.string().regex(PAYMENT_ID),
      receipt: optional(text),
      notes: map,
    }),
  }),
  payment: optional(z.object({ entity: z.object({ captured: optional(z.boolean()) }) })),
});
export const toldPayment = z.object({
  payment: z.object({ entity: z.object({ id: z.string().regex(PAYMENT_ID) }) }),
});

const wireError = z.object({
  error: z.object({
    code: optional(word),
    description: optional(text),
    field: optional(word),
    reason: optional(word),
  }),
});
export type WireError = z.infer<typeof wireError>['error'];

/** `{"message": "no Route matched with those values"}`: of the gateway before the API. */
const gatewayError = z.object({ message: text }).transform(({ message }) => ({ description: message }));

/** The error of an answer in either shape, or undefined for what neither the API nor its gateway wrote. */
export function readError(body: string): WireError | undefined {
  return readAs(wireError, body)?.error ?? readAs(gatewayError, body);
}

/** A text of a map, or undefined. */
export function mapText(some: WireRefund['notes'], key: string): string | undefined {
  const value = some !== undefined && Object.hasOwn(some, key) ? some[key] : undefined;
  return typeof value === 'string' && value !== '' ? safeText(value, MAX_TEXT) : undefined;
}
