import { z } from 'zod';

/** A PSP reference: it enters URLs, which the library does not encode. */
export const isPspReference = (id: string): boolean => /^[A-Za-z0-9_-]{1,64}$/.test(id);

const text = z.string().max(1_000);

/** `POST /v68/payments/{psp}/refunds` (docs.adyen.com/api-explorer/Checkout/68, "Refund a captured payment"). */
export const wireReceived = z.object({
  merchantAccount: text,
  paymentPspReference: text,
  pspReference: text,
  reference: text,
  status: text,
  amount: z.object({ currency: text, value: z.int().min(0) }).optional(),
});

export const wireError = z.object({
  status: z.int().optional(),
  errorCode: text,
  message: text.optional(),
  errorType: text.optional(),
  pspReference: text.optional(),
});
