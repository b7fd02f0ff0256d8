/**
 * What the simulator says. Except for the ones marked "documented" these are its own words, because the provider tells
 * none or several: `POST /control/mode` replaces any of them, so that a test can prove that a client does not read them.
 */
export const DEFAULT_TEXTS = {
  badItems: 'InvalidInvoiceItems', // own
  badPayload: 'InvalidRequest', // own
  badSum: 'InvalidRefundSum', // own
  forced: 'OperationRejected', // own
  holdAmount: 'OutSum exceeds the held sum', // own
  holdSuccess: 'true', // own: the body of a successful Confirm or Cancel is documented nowhere
  noAccess: 'Signature key is not exists or partner have not access to API', // documented
  notEnoughFunds: 'NotEnoughOperationFunds', // documented
  notHeld: 'Operation is not held', // own
  notPaid: 'OperationIsNotPaid', // own
  tooManyRequests: 'Too many requests', // own
  tooOld: 'RefundPeriodExpired', // own
  unknownInvoice: 'Operation is not found', // own
  unknownOpKey: 'OperationNotFound', // own
  unknownRequest: 'Id is invalid or request id does not exist', // documented
  unknownShop: 'Shop is not found or not active', // own
  wrongKey: 'Signature key is not exists', // documented
  wrongSignature: 'SignatureValue is wrong', // own
} as const;

export type TextKey = keyof typeof DEFAULT_TEXTS;
export type Texts = Partial<Record<TextKey, string>>;

export const TEXT_KEYS = Object.keys(DEFAULT_TEXTS) as TextKey[];

/** A text in the configured wording. */
export function say(texts: Texts, key: TextKey): string {
  return texts[key] ?? DEFAULT_TEXTS[key];
}
