import { z } from 'zod';

/** Ids enter URLs, which the library does not encode (checkout.com/docs, "Payments"; hyperswitch-prism 0.4.0). */
export const isPaymentId = (id: string): boolean => /^pay_\w{1,64}$/.test(id);
export const isActionId = (id: string): boolean => /^act_\w{1,64}$/.test(id);

const amount = z.int().min(0);
const text = z.string().max(1_000);

/** `GET /payments/{id}`. Balances are not always there. */
export const wirePayment = z.object({
  id: text,
  amount,
  currency: text,
  status: text,
  reference: text.optional(),
  requested_on: z.iso.datetime({ offset: true }).optional(),
  balances: z.object({ total_captured: amount.optional(), total_refunded: amount.optional() }).optional(),
});
export type WirePayment = z.output<typeof wirePayment>;

/** One element of `GET /payments/{id}/actions`; others than captures and refunds only have to be passed over. */
export const wireAction = z
  .object({
    id: text,
    type: text,
    amount: amount.optional(),
    approved: z.boolean().optional(),
    reference: text.optional(),
    processed_on: z.iso.datetime({ offset: true }).optional(),
  })
  .refine(({ type, amount: some }) => some !== undefined || !['Capture', 'Refund'].includes(type), {
    message: 'without its amount the sums would be wrong',
  });
export type WireAction = z.output<typeof wireAction>;
export const wireActions = z.array(wireAction).max(1_000);

/** `POST /payments/{id}/refunds`: accepted, not executed. */
export const wireAccepted = z.object({ action_id: text, reference: text.optional() });

export const wireError = z.object({
  request_id: text,
  error_type: text,
  error_codes: z.array(text).max(50).optional(),
});
