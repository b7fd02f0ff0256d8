/** What the fields `source`, `step` and `reason` of an error say. */
export type Detail = 'business' | 'na' | 'null';

interface Refusal {
  text: string;
  detail: Detail;
  /** HTTP status when it is not 400. */
  status?: number;
  field?: string;
  code?: 'GATEWAY_ERROR' | 'SERVER_ERROR';
}

const business = (text: string, field?: string): Refusal => ({
  text,
  detail: 'business',
  ...(field && { field }),
});
const na = (text: string, status?: number): Refusal => ({ text, detail: 'na', ...(status && { status }) });
const failure = (text: string): Refusal => ({ ...na(text, 500), code: 'SERVER_ERROR' });

/**
 * Every refusal with its wording. Those marked "own" are this simulator's words: the provider does not document them. The
 * others come from the documentation or from public reports. `POST /control/mode` replaces any of them, so that a test can
 * prove that a client does not depend on it. `{id}`, `{currency}` and `{fields}` are filled in.
 */
export const REFUSALS = {
  // Authentication (docs api/authentication, api/partners/errors, errors/common)
  accessDenied: na('Access Denied', 403),
  accountUnknown: na('Authentication failed', 401), // own: what an unlinked account gets is not documented
  authorizationFormat: na('Authentication failed', 401), // own
  keyInvalid: na('The api key provided is invalid', 401),
  secretInvalid: na('The api secret provided is invalid', 401),
  merchantMissing: na('Merchant id not found in authentication', 500),
  // Idempotency (docs api/refunds/normal-refunds-idempotent)
  keyCharset: na('The idempotency key must only contain alphanumeric characters, underscores, and hyphens'),
  keyDifferent: na('Different request with the same idempotency key has already been processed.', 409),
  keyRunning: na('Another request with the same idempotency key is still in progress.', 409),
  keyShort: na('The idempotency key must be at least 10 characters long.'),
  keyedBodyUnreadable: failure('Internal server error - Failed to parse request body'),
  // Ids, paths, bodies
  bodyUnreadable: business('The request body is not valid JSON'), // own
  emoji: failure(
    'We are facing some trouble completing your request at the moment. Please try again shortly.',
  ),
  extraFields: business('{fields} is/are not required and should not be sent'),
  idMalformed: business('{id} is not a valid id'),
  idUnknown: business('The id provided does not exist'),
  urlUnknown: na('The requested URL was not found on the server.'),
  // Refunds
  amountAboveCaptured: business('The refund amount provided is greater than amount captured', 'amount'),
  amountAboveRemaining: business(
    'The total refund amount is greater than the refund payment amount',
    'amount',
  ), // own
  amountInteger: business('The amount must be an integer.', 'amount'),
  amountMinimum: business('The amount must be at least {currency} 1.00', 'amount'),
  amountThousandths: business('The amount is invalid. Its last digit must be 0 in {currency}.', 'amount'), // own
  balance: business('Your account does not have enough balance to carry out the refund operation.'),
  fullyRefunded: business('The payment has been fully refunded already'),
  notCaptured: business('The payment status should be captured for action to be taken'),
  notesInvalid: business('The notes must be an object of at most 15 short texts.', 'notes'), // own
  notesRequired: business('The notes field is required.', 'notes'), // own
  operationRunning: business('Request failed because another payment operation is in progress'), // own
  receiptInvalid: business('The receipt must be a text of at most 40 characters.', 'receipt'), // own
  receiptUsed: business('The receipt has already been used for another refund.', 'receipt'), // own
  sixMonths: {
    text: 'Refund is not supported by the bank because the payment is more than 6 months old',
    detail: 'null',
  },
  sixMonthsInstant: {
    text: 'Payment is more than 6 months old, only instant refund is supported',
    detail: 'null',
  },
  speedInvalid: business('The selected speed is invalid.', 'speed'), // own
  // Captures
  captureAmount: business('Capture amount must be equal to the amount authorized.', 'amount'),
  captureCurrency: business('The currency must be the currency of the payment.', 'currency'), // own
  captureDone: business('This payment has already been captured'),
  captureRequired: business('The amount and currency fields are required.'), // own
  captureStatus: business('The payment status should be authorized for action to be taken'), // own
  // Lists
  countHigh: business('The count may not be greater than 100.', 'count'),
  countLow: business('The count must be at least 1.', 'count'), // own
  instantRange: business('{id} must be between 946684800 and 4765046400'),
  skipInvalid: business('The skip must be an integer of at least 0.', 'skip'), // own
  // Faults
  forced: business('The request was refused'), // own
  internal: failure('The server encountered an error. The incident has been reported to admins.'),
  tooManyRequests: na('Too many requests', 429), // own
} as const satisfies Record<string, Refusal>;

export type TextKey = keyof typeof REFUSALS;

export const TEXT_KEYS = Object.keys(REFUSALS) as TextKey[];

/** The refusal of a key with everything that may be absent spelt out. */
export function refusalOf(key: TextKey): Refusal {
  return REFUSALS[key];
}
