import { z } from 'zod';
import { TEXT_KEYS } from './texts.ts';

const seconds = z.int().min(0).max(315_360_000);

/** `POST /control/mode` for this provider: behaviour that is undocumented, or that differs between accounts. */
export const SettingsSchema = z.strictObject({
  /** What a new refund is in the create's answer: `instant` is succeeded, the others wait for `POST /control/settle`. */
  refunds: z.enum(['instant', 'pending', 'requires_action']),
  /** The version of a request without `Stripe-Version`, and of events. */
  apiVersion: z.string().regex(/^\d{4}-\d{2}-\d{2}(?:\.[a-z]+)?$/, 'must look like 2026-10-28.endive'),
  /** Whether a key remembers an answer of 500. */
  keepServerErrors: z.boolean(),
  keyLifeSeconds: seconds,
  /** Whether `amount_refunded` counts refunds without an end. They take from what is left in any case. */
  countPending: z.boolean(),
  /** Older payments are refused; null: never. */
  refundableDays: z.int().min(1).max(3_650).nullable(),
  /** Whether the account has money to refund from; if not, refunds are pending or refused. */
  balance: z.enum(['enough', 'pending', 'refuse']),
  /** How long after a refund its reference number is available; null: never by itself. */
  traceAfterSeconds: seconds.nullable(),
  /** New refunds are missing from lists for this long. */
  listLagSeconds: z.int().min(0).max(86_400),
  /** A list filtered by an unknown payment: 404 or an empty list. */
  unknownFilter: z.enum(['missing', 'empty']),
  /** Wording of error messages. */
  texts: z.partialRecord(z.enum(TEXT_KEYS), z.string().max(500)),
});

export type Settings = z.infer<typeof SettingsSchema>;

export const DEFAULT_SETTINGS: Settings = {
  refunds: 'instant',
  apiVersion: '2026-10-28.endive',
  keepServerErrors: true,
  keyLifeSeconds: 86_400,
  countPending: true,
  refundableDays: 365,
  balance: 'enough',
  traceAfterSeconds: 86_400,
  listLagSeconds: 0,
  unknownFilter: 'missing',
  texts: {},
};
