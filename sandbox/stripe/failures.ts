/** `failure_reason` of a refund (docs.stripe.com/api/refunds/object); Stripe may add others. */
export const FAILURE_REASONS: ReadonlySet<string> = new Set([
  'lost_or_stolen_card',
  'expired_or_canceled_card',
  'charge_for_pending_refund_disputed',
  'insufficient_funds',
  'declined',
  'merchant_request',
  'unknown',
]);

/** `error.code` of the provider with the HTTP status it has; `refuse` answers them as errors. */
export const ERROR_CODES: ReadonlyMap<string, number> = new Map([
  ['amount_too_large', 400],
  ['amount_too_small', 400],
  ['api_key_expired', 401],
  ['balance_insufficient', 400],
  ['card_declined', 402],
  ['charge_already_refunded', 400],
  ['charge_disputed', 400],
  ['charge_not_refundable', 400],
  ['idempotency_key_in_use', 409],
  ['lock_timeout', 429],
  ['parameter_invalid_integer', 400],
  ['parameter_missing', 400],
  ['parameter_unknown', 400],
  ['payment_intent_unexpected_state', 400],
  ['rate_limit', 429],
  ['refund_disputed_payment', 400],
  ['resource_missing', 404],
  ['secret_key_required', 403],
]);
