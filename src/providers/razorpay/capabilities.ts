import type { Capabilities, RecoveryPlan } from '../provider.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * What this adapter does with Razorpay and Curlec. Sources: razorpay.com/docs, "Refunds" (entity, create, fetch,
 * idempotency, FAQs) and "Partner Auth"; curlec.com/docs for Malaysia, which differs in having no instant refunds.
 */
export const capabilities: Capabilities = {
  partialRefunds: true,
  severalRefundsPerPayment: true,
  splitRefunds: false,
  itemRefunds: false,
  receipts: false,
  // "optimum" is an instant refund where one is possible, else a normal one ("Refunds", Instant Refunds).
  refundSpeeds: ['NORMAL', 'OPTIMUM'],
  // There is no such call: a payment that is not captured in time is returned by Razorpay itself.
  voidAuthorized: false,
  cancelUnpaid: false,
  // "A refund cannot be cancelled once issued" ("Refunds", FAQs).
  cancelRefund: false,
  // How long a key lives is not published; a day is assumed.
  idempotencyHours: 24,
  listByPayment: true,
  listByTime: true,
  listPageSize: 100,
  concurrentOperationsPerPayment: 'MANY',
  // Six calendar months are never shorter; payment.ts has the exact instant.
  refundWindowDays: 181,
  traceReferences: ['ARN', 'RRN', 'UTR'],
  // `processed` usually comes first ("Refunds", FAQs); after how many days the number follows is not published.
  lateTraceReferences: true,
  externalRefunds: 'SEEN',
};

/** Replaying stops an hour before the assumed end of the key's life. */
export const recovery: RecoveryPlan = {
  lookUp: 'LIST_AND_MATCH',
  replayForMs: 23 * HOUR,
  readOnlyForMs: 24 * HOUR,
  instructions:
    'Look in the Razorpay Dashboard, under the payment, whether a refund of this amount was made.',
};

/** How long the API may take is not published. */
export const SEND_DEADLINE_MS = 35 * SECOND;

/** A refund ends at once or within days ("Refunds": 5 to 7 working days at normal speed). */
export const lookGapsMs: readonly number[] = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR];

/** 5 to 7 working days at normal speed ("Refunds"), and a weekend. */
export const PENDING_NORMALLY_MS = 10 * DAY;

/** Both final statuses are said to be final, yet a return can still be undone between the banks. */
export const watchAfterMs: readonly number[] = [DAY, 3 * DAY, 7 * DAY, 14 * DAY, 30 * DAY];

/** One host for Razorpay and Curlec, for test and live mode (razorpay.com/docs/api/sandbox-setup). */
export const DEFAULT_BASE_URL = 'https://api.razorpay.com/v1';

/** Limits are not published. */
export const DEFAULT_REQUESTS_PER_SECOND = 5;
