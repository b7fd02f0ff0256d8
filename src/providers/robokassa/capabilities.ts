import type { Capabilities, RecoveryPlan } from '../provider.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What this adapter does with refunds of v2. Sources: docs.robokassa.ru/ru/refund-api, /xml-interfaces, /holding. */
export const capabilitiesV2: Capabilities = {
  partialRefunds: true,
  severalRefundsPerPayment: true,
  splitRefunds: false,
  itemRefunds: false,
  receipts: true,
  refundSpeeds: ['NORMAL'],
  voidAuthorized: true,
  cancelUnpaid: false,
  // Only in the merchant's cabinet.
  cancelRefund: false,
  // The same JWT twice makes two refunds: it has neither a time nor a number of its own.
  idempotencyHours: 0,
  listByPayment: false,
  listByTime: false,
  listPageSize: 0,
  // Undocumented, and a lost answer could not be told from the next one's.
  concurrentOperationsPerPayment: 'ONE',
  refundWindowDays: null,
  // BankCardRRN is the number of the payment.
  traceReferences: [],
  lateTraceReferences: false,
  externalRefunds: 'INVISIBLE',
};

/** v1 tells of one refund per invoice, and takes no items (aiorobokassa 1.1.4, api/refund.py). */
export const capabilitiesV1: Capabilities = {
  ...capabilitiesV2,
  severalRefundsPerPayment: false,
  receipts: false,
};

/** The id of a refund is in the answer to its send only, and nothing else can be asked for. */
export const recovery: RecoveryPlan = {
  lookUp: 'NOTHING',
  replayForMs: 0,
  readOnlyForMs: 0,
  instructions:
    "Open the operation of this invoice in the RoboKassa merchant's cabinet, and look for a refund of exactly this " +
    'amount, made when this one was sent. If it is there, answer with resolveRefund: `returned`, with its request id ' +
    '(a GUID) as `providerRefundId` where you have it, which is then read at RoboKassa, else with `noProviderId`. If ' +
    'there is none, also not some time later, answer `notReturned`. Nothing is sent again before that.',
};

/** As long as the WordPress plugin of RoboKassa waits for a refund (cms-wordpress, RefundApi.php). */
export const SEND_DEADLINE_MS = 30 * SECOND;

/** There is no notification of refunds, and each is asked for by itself. */
export const lookGapsMs: readonly number[] = [60 * SECOND, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR];

/** No word says that a refund failed; one that is not finished after a week needs a person. */
export const PENDING_NORMALLY_MS = 7 * DAY;

/** `finished` is said to be the end; a return can still be undone between the banks. */
export const watchAfterMs: readonly number[] = [DAY, 7 * DAY];

/** A hold ends by itself after at most a week (docs.robokassa.ru/ru/holding). */
export const HOLD_MS = 7 * DAY;

export const DAY_MS = DAY;
