import { jsonAnswer } from '../../answers.ts';
import type { FaultKind, Operation } from '../../faults.ts';
import { isObject } from '../../json.ts';
import { ACCOUNTS } from '../accounts.ts';
import type { Connector, Json, Route } from '../connector.ts';
import type { Refusal } from '../texts.ts';
import { cancelPayment } from './cancel.ts';
import { mintReference, REFERENCE_LENGTH } from './ids.ts';
import { createRefund } from './refund.ts';

const REFERENCE = new RegExp(`^[A-Z0-9]{${REFERENCE_LENGTH}}$`);
const PATH = /^\/v68\/payments\/([^/]+)\/(refunds|cancels)$/;
const OPERATIONS = { refunds: 'createRefund', cancels: 'cancelPayment' } as const;

/**
 * Adyen's Checkout API v68 as far as Prism calls it (`juspay/hyperswitch-prism`, connector adyen): refunds and cancels,
 * both answered "received" whatever becomes of them, and nothing that can be read. The outcome is a signed notification.
 */
export const adyen: Connector = {
  name: 'adyen',
  paymentIdForm: `${REFERENCE_LENGTH} capitals or digits, as a pspReference is`,
  refusals: {
    key: 'adyenKey',
    forbidden: 'adyenForbidden',
    internal: 'adyenInternal',
    malformed: 'adyenBody',
  },
  mintPaymentId: mintReference,
  isPaymentId: (text) => REFERENCE.test(text),
  mintRefundId: mintReference,
  route,
  recognize: (headers) => ACCOUNTS.find(({ adyen: { apiKey } }) => apiKey === headers['x-api-key']),
  execute: (scene, { operation, id }, body) =>
    operation === 'createRefund' ? createRefund(scene, id, body) : cancelPayment(scene, id, body),
  errorAnswer,
  faultApplies: (kind: FaultKind, operation: Operation) =>
    kind !== 'wrong-amount' || operation === 'createRefund',
  withAmount: (body, change) => {
    if (!isObject(body) || !isObject(body['amount'])) return body;
    return { ...body, amount: { ...body['amount'], value: change(Number(body['amount']['value'])) } };
  },
  withStatus: (body, word) => (isObject(body) ? { ...body, status: word } : body),
};

function route(method: string, path: string): Route | undefined {
  const match = method === 'POST' ? PATH.exec(path) : null;
  if (match === null) return undefined;
  const [, id = '', what] = match;
  return { operation: what === 'refunds' ? OPERATIONS.refunds : OPERATIONS.cancels, id };
}

// The form of Adyen's errors; a reference of the failed attempt comes with those that got as far as a check.
function errorAnswer({ status, code = '', message = '', errorType = 'validation' }: Refusal) {
  const body: Json = { status, errorCode: code, message, errorType };
  return jsonAnswer(status, errorType === 'security' ? body : { ...body, pspReference: mintReference() });
}
