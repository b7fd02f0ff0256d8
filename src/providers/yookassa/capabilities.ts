import type { Capabilities, RecoveryPlan } from '../provider.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * What this adapter does with YooKassa. Sources: yookassa.ru/developers, "Refunds", "Lists", "Interaction format" and
 * "Payment methods", and for split payments "Split payments", Refunds.
 */
export const capabilities: Capabilities = {
  partialRefunds: true,
  severalRefundsPerPayment: true,
  splitRefunds: true,
  itemRefunds: false,
  receipts: true,
  refundSpeeds: ['NORMAL'],
  voidAuthorized: true,
  cancelUnpaid: false,
  // A refund there cannot be called back; its `canceled` always means that it failed.
  cancelRefund: false,
  idempotencyHours: 24,
  listByPayment: true,
  listByTime: true,
  listPageSize: 100,
  concurrentOperationsPerPayment: 'MANY',
  // Three years from the payment's creation; SberPay one year (see payment.ts).
  refundWindowDays: 3 * 365,
  traceReferences: ['RRN', 'OTHER'],
  lateTraceReferences: false,
  externalRefunds: 'SEEN',
};

/**
 * A key lives 24 h from its first request and is a *new operation* afterwards ("Interaction format"), so replaying
 * stops an hour earlier.
 */
export const recovery: RecoveryPlan = {
  lookUp: 'LIST_AND_MATCH',
  replayForMs: 23 * HOUR,
  readOnlyForMs: 24 * HOUR,
  instructions:
    'Look in the merchant profile of YooKassa, under the payment, whether a refund of this amount was made.',
};

/** The API answers within 30 s, or with a 500 at 30 s ("HTTP response codes"): wait a little longer than that. */
export const SEND_DEADLINE_MS = 35 * SECOND;

/** How long a refund stays `pending` is not documented. */
export const lookGapsMs: readonly number[] = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR];

/** Not documented either; the longest that is worth waiting for without a person. */
export const PENDING_NORMALLY_MS = 3 * DAY;

/** Both final statuses are said to be final, yet a return can still be undone between the banks. */
export const watchAfterMs: readonly number[] = [DAY, 3 * DAY, 7 * DAY, 14 * DAY, 30 * DAY];

export const DEFAULT_BASE_URL = 'https://api.yookassa.ru/v3';

/** Limits are not published; this is the default of a widely used public client. */
export const DEFAULT_REQUESTS_PER_SECOND = 5;
