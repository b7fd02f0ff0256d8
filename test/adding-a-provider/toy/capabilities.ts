import type { Capabilities, RecoveryPlan } from '../../../src/providers/provider.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

export const capabilities: Capabilities = {
  partialRefunds: true,
  severalRefundsPerPayment: true,
  splitRefunds: false,
  itemRefunds: false,
  receipts: false,
  refundSpeeds: ['NORMAL'],
  voidAuthorized: false,
  cancelUnpaid: false,
  cancelRefund: false,
  idempotencyHours: 24,
  listByPayment: true,
  listByTime: false,
  listPageSize: 1000,
  concurrentOperationsPerPayment: 'MANY',
  refundWindowDays: null,
  traceReferences: [],
  lateTraceReferences: false,
  externalRefunds: 'SEEN',
};

export const recovery: RecoveryPlan = {
  lookUp: 'LIST_AND_MATCH',
  replayForMs: 23 * HOUR,
  readOnlyForMs: DAY,
  instructions: 'Ask at the counter of Toy Bank whether a refund of this amount was made.',
};

export const SEND_DEADLINE_MS = 10 * SECOND;
export const lookGapsMs: readonly number[] = [5 * SECOND, 60 * SECOND, HOUR];
export const PENDING_NORMALLY_MS = DAY;
export const watchAfterMs: readonly number[] = [DAY, 7 * DAY];
