import type { Capabilities, RecoveryPlan } from '../provider.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What this adapter does with Stripe. Sources: docs.stripe.com/api ("Refunds", "PaymentIntents"), docs.stripe.com/refunds. */
export const capabilities: Capabilities = {
  partialRefunds: true,
  severalRefundsPerPayment: true,
  // Refunds of transfers to connected accounts (Connect) are not made.
  splitRefunds: false,
  itemRefunds: false,
  receipts: false,
  refundSpeeds: ['NORMAL'],
  voidAuthorized: true,
  // One call closes holds and whatever is not paid yet (docs.stripe.com/api/payment_intents/cancel).
  cancelUnpaid: true,
  // Only while the customer has to act (docs.stripe.com/api/refunds/cancel).
  cancelRefund: true,
  // Keys may be removed after they are at least 24 hours old (docs.stripe.com/api/idempotent_requests).
  idempotencyHours: 24,
  listByPayment: true,
  listByTime: true,
  listPageSize: 100,
  concurrentOperationsPerPayment: 'MANY',
  refundWindowDays: null,
  traceReferences: ['ARN', 'RRN', 'OTHER'],
  // In 1 to 3 business days (support.stripe.com, "How to trace a refund using reference numbers").
  lateTraceReferences: true,
  externalRefunds: 'SEEN',
};

/** Replaying stops an hour before the key may be gone: from then on the same bytes would be another refund. */
export const recovery: RecoveryPlan = {
  lookUp: 'LIST_AND_MATCH',
  replayForMs: 23 * HOUR,
  readOnlyForMs: 24 * HOUR,
  instructions:
    'Look in the Stripe Dashboard, under the payment, whether a refund of this amount was made. Its metadata has our reference as order_id.',
};

/** How long the API may take is not published. */
export const SEND_DEADLINE_MS = 35 * SECOND;

/** Most refunds have succeeded in the answer; those by bank or voucher take days (docs.stripe.com/refunds). */
export const lookGapsMs: readonly number[] = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR];

/** 5 to 10 business days (docs.stripe.com/refunds). */
export const PENDING_NORMALLY_MS = 14 * DAY;

/** A bank may send a refund back up to 30 days later: it then fails after it had succeeded (docs.stripe.com/refunds). */
export const watchAfterMs: readonly number[] = [DAY, 3 * DAY, 7 * DAY, 14 * DAY, 30 * DAY];

/** One host for live and test mode: the key decides (docs.stripe.com/api/authentication). */
export const DEFAULT_BASE_URL = 'https://api.stripe.com/v1';

/** Below the 25 a second that a sandbox takes; live mode takes 100 (docs.stripe.com/rate-limits). */
export const DEFAULT_REQUESTS_PER_SECOND = 20;
