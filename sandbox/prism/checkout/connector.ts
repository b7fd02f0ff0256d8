import { randomUUID } from 'node:crypto';
import { bareAnswer, jsonAnswer } from '../../answers.ts';
import { isObject } from '../../json.ts';
import type { Answer } from '../../simulator.ts';
import { ACCOUNTS } from '../accounts.ts';
import type { Connector, Json, Route, Scene } from '../connector.ts';
import type { Refusal } from '../texts.ts';
import { ID_LENGTH, mintActionId, mintPaymentId } from './ids.ts';
import { createRefund } from './refund.ts';
import { actionViews, paymentView } from './view.ts';
import { findPayment, voidPayment } from './void.ts';

const PAYMENT_ID = new RegExp(`^pay_[a-z0-9]{${ID_LENGTH}}$`);

const PATTERNS: { method: string; path: RegExp; operation: Route['operation'] }[] = [
  { method: 'GET', path: /^\/payments\/([^/]+)$/, operation: 'getPayment' },
  { method: 'GET', path: /^\/payments\/([^/]+)\/actions$/, operation: 'listRefunds' },
  { method: 'POST', path: /^\/payments\/([^/]+)\/refunds$/, operation: 'createRefund' },
  { method: 'POST', path: /^\/payments\/([^/]+)\/voids$/, operation: 'cancelPayment' },
];

/**
 * Checkout.com's payments API as far as Prism calls it (`juspay/hyperswitch-prism`, connector checkout): refunds and voids
 * are accepted with 202, and what became of a refund is in the payment's actions.
 */
export const checkout: Connector = {
  name: 'checkout',
  paymentIdForm: `pay_ and ${ID_LENGTH} small letters or digits`,
  refusals: {
    key: 'checkoutKey',
    forbidden: 'checkoutForbidden',
    internal: 'checkoutInternal',
    malformed: 'checkoutBody',
  },
  mintPaymentId,
  isPaymentId: (text) => PAYMENT_ID.test(text),
  mintRefundId: mintActionId,
  route: (method, path) => {
    for (const pattern of PATTERNS) {
      const match = pattern.method === method ? pattern.path.exec(path) : null;
      if (match !== null) return { operation: pattern.operation, id: match[1] ?? '' };
    }
    return undefined;
  },
  recognize: (headers) =>
    ACCOUNTS.find(({ checkout: { apiSecret } }) => headers.authorization === `Bearer ${apiSecret}`),
  execute,
  errorAnswer,
  faultApplies: (kind, operation) => {
    if (kind === 'wrong-amount') return operation === 'getPayment' || operation === 'listRefunds';
    return kind !== 'unknown-status' || operation === 'getPayment';
  },
  withAmount: (body, change) =>
    Array.isArray(body) ? body.map((item: unknown) => changed(item, change)) : changed(body, change),
  withStatus: (body, word) => (isObject(body) ? { ...body, status: word } : body),
};

function execute(scene: Scene, { operation, id }: Route, body: Json | undefined): Answer {
  const payment = findPayment(scene, id);
  switch (operation) {
    case 'getPayment':
      return jsonAnswer(200, paymentView(scene.store, payment));
    case 'listRefunds':
      return jsonAnswer(200, actionViews(scene, payment));
    case 'createRefund':
      return createRefund(scene, payment, body);
    default:
      return voidPayment(scene, payment, body);
  }
}

// 401 and 404 come without a body.
function errorAnswer({ status, code }: Refusal): Answer {
  if (code === undefined) return bareAnswer(status);
  const errorType = status >= 500 ? 'processing_error' : 'request_invalid';
  return jsonAnswer(status, { request_id: randomUUID(), error_type: errorType, error_codes: [code] });
}

function changed(item: unknown, change: (minor: number) => number): unknown {
  return isObject(item) && typeof item['amount'] === 'number'
    ? { ...item, amount: change(item['amount']) }
    : item;
}
