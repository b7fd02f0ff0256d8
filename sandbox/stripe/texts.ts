/** A refusal as the `error` object of an answer shows it. */
export interface Refusal {
  text: string;
  /** HTTP status when it is not 400. */
  status?: number;
  code?: string;
  type?: 'idempotency_error' | 'api_error' | 'card_error';
  param?: string;
  /** The request was refused before it was begun: an idempotency key does not remember it. */
  early?: true;
}

/**
 * Every refusal with its wording. Those marked "own" are this simulator's words: their wording at the provider is not
 * known. `POST /control/mode` replaces any of them, so that a test can prove that a client does not depend on it. Names in
 * braces are filled in.
 */
export const REFUSALS = {
  // Authentication (docs.stripe.com/api/errors)
  accessDenied: {
    text: 'The provided key does not have the required permissions.',
    status: 403,
    early: true,
  }, // own
  accountForeign: {
    text: "The provided key does not have access to account '{id}' (or that account does not exist).",
    status: 403,
    code: 'account_invalid',
    early: true,
  },
  keyInvalid: { text: 'Invalid API Key provided: {id}', status: 401, early: true },
  keyMissing: { text: 'You did not provide an API key.', status: 401, early: true }, // beginning known
  // Idempotency (docs.stripe.com/api/idempotent_requests)
  keyDifferent: {
    text: "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '{id}' if you meant to execute a different request.",
    type: 'idempotency_error',
    early: true,
  },
  keyLong: { text: 'Idempotency keys can be at most 255 characters long.', early: true }, // own
  keyRunning: {
    text: 'There is currently another in-progress request using this Idempotent Key: {id}. Please try again later.',
    status: 409,
    code: 'idempotency_key_in_use',
    early: true,
  },
  // Parameters
  bodyUnreadable: { text: 'Invalid request: the body is not form-encoded.', early: true }, // own
  chargeOrPayment: {
    text: 'You may only specify one of these parameters: charge, payment_intent.',
    early: true,
  }, // own
  connectMissing: { text: 'The charge has no transfer and no application fee.', param: '{id}' }, // own
  expandInvalid: { text: 'This property cannot be expanded ({id}).', param: 'expand', early: true },
  integerHigh: {
    text: 'This value must be less than or equal to {limit}.',
    code: 'parameter_invalid_integer',
    early: true,
  },
  integerInvalid: { text: 'Invalid integer: {id}', code: 'parameter_invalid_integer', early: true },
  integerLow: {
    text: 'This value must be greater than or equal to {limit}.',
    code: 'parameter_invalid_integer',
    early: true,
  },
  metadataInvalid: { text: 'Metadata must be an object of texts.', param: 'metadata', early: true }, // own
  metadataLong: {
    text: 'Metadata keys can have up to 40 characters, values up to 500.', // own
    param: 'metadata',
    early: true,
  },
  metadataMany: { text: 'Metadata can have up to 50 keys.', param: 'metadata', early: true }, // own
  parameterMissing: { text: 'Missing required param: {id}.', code: 'parameter_missing', early: true },
  parameterUnknown: { text: 'Received unknown parameter: {id}', code: 'parameter_unknown', early: true },
  urlUnknown: { text: 'Unrecognized request URL ({id}).', status: 404, early: true },
  wordInvalid: { text: 'Invalid {id}: must be one of {limit}', early: true },
  // Objects
  chargeUnknown: missing("No such charge: '{id}'", 'charge'),
  intentUnknown: missing("No such payment_intent: '{id}'", 'intent'),
  paymentUnknown: missing("No such payment_intent: '{id}'", 'payment_intent'),
  refundUnknown: missing("No such refund: '{id}'", 'id'),
  // Refunds
  alreadyRefunded: { text: 'Charge {id} has already been refunded.', code: 'charge_already_refunded' },
  amountAbove: {
    text: 'Refund amount ({amount}) is greater than unrefunded amount on charge ({limit})',
    param: 'amount',
  },
  amountStep: { text: 'The amount must be a multiple of {limit} in this currency.', param: 'amount' }, // own
  balance: {
    text: 'Insufficient funds in your Stripe balance to refund this amount.', // own
    code: 'balance_insufficient',
  },
  disputed: { text: 'Charge {id} has been charged back; cannot issue a refund.', code: 'charge_disputed' }, // own
  notCaptured: {
    text: 'This PaymentIntent ({id}) does not have a successful charge to refund.', // own
    code: 'payment_intent_unexpected_state',
    param: 'payment_intent',
  },
  refundState: { text: 'Only a refund that requires action can be canceled; this one is {id}.' }, // own
  tooOld: { text: 'This charge is too old to be refunded.' }, // own: neither text nor code are known
  // Payment intents
  cancelState: {
    text: 'You cannot cancel this PaymentIntent because it has a status of {id}. Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, requires_action, processing.',
    code: 'payment_intent_unexpected_state',
  },
  captureAbove: {
    text: 'The amount to capture is greater than the amount that can be captured.', // own
    code: 'amount_too_large',
    param: 'amount_to_capture',
  },
  captureState: {
    text: 'This PaymentIntent could not be captured because it has a status of {id}. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.',
    code: 'payment_intent_unexpected_state',
  },
  // Faults
  forced: { text: 'The request was refused' }, // own
  internal: { text: 'An unknown error occurred', status: 500, type: 'api_error' }, // own
  lockTimeout: {
    text: 'This object cannot be accessed right now because another API request is currently accessing it.', // own
    status: 429,
    code: 'lock_timeout',
    early: true,
  },
  rateLimited: { text: 'Request rate limit exceeded.', status: 429, code: 'rate_limit', early: true }, // own
} as const satisfies Record<string, Refusal>;

export type TextKey = keyof typeof REFUSALS;

export const TEXT_KEYS = Object.keys(REFUSALS) as TextKey[];

/** The refusal of a key with everything that may be absent spelt out. */
export function refusalOf(key: TextKey): Refusal {
  return REFUSALS[key];
}

function missing(text: string, param: string): Refusal {
  return { text, param, status: 404, code: 'resource_missing' };
}
