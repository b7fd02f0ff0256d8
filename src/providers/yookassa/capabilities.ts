import type { Capabilities, RecoveryPlan } from '../provider.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

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
export const recovery: RecoveryPlan = { replayForMs: 23 * HOUR, listAndMatch: true };

/** The API answers within 30 s, or with a 500 at 30 s ("HTTP response codes"): wait a little longer than that. */
export const SEND_DEADLINE_MS = 35 * SECOND;

/** How long a refund stays `pending` is not documented. */
export const lookGapsMs: readonly number[] = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR];

export const DEFAULT_BASE_URL = 'https://api.yookassa.ru/v3';

/** Limits are not published; this is the default of a widely used public client. */
export const DEFAULT_REQUESTS_PER_SECOND = 5;
