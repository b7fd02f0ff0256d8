/**
 * The `description` texts of errors. Except for the ones marked "reported", which public integrations have seen, they are
 * this simulator's own wording: the provider does not document them and may change them. `POST /control/mode` replaces
 * any of them, so that a test can prove that a client does not read them.
 */
export const DEFAULT_TEXTS = {
  accessDenied: "You don't have enough rights to perform this operation", // own
  amountExceeds: 'Refund amount exceeds the amount available for refund', // own
  amountFormat: 'Amount value must be a string with two decimals', // own
  amountMinimum: 'Refund amount is less than the minimum', // own
  badCursor: 'Cursor is not valid', // own
  badFilter: 'Filter value is not valid', // own
  badJson: 'Request body is not valid JSON', // own
  badLimit: 'Limit must be between 1 and 100', // own
  cancelNotAllowed: 'Incorrect payment_id. Payment cannot be canceled in its present status', // beginning reported
  captureAmount: 'Capture amount exceeds the authorized amount', // own
  captureNotAllowed: 'Incorrect payment_id. Payment cannot be captured in its present status', // own
  currencyMismatch: 'Currency differs from the currency of the payment', // own
  dealUnknown: 'The payment does not belong to a deal', // own
  descriptionLength: 'Description must be a string of at most 250 characters', // own
  forced: 'The request was refused', // own
  internal: 'Internal server error', // own
  invalidCredentials: 'Error in shopId or secret key. Check their validity', // reported
  keyCharset: 'Idempotence key contains illegal characters', // own
  keyDuplicated: 'Idempotence key duplicated', // reported
  keyInProgress: 'The first request with this idempotence key is still running', // own
  keyMissing: 'Idempotence-Key header is missing', // own
  keyTooLong: 'Idempotence key is too long. Maximum length is 64', // beginning reported
  loginFormat: 'Login has illegal format', // reported
  metadataInvalid: 'Metadata is not valid', // own
  methodNotRefundable: 'Payment method does not support refunds', // own
  notFound: 'Object not found', // own
  paymentIdFormat: 'Incorrect payment_id', // own
  paymentNotSucceeded: 'Payment is not succeeded and cannot be refunded', // own
  paymentTooOld: 'Refund period has expired', // own
  paymentUnknown: "Incorrect payment_id. Payment doesn't exist or access denied", // reported
  processing: 'Request accepted, but not processed yet', // own
  receiptInvalid: 'Receipt is missing or illegal', // reported
  receiptSum: 'Sum of receipt items differs from the refund amount', // own
  refundMethodData: 'refund_method_data does not fit the payment method', // own
  sourcesFee: 'Platform fee exceeds the fee that was withheld', // own
  sourcesInvalid: 'Sources are not valid for this payment', // own
  sourcesRequired: 'Sources are required for a partial refund of a split payment', // own
  tooManyRequests: 'Too many requests', // own
  transfersInvalid: 'Transfers are not valid for this payment', // own
} as const;

export type TextKey = keyof typeof DEFAULT_TEXTS;

export const TEXT_KEYS = Object.keys(DEFAULT_TEXTS) as TextKey[];
