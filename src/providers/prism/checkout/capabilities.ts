import type { Capabilities, RecoveryPlan } from '../../provider.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What this adapter does with Checkout.com by way of hyperswitch-prism 0.4.0. */
export const capabilities: Capabilities = {
  partialRefunds: true,
  severalRefundsPerPayment: true,
  splitRefunds: false,
  itemRefunds: false,
  receipts: false,
  refundSpeeds: [],
  voidAuthorized: true,
  cancelUnpaid: false,
  cancelRefund: false,
  // The library sends no key, and a repeated request is another refund.
  idempotencyHours: 0,
  listByPayment: true,
  listByTime: false,
  listPageSize: 1_000,
  concurrentOperationsPerPayment: 'MANY',
  refundWindowDays: null,
  traceReferences: [],
  lateTraceReferences: false,
  externalRefunds: 'SEEN',
};

/** The actions of a payment show our reference; nothing is ever sent twice. */
export const recovery: RecoveryPlan = {
  lookUp: 'LIST_AND_MATCH',
  replayForMs: 0,
  readOnlyForMs: 24 * HOUR,
  instructions:
    'Look in the Checkout.com Dashboard, under the payment, whether there is a refund action of this amount whose reference is the one of this attempt.',
};

export const SEND_DEADLINE_MS = 30 * SECOND;
export const lookGapsMs: readonly number[] = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR];
export const PENDING_NORMALLY_MS = 10 * DAY;
export const watchAfterMs: readonly number[] = [DAY, 3 * DAY, 7 * DAY, 14 * DAY, 30 * DAY];
