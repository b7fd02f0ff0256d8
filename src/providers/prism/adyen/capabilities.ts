import type { Capabilities, RecoveryPlan } from '../../provider.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

/**
 * What this adapter does with Adyen by way of hyperswitch-prism 0.4.0. Adyen answers that it has received a refund and
 * tells its end by a notification only; neither a payment nor a refund can be read there.
 */
export const capabilities: Capabilities = {
  readsPayments: false,
  partialRefunds: true,
  severalRefundsPerPayment: true,
  splitRefunds: false,
  itemRefunds: false,
  receipts: false,
  refundSpeeds: [],
  voidAuthorized: false,
  cancelUnpaid: false,
  cancelRefund: false,
  // The library sends no key, and a repeated request is another refund.
  idempotencyHours: 0,
  listByPayment: false,
  listByTime: false,
  listPageSize: 1,
  concurrentOperationsPerPayment: 'MANY',
  refundWindowDays: null,
  traceReferences: [],
  lateTraceReferences: false,
  externalRefunds: 'INVISIBLE',
};

export const recovery: RecoveryPlan = {
  lookUp: 'NOTHING',
  replayForMs: 0,
  readOnlyForMs: 0,
  instructions:
    'Look in the Adyen Customer Area, under the payment (its PSP reference), whether there is a refund of this amount whose merchant reference is the one of this attempt.',
};

/** With keys that verify messages: what was lost is waited for, as long as elsewhere it is looked for. */
export const recoveryByMessages: RecoveryPlan = {
  ...recovery,
  lookUp: 'MESSAGES',
  readOnlyForMs: 2 * DAY,
};

export const SEND_DEADLINE_MS = 30 * SECOND;
/** Nothing is asked: how long until somebody sees whether it is a person's by now. */
export const lookGapsMs: readonly number[] = [5 * SECOND, HOUR, DAY];
export const PENDING_NORMALLY_MS = 10 * DAY;
export const watchAfterMs: readonly number[] = [];
