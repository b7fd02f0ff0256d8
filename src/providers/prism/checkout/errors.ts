import { failure } from '../../failure.ts';
import { readAs } from '../../read-json.ts';
import type { Failure } from '../../../errors.ts';
import type { ConnectorError } from '../verdict.ts';
import { wireError } from './wire.ts';

/**
 * `{request_id, error_type, error_codes}`: only with a code of its own it is Checkout.com's word. A payment that does not
 * exist is a 404 without a body.
 */
export function readError(text: string, status: number): ConnectorError | undefined {
  if (status === 404 && text === '') return { code: '404', evidence: {} };
  const error = readAs(wireError, text);
  if (error === undefined) return undefined;
  const code = error.error_codes?.[0] ?? error.error_type;
  return { code, evidence: { errorId: error.request_id, errorCode: code } };
}

const codes: Readonly<Record<string, readonly [code: Failure['code'], message: string]>> = {
  refund_amount_exceeds_balance: [
    'AMOUNT_EXCEEDS_REFUNDABLE',
    'Less than this is left of the payment at Checkout.com.',
  ],
  refund_not_allowed: ['PAYMENT_NOT_REFUNDABLE', 'Checkout.com does not refund this payment.'],
  void_not_allowed: ['PAYMENT_NOT_REFUNDABLE', 'Checkout.com does not release this payment.'],
};

/** A definite no in unified words. */
export function refusal(status: number, { code }: ConnectorError): Failure {
  const known = codes[code];
  if (known !== undefined) return failure(known[0], 'NEVER', known[1], code);
  if (status === 404)
    return failure('PAYMENT_NOT_FOUND', 'NEVER', 'Checkout.com does not know this payment.', code);
  return failure('PROVIDER_REJECTED', 'ASK_A_HUMAN', 'Checkout.com refused the refund.', code);
}
