import { z } from 'zod';
import { TEXT_KEYS } from './texts.ts';

const seconds = z.int().min(0).max(315_360_000);
const textKey = z.enum(TEXT_KEYS);

/** `POST /control/mode` for this provider: behaviour that is undocumented, or documented in two ways. */
export const SettingsSchema = z.strictObject({
  /** A new refund is PENDING in its own answer; it succeeds by itself, or waits for `POST /control/settle`. */
  refunds: z.enum(['instant', 'pending']),
  /** How long refunds and hold operations that end by themselves take. */
  settleAfterSeconds: seconds,
  /** Cancel, capture and submit: like instant refunds, SUCCESS in their own answer, or waiting for settle. */
  holdOperations: z.enum(['instant', 'immediate', 'pending']),
  /** When `orderAmount` and the cart shrink. */
  amountShrinks: z.enum(['success', 'creation']),
  /** Whether a price cut rewrites `unitPrice`, or keeps it beside the new `finalPrice`. */
  priceCut: z.enum(['rewritten', 'beside']),
  /** What a failed refund does to `paymentStatus`: the docs say both. */
  failedRefund: z.enum(['keep', 'order-failed']),
  /** Whether the refund of a rollback is among the operations of its order. */
  rollbackOperation: z.enum(['visible', 'hidden']),
  unpaidStatus: z.enum(['PENDING', 'null']),
  /** From when a repeated external id is refused as a duplicate: one page says launched, another one complete. */
  duplicateFrom: z.enum(['end', 'launch']),
  /** What the external id of an operation that ended in FAIL answers. */
  failedReplay: z.enum(['duplicate', 'same']),
  /** Whether a repeated X-Request-Id answers with a stored refusal. */
  replayRefusals: z.boolean(),
  /** Another request under a known X-Request-Id: 400, or the stored answer. */
  requestIdConflict: z.enum(['refuse', 'replay']),
  requestIdLifeSeconds: seconds,
  /** New operations are missing from reads for this long. */
  readLagSeconds: z.int().min(0).max(86_400),
  /** Of a refund and of what remains, in the Russian edition. */
  minimumRefund: z.string().regex(/^\d{1,9}\.\d{2}$/, 'two decimals, such as "1.00"'),
  /** The currency of new orders in the Uzbek edition. */
  uzbekCurrency: z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code'),
  notFoundBody: z.enum(['envelope', 'empty', 'html']),
  /** What follows the callback URL. */
  callbackPath: z.string().regex(/^(?:\/[A-Za-z0-9_-]+)*$/, 'a path such as "/v1/webhook"'),
  /** How `iat` and `exp` are written in the header of a webhook's token. */
  tokenTimes: z.enum(['integers', 'strings']),
  tokenLifeSeconds: seconds,
  /** The number of the key that signs webhooks; a higher one is a rotation. */
  signingKey: z.int().min(1).max(9),
  /** Whether the JWKS keeps the keys before it. */
  retiredKeys: z.enum(['published', 'withdrawn']),
  texts: z.partialRecord(textKey, z.string().max(500)),
  reasonCodes: z.partialRecord(textKey, z.string().max(64).nullable()),
  statuses: z.partialRecord(textKey, z.int().min(200).max(599)),
});

export type Settings = z.infer<typeof SettingsSchema>;

export const DEFAULT_SETTINGS: Settings = {
  refunds: 'instant',
  settleAfterSeconds: 0,
  holdOperations: 'instant',
  amountShrinks: 'success',
  priceCut: 'rewritten',
  failedRefund: 'keep',
  rollbackOperation: 'visible',
  unpaidStatus: 'PENDING',
  duplicateFrom: 'end',
  failedReplay: 'duplicate',
  replayRefusals: false,
  requestIdConflict: 'refuse',
  requestIdLifeSeconds: 86_400,
  readLagSeconds: 0,
  minimumRefund: '1.00',
  uzbekCurrency: 'UZS',
  notFoundBody: 'envelope',
  callbackPath: '/v1/webhook',
  tokenTimes: 'integers',
  tokenLifeSeconds: 300,
  signingKey: 1,
  retiredKeys: 'published',
  texts: {},
  reasonCodes: {},
  statuses: {},
};
