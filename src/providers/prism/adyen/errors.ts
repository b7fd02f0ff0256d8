import { failure } from '../../failure.ts';
import { readAs, safeText } from '../../read-json.ts';
import type { Failure } from '../../../errors.ts';
import type { ConnectorError } from '../verdict.ts';
import { wireError } from './wire.ts';

/** What operators may see of a message, in characters. */
const MAX_MESSAGE = 200;

/** `{status, errorCode, message, errorType}`: only with its code it is Adyen's word. */
export function readError(text: string): ConnectorError | undefined {
  const error = readAs(wireError, text);
  if (error === undefined) return undefined;
  const { errorCode, errorType, message, pspReference } = error;
  return {
    code: errorCode,
    // The type is lost in the library (hyperswitch-prism 0.4.0); the raw answer has it.
    isAboutAccess: errorType === 'security',
    evidence: {
      errorCode,
      ...(errorType === undefined ? {} : { errorType }),
      ...(pspReference === undefined ? {} : { errorId: pspReference }),
      ...(message === undefined ? {} : { errorDescription: safeText(message, MAX_MESSAGE) }),
    },
  };
}

/** A definite no. Adyen's numbers are many and their texts change: only the bad reference is told apart (167). */
export function refusal(status: number, { code }: ConnectorError): Failure {
  if (status === 404 || code === '167')
    return failure('PAYMENT_NOT_FOUND', 'NEVER', 'Adyen does not know this payment.', code);
  return failure('PROVIDER_REJECTED', 'ASK_A_HUMAN', 'Adyen refused the refund.', code);
}
