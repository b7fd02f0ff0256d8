import { z } from 'zod';
import { HASH_ALGORITHMS } from './signature.ts';
import { TEXT_KEYS } from './texts.ts';

const seconds = z.int().min(0).max(315_360_000);

/** `POST /control/mode` for this provider: behaviour that is undocumented, or that differs between shops. */
export const SettingsSchema = z.strictObject({
  /** Whether a new refund is finished at once or waits for `POST /control/settle`. */
  refunds: z.enum(['instant', 'pending']),
  /** Pending refunds finish by themselves after this long. */
  settleAfterSeconds: seconds.nullable(),
  /** The hash algorithm of every signature but the JWT's. */
  hash: z.enum(HASH_ALGORITHMS),
  /** The default namespace of OpStateExt's answers: both are published. */
  xmlNamespace: z.enum(['merchant', 'auth']),
  /** Decimals of sums that the provider writes. */
  decimals: z.union([z.literal(2), z.literal(6)]),
  /** The body of Create: a JSON string only, or also a bare JWT under three content types. */
  createBody: z.enum(['strict', 'lenient']),
  /** Whether `alg` of the JWT may be SHA256, SHA384 or SHA512. */
  algSha256: z.boolean(),
  /** Whether the shops were given access to the refund API. */
  password3: z.enum(['granted', 'absent']),
  /** The HTTP status of `success: false`: the documentation shows the body only. */
  rejectionStatus: z.union([z.literal(200), z.literal(400)]),
  /** The HTTP status of GetState for an id that nobody knows. */
  unknownIdStatus: z.union([z.literal(200), z.literal(400)]),
  /** Whether GetState tells the amount of a refund that is still processing. */
  amountWhileProcessing: z.boolean(),
  /** GetState does not know a refund that is younger than this. */
  visibleAfterSeconds: z.int().min(0).max(86_400),
  /** Whether the shop has money to pay refunds from. */
  shopBalance: z.enum(['enough', 'too-low']),
  /** Whether items of a refund are checked: their fields, the receipt of the payment, their sum. */
  items: z.enum(['strict', 'lenient']),
  /** Payments older than this are refused; null: no limit. */
  refundableDays: z.int().min(1).max(3_650).nullable(),
  /** The operations of v1, which the provider does not document. */
  v1: z.enum(['on', 'off']),
  /** How long holds made from now on last. */
  holdSeconds: z.int().min(1).max(31_536_000),
  /** The state of a hold that ended by itself. */
  holdEndsIn: z.union([z.literal(60), z.literal(10)]),
  /** The HTTP status of a Confirm or Cancel that was refused. */
  holdRefusalStatus: z.union([z.literal(200), z.literal(400)]),
  /** Payments in state 50 are credited by themselves after this long; null: never. */
  creditAfterSeconds: seconds.nullable(),
  /** Which of the two notifications are sent. */
  notifications: z.array(z.enum(['ResultURL', 'ResultUrl2'])).max(2),
  /** Wording of messages. */
  texts: z.partialRecord(z.enum(TEXT_KEYS), z.string().max(500)),
});

export type Settings = z.infer<typeof SettingsSchema>;

export const DEFAULT_SETTINGS: Settings = {
  refunds: 'instant',
  settleAfterSeconds: null,
  hash: 'MD5',
  xmlNamespace: 'merchant',
  decimals: 6,
  createBody: 'strict',
  algSha256: true,
  password3: 'granted',
  rejectionStatus: 200,
  unknownIdStatus: 400,
  amountWhileProcessing: true,
  visibleAfterSeconds: 0,
  shopBalance: 'enough',
  items: 'strict',
  refundableDays: null,
  v1: 'off',
  holdSeconds: 604_800,
  holdEndsIn: 60,
  holdRefusalStatus: 400,
  creditAfterSeconds: null,
  notifications: ['ResultURL', 'ResultUrl2'],
  texts: {},
};
