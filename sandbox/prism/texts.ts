/** What is wrong with a request: HTTP status, the connector's code, and adyen's message and type. */
export interface Refusal {
  status: number;
  /** Adyen's `errorCode`, checkout's element of `error_codes`; absent: checkout answers without a body. */
  code?: string;
  message?: string;
  errorType?: 'validation' | 'security' | 'internal';
}

const adyen = (status: number, code: string, message: string, errorType: Refusal['errorType']): Refusal => ({
  status,
  code,
  message,
  ...(errorType !== undefined && { errorType }),
});

/**
 * Every refusal. Known facts are adyen's 167, and checkout's `refund_amount_exceeds_balance` and `refund_not_allowed`;
 * all other codes and texts are the sandbox's own choice, which `mode` replaces.
 */
export const REFUSALS = {
  adyenReference: adyen(422, '167', 'Original pspReference required for this operation', 'validation'),
  adyenKey: adyen(401, '000', 'HTTP Status Response - Unauthorized', 'security'),
  adyenForbidden: adyen(403, '010', 'Not allowed', 'security'),
  adyenMerchant: adyen(403, '901', 'Invalid Merchant Account', 'security'),
  adyenBody: adyen(400, '702', 'Unable to parse the request', 'validation'),
  adyenAmount: adyen(422, '137', 'Invalid amount specified', 'validation'),
  adyenCurrency: adyen(422, '138', 'Unsupported currency specified', 'validation'),
  adyenExceeds: adyen(422, '137', 'Refund amount exceeds the captured amount', 'validation'),
  adyenReason: adyen(422, '130', 'Invalid merchantRefundReason', 'validation'),
  adyenInternal: adyen(500, '905', 'Payment details are not supported', 'internal'),
  checkoutExceeds: { status: 422, code: 'refund_amount_exceeds_balance' },
  checkoutNotAllowed: { status: 403, code: 'refund_not_allowed' },
  checkoutVoidNotAllowed: { status: 403, code: 'void_not_allowed' },
  checkoutAmount: { status: 422, code: 'amount_invalid' },
  checkoutReference: { status: 422, code: 'reference_invalid' },
  checkoutBody: { status: 422, code: 'request_body_malformed' },
  checkoutKey: { status: 401 },
  checkoutForbidden: { status: 403 },
  checkoutUnknown: { status: 404 },
  checkoutInternal: { status: 500, code: 'processing_error' },
} as const satisfies Record<string, Refusal>;

export type TextKey = keyof typeof REFUSALS;

export const TEXT_KEYS = Object.keys(REFUSALS) as TextKey[];

export type Texts = Partial<Record<TextKey, string>>;

/** A refusal in the connector's words; nothing was changed. */
export class ApiError extends Error {
  readonly key: TextKey;

  constructor(key: TextKey) {
    super(key);
    this.key = key;
  }
}

/** The refusal of a key with the configured wording. */
export function refusalOf(key: TextKey, texts: Texts): Refusal {
  const refusal: Refusal = REFUSALS[key];
  const text = texts[key];
  if (text === undefined) return refusal;
  return refusal.message === undefined ? { ...refusal, code: text } : { ...refusal, message: text };
}
