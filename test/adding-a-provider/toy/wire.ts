import { z } from 'zod';
import { isCurrency } from '../../../src/money.ts';

/** The form of every id there, which is safe inside a path. */
export const isToyId = (text: string): boolean => /^t[pr]_\d{6}$/.test(text);

const id = z.string().refine(isToyId);
const word = z.string().regex(/^[ -~]{1,64}$/);
const instant = z.iso.datetime().transform((text) => new Date(text));
const minor = z.int().nonnegative().transform(BigInt);
const currency = z.string().refine(isCurrency);

export const wireRefund = z.object({
  id,
  payment: id,
  status: word,
  amount: minor,
  currency,
  note: z.string().nullable().catch(null),
  made_at: instant,
});
export type WireRefund = z.infer<typeof wireRefund>;

export const wirePayment = z.object({
  id,
  status: word,
  amount: minor,
  currency,
  opened_at: instant,
  refunds: z.array(wireRefund),
});
export type WirePayment = z.infer<typeof wirePayment>;

export const wireError = z.object({ error: z.object({ code: word }) });
