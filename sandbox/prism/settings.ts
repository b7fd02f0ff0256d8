import { z } from 'zod';
import { TEXT_KEYS } from './texts.ts';

/** `POST /control/mode` for this provider: behaviour that is undocumented, or that tests want both ways. */
export const SettingsSchema = z.strictObject({
  /** Whether a new refund ends at once or waits for `POST /control/settle`. Neither connector says so in its answer. */
  refunds: z.enum(['instant', 'pending']),
  /** A refund of more than is left at adyen: accepted and failed by notification, or refused. Checkout refuses. */
  adyenOverRefund: z.enum(['fail-later', 'refuse']),
  /** Whether adyen refuses a `merchantRefundReason` that is none of its words. */
  adyenReasons: z.enum(['refuse', 'accept']),
  /** Whether checkout's balances count refunds that are still pending. What is left is the same in any case. */
  checkoutCountPending: z.boolean(),
  /** New refunds are missing from checkout's list of actions for this long. */
  listLagSeconds: z.int().min(0).max(86_400),
  /** Wording of adyen's messages and checkout's error codes. */
  texts: z.partialRecord(z.enum(TEXT_KEYS), z.string().max(500)),
});

export type Settings = z.infer<typeof SettingsSchema>;

export const DEFAULT_SETTINGS: Settings = {
  refunds: 'instant',
  adyenOverRefund: 'fail-later',
  adyenReasons: 'refuse',
  checkoutCountPending: true,
  listLagSeconds: 0,
  texts: {},
};
