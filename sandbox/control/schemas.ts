import { z } from 'zod';
import { FAULT_KINDS, FAULT_OPTIONS, type FaultOptions, OPERATIONS } from '../faults.ts';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

const money = z.strictObject({
  value: z.string().regex(/^\d{1,15}(?:\.\d{1,4})?$/, 'must be a decimal text such as "1500.00"'),
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code'),
});
const provider = z.string().min(1);
const name = z.string().min(1).max(128);
const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const ms = z.int().min(0).max(600_000);

/** A URL of this machine: the sandbox never calls anybody else. */
export const loopbackUrl = z
  .string()
  .max(500)
  .refine(isLoopback, 'must be an http URL on 127.0.0.1, localhost or [::1]');

export const NewPaymentSchema = z.strictObject({
  provider,
  account: name.optional(),
  reference: name.optional(),
  amount: money,
  captured: money.optional(),
  status: z.enum(['captured', 'authorized', 'pending']).default('captured'),
  createdAt: instant.optional(),
  capturedAt: instant.optional(),
  method: name.optional(),
  sources: z
    .array(z.strictObject({ account: name, amount: money, platformFee: money.optional() }))
    .min(1)
    .max(100)
    .optional(),
  items: z
    .array(z.strictObject({ id: name, title: name, quantity: z.string().max(20), unitPrice: money }))
    .max(100)
    .optional(),
  connector: name.optional(),
  paidByBuyer: money.optional(),
  state: name.optional(),
});

export const FaultSchema = z
  .strictObject({
    provider,
    operation: z.enum([...OPERATIONS, '*']).default('*'),
    kind: z.enum(FAULT_KINDS),
    times: z.int().min(1).max(1_000_000).default(1),
    reference: name.optional(),
    ms: ms.optional(),
    seconds: z.int().min(1).max(31_536_000).optional(),
    retryAfterMs: ms.optional(),
    status: z.int().min(200).max(599).optional(),
    code: z
      .string()
      .regex(/^[A-Za-z0-9_]{1,64}$/)
      .optional(),
    parameter: name.optional(),
    description: z.string().max(500).optional(),
    word: name.optional(),
    amount: money.optional(),
    effect: z.boolean().optional(),
    when: z.enum(['before', 'after']).optional(),
    format: z.enum(['html', 'text', 'empty', 'gateway', 'hollow']).optional(),
  })
  .superRefine((fault, context) => {
    const allowed: readonly string[] = FAULT_OPTIONS[fault.kind];
    for (const option of OPTION_NAMES) {
      if (fault[option] === undefined || allowed.includes(option)) continue;
      const message = `is no option of ${fault.kind}, which has ${allowed.length === 0 ? 'none' : allowed.join(', ')}`;
      context.addIssue({ code: 'custom', path: [option], message });
    }
  });

export const ClearFaultsSchema = z.strictObject({ provider: provider.optional() });

export const SettleSchema = z
  .strictObject({
    provider,
    refundId: name.optional(),
    all: z.literal(true).optional(),
    status: z.enum(['succeeded', 'failed', 'canceled', 'reversed']),
    reason: z
      .string()
      .regex(/^[a-z0-9_]{1,64}$/)
      .optional(),
    trace: z.strictObject({ kind: z.enum(['arn', 'rrn', 'utr']), value: name.optional() }).optional(),
  })
  .refine((input) => (input.refundId === undefined) !== (input.all === undefined), {
    path: ['refundId'],
    message: 'give either refundId or all: true',
  });

export const ModeSchema = z.looseObject({ provider });

export const ConsoleRefundSchema = z.strictObject({
  provider,
  reference: name,
  amount: money,
  source: z.strictObject({ account: name, platformFee: money.optional() }).optional(),
});

const TEN_YEARS_SECONDS = 315_360_000;

export const ClockSchema = z.strictObject({
  advanceSeconds: z.int().min(-TEN_YEARS_SECONDS).max(TEN_YEARS_SECONDS),
});

export const FollowerSchema = z.strictObject({ url: loopbackUrl });

export const WebhooksSchema = z.strictObject({
  provider,
  mode: z.enum(['on', 'off', 'duplicate', 'reorder', 'forge']),
  url: loopbackUrl.optional(),
  secret: name.optional(),
  account: name.optional(),
});

export const ResetSchema = z.strictObject({ keepClock: z.boolean().default(false) });

export const ProviderQuery = z.strictObject({ provider: provider.optional() });

export const LedgerQuery = z.strictObject({ provider: provider.optional(), reference: name.optional() });

export const RequestsQuery = z.strictObject({
  provider: provider.optional(),
  since: z
    .string()
    .regex(/^\d{1,15}$/, 'must be a seq')
    .default('0')
    .transform(Number),
});

const OPTION_NAMES: readonly (keyof FaultOptions)[] = [
  'ms',
  'seconds',
  'retryAfterMs',
  'status',
  'code',
  'parameter',
  'description',
  'word',
  'amount',
  'effect',
  'when',
  'format',
];

function isLoopback(text: string): boolean {
  const url = URL.parse(text.replaceAll('{account}', 'account'));
  return url !== null && url.protocol === 'http:' && LOOPBACK.has(url.hostname);
}
