import type { Operation } from '../faults.ts';

/** A method and path that mean something. */
export interface Route {
  operation: Operation;
  /** Of the payment intent or the refund in the path. */
  id: string;
}

const PATTERNS: { method: string; path: RegExp; operation: Operation }[] = [
  { method: 'POST', path: /^\/refunds$/, operation: 'createRefund' },
  { method: 'GET', path: /^\/refunds$/, operation: 'listRefunds' },
  { method: 'GET', path: /^\/refunds\/([^/]+)$/, operation: 'getRefund' },
  { method: 'POST', path: /^\/refunds\/([^/]+)$/, operation: 'updateRefund' },
  { method: 'POST', path: /^\/refunds\/([^/]+)\/cancel$/, operation: 'cancelRefund' },
  { method: 'GET', path: /^\/payment_intents\/([^/]+)$/, operation: 'getPayment' },
  { method: 'POST', path: /^\/payment_intents\/([^/]+)\/cancel$/, operation: 'cancelPayment' },
  { method: 'POST', path: /^\/payment_intents\/([^/]+)\/capture$/, operation: 'capturePayment' },
];

/** Finds the operation of a request below `/v1`. */
export function matchRoute(method: string, path: string): Route | undefined {
  for (const pattern of PATTERNS) {
    const match = pattern.method === method ? pattern.path.exec(path) : null;
    if (match !== null) return { operation: pattern.operation, id: match[1] ?? '' };
  }
  return undefined;
}
