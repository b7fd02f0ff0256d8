import { z } from 'zod';
import { isCurrency } from '../../money.ts';
import { readAs, safeText } from '../read-json.ts';
import { readHundredths } from './money.ts';

/**
 * Objects as they are on the wire (pay.yandex.ru/docs, "Order" and "Operation"), as far as refunds need them. Unknown
 * fields are ignored and unknown words kept. What decides about money must be exactly right, what only describes may be
 * missing or odd.
 */

const ORDER_ID = /^[A-Za-z0-9_-]{1,128}$/;

/** Whether a text can be the id of an order: the merchant's own, of what the documentation recommends. */
export const isOrderId = (text: string): boolean => ORDER_ID.test(text);

/** A status, a code or an id: printable and short, else the answer is not readable. */
const word = z.string().regex(/^[ -~]{1,128}$/);
const MAX_TEXT = 512;
const text = z.string().transform((raw) => safeText(raw, MAX_TEXT));

/** Only describes: whatever is odd or null counts as absent. */
const optional = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

/** With microseconds, in UTC or in Moscow time. */
const instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/)
  .transform((written, context) => {
    const at = new Date(written);
    if (!Number.isNaN(at.getTime())) return at;
    context.addIssue('not an instant');
    return z.NEVER;
  });

const hundredths = z.string().transform((written, context) => {
  const value = readHundredths(written);
  if (value !== undefined) return value;
  context.addIssue('not a decimal with two decimals');
  return z.NEVER;
});

export const wireOperation = z
  .object({
    operationId: word,
    operationType: word,
    orderId: z.string(),
    status: word,
    amount: optional(hundredths),
    externalOperationId: z.string().nullish(),
    reason: optional(text),
    pointsAmount: optional(word),
    created: instant,
    updated: optional(instant),
  })
  .transform(({ amount, ...rest }, context) => {
    // A refund without its amount is no refund that could be counted.
    if (amount !== undefined || rest.operationType !== 'REFUND')
      return { ...rest, amountMinor: amount ?? 0n };
    context.addIssue('not an amount');
    return z.NEVER;
  });
export type WireOperation = z.infer<typeof wireOperation>;

const wireItem = z.object({
  productId: z.string().min(1).max(2048),
  title: optional(text),
  quantity: z.object({ count: hundredths }),
  total: optional(hundredths),
  finalPrice: optional(hundredths),
  discountedUnitPrice: optional(hundredths),
  unitPrice: optional(hundredths),
});
export type WireItem = z.infer<typeof wireItem>;

const wireOrder = z.object({
  orderId: z.string(),
  merchantId: z.string(),
  currencyCode: z.string().refine(isCurrency),
  orderAmount: hundredths,
  paymentStatus: word.nullish(),
  paymentMethod: optional(z.object({ methodType: word })),
  created: instant,
  updated: optional(instant),
  // Without a cart that can be read completely nothing but the whole order can be refunded.
  cart: optional(z.object({ items: z.array(wireItem) })),
});

const success = <T extends z.ZodType>(data: T) => z.object({ status: z.literal('success'), data });

/** `data` of `GET /v1/orders/{id}`. */
export const wireOrderAnswer = success(
  z.object({ order: wireOrder, operations: z.array(wireOperation) }),
).transform(({ data }) => ({ ...data.order, operations: data.operations }));
export type WireOrder = z.infer<typeof wireOrderAnswer>;

/** `data` of everything that begins an operation, and of `GET /v1/operations/{externalOperationId}`. */
export const wireOperationAnswer = success(z.object({ operation: wireOperation })).transform(
  ({ data }) => data.operation,
);

/** The envelope of a failure, which also comes with HTTP 200. */
const wireError = z.object({
  status: z.literal('fail'),
  code: optional(z.int()),
  reasonCode: optional(word),
  reason: optional(text),
});
export type WireError = z.infer<typeof wireError>;

/** Undefined for what the provider did not write itself. */
export const readError = (body: string): WireError | undefined => readAs(wireError, body);
