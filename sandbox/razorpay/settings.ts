import { z } from 'zod';
import { TEXT_KEYS } from './texts.ts';

const seconds = z.int().min(0).max(315_360_000);

/** `POST /control/mode` for this provider: behaviour that is undocumented, or that differs between accounts. */
export const SettingsSchema = z.strictObject({
  /** Whether a new refund is processed at once or waits for `POST /control/settle`. */
  refunds: z.enum(['instant', 'pending']),
  /** Pending refunds are processed by themselves after this long. */
  settleAfterSeconds: seconds.nullable(),
  /** Whether a replayed key answers with the first answer or with the refund as it is now. */
  replay: z.enum(['stored', 'current']),
  /** Whether a refused request burns its key. */
  keepRefusals: z.boolean(),
  keyLifeSeconds: seconds,
  /** What "same body" means to a key: the same bytes, or the same JSON. */
  bodyHash: z.enum(['raw', 'canonical']),
  /** The HTTP status of wrong credentials when there is an idempotency key: the documentation has both. */
  badAuthWithKey: z.union([z.literal(401), z.literal(500)]),
  duplicateReceipts: z.enum(['refuse', 'accept']),
  /** What an absent `amount` asks for. */
  absentAmount: z.enum(['whole', 'remaining']),
  /** Where the minimum of 1.00 holds: INR and MYR as documented, or in every currency. */
  minimumRefund: z.enum(['documented', 'everywhere']),
  /** Whether `amount_refunded`, `refund_status` and `status` count pending refunds. */
  countPending: z.boolean(),
  /** Refunds of payments older than six months: refused, accepted and failed a minute later, or accepted. */
  oldPayments: z.enum(['refuse', 'fail-later', 'accept']),
  /** Whether `speed: optimum` is processed instantly, or falls back to normal. */
  instantRefunds: z.enum(['available', 'unavailable']),
  /** What is left to refund from, in minor units as digits, for all accounts together; null: enough. */
  balanceMinor: z
    .union([z.int().min(0), z.string().regex(/^\d{1,18}$/, 'digits')])
    .nullable()
    .transform((value) => (value === null ? null : String(value))),
  /** Authorized payments go back after this many days. */
  autoRefundDays: z.int().min(1).max(60),
  /** How long after its end a refund has a trace number; null: never by itself. */
  traceAfterSeconds: seconds.nullable(),
  /** Which trace number refunds get: by payment method, or this one, or none. */
  traceKind: z.enum(['method', 'arn', 'rrn', 'utr', 'none']),
  /** New objects are missing from lists for this long. */
  listLagSeconds: z.int().min(0).max(86_400),
  /** Whether `from` and `to` belong to the range. */
  listEdges: z.enum(['inclusive', 'exclusive']),
  /** Account lists newest first and lists of one payment oldest first as in the samples, or the other way round. */
  listOrder: z.enum(['samples', 'reversed']),
  /** Emojis in a request body: HTTP 500. */
  failOnEmoji: z.boolean(),
  /** Wording of error descriptions. */
  texts: z.partialRecord(z.enum(TEXT_KEYS), z.string().max(500)),
});

export type Settings = z.infer<typeof SettingsSchema>;

export const DEFAULT_SETTINGS: Settings = {
  refunds: 'instant',
  settleAfterSeconds: null,
  replay: 'stored',
  keepRefusals: true,
  keyLifeSeconds: 86_400,
  bodyHash: 'raw',
  badAuthWithKey: 401,
  duplicateReceipts: 'refuse',
  absentAmount: 'whole',
  minimumRefund: 'documented',
  countPending: true,
  oldPayments: 'refuse',
  instantRefunds: 'available',
  balanceMinor: null,
  autoRefundDays: 5,
  traceAfterSeconds: 86_400,
  traceKind: 'method',
  listLagSeconds: 0,
  listEdges: 'inclusive',
  listOrder: 'samples',
  failOnEmoji: false,
  texts: {},
};
