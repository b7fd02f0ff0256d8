import type { Capabilities, RecoveryPlan } from '../provider.ts';
import type { Edition } from './options.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * What this adapter does with Yandex Pay (pay.yandex.ru/docs, "Yandex Pay API") and, in Uzbekistan, Yandex Split
 * (yandex.uz/support/split-business), which have one contract and two sets of features.
 */
export const capabilitiesOf = (edition: Edition): Capabilities => ({
  partialRefunds: true,
  severalRefundsPerPayment: true,
  splitRefunds: false,
  itemRefunds: true,
  receipts: false,
  refundSpeeds: ['NORMAL'],
  // In Uzbekistan there are one-step payments only ("Payment types"): nothing is held.
  voidAuthorized: edition === 'ru',
  cancelUnpaid: true,
  // There is no such method: a refund that was accepted goes on.
  cancelRefund: false,
  // How long an external id is remembered is not published; no more than this is relied on.
  idempotencyHours: 1,
  listByPayment: true,
  // There is no list over orders: one call tells all operations of one order.
  listByTime: false,
  listPageSize: 1000,
  // A second operation is answered with 409 while one runs ("Refund an order").
  concurrentOperationsPerPayment: 'ONE',
  refundWindowDays: null,
  traceReferences: [],
  lateTraceReferences: false,
  externalRefunds: 'SEEN',
});

/** The same bytes are sent again for ten minutes: by then the first send has long been executed, or was lost for good. */
export const recovery: RecoveryPlan = {
  lookUp: 'LIST_AND_MATCH',
  replayForMs: 10 * MINUTE,
  readOnlyForMs: DAY,
  instructions: 'Look in the Yandex Pay console, under the order, whether a refund of this amount was made.',
};

/** The deadline that is named to the provider, in milliseconds: the longest that it takes ("Headers"). */
export const REQUEST_TIMEOUT_MS = 10 * SECOND;

/** A little longer than the provider's own. */
export const SEND_DEADLINE_MS = 15 * SECOND;

/** How long an operation stays PENDING is not published. */
export const lookGapsMs: readonly number[] = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR];

/** Not published either; the longest that is worth waiting for without a person. */
export const PENDING_NORMALLY_MS = 3 * DAY;

/** Both final statuses are said to be final, yet a return can still be undone between the banks. */
export const watchAfterMs: readonly number[] = [DAY, 3 * DAY, 7 * DAY, 14 * DAY, 30 * DAY];

/** Production; the provider's own sandbox is at `sandbox.` of the same names. */
export const baseUrls: Readonly<Record<Edition, string>> = {
  ru: 'https://pay.yandex.ru/api/merchant',
  uz: 'https://pay.yandex.uz/api/merchant',
};

/** The name of the other host in a request: where the keys are that sign webhooks. */
export const KEYS_HOST = 'keys';

/** Beside the API, in every edition and environment: `/api/jwks` and `/api/merchant` ("Merchant API"). */
export const keysBaseUrlOf = (baseUrl: string): string => new URL('.', baseUrl).href;

/** Limits are not published. */
export const DEFAULT_REQUESTS_PER_SECOND = 5;
