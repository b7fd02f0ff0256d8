import type { Operation } from '../faults.ts';

/** A method and path that mean something: an operation, perhaps on an object, perhaps on one below another. */
export interface Route {
  operation: Operation;
  /** A payment, refund or order. */
  id: string | undefined;
  /** A refund of the payment `id`. */
  refundId: string | undefined;
}

const PATTERNS: { method: string; path: RegExp; operation: Operation }[] = [
  { method: 'GET', path: /^\/payments$/, operation: 'listPayments' },
  { method: 'GET', path: /^\/payments\/([^/]+)$/, operation: 'getPayment' },
  { method: 'GET', path: /^\/orders\/(order_[^/]*)\/payments$/, operation: 'listPayments' },
  { method: 'POST', path: /^\/payments\/([^/]+)\/capture$/, operation: 'capturePayment' },
  { method: 'POST', path: /^\/payments\/([^/]+)\/refund$/, operation: 'createRefund' },
  { method: 'GET', path: /^\/payments\/([^/]+)\/refunds$/, operation: 'listRefunds' },
  { method: 'GET', path: /^\/payments\/([^/]+)\/refunds\/([^/]+)$/, operation: 'getRefund' },
  { method: 'GET', path: /^\/refunds$/, operation: 'listRefunds' },
  { method: 'GET', path: /^\/refunds\/([^/]+)$/, operation: 'getRefund' },
  { method: 'PATCH', path: /^\/refunds\/([^/]+)$/, operation: 'updateRefund' },
];

/** Finds the operation of a request below `/v1`. */
export function matchRoute(method: string, path: string): Route | undefined {
  for (const pattern of PATTERNS) {
    const match = pattern.method === method ? pattern.path.exec(path) : null;
    if (match !== null) return { operation: pattern.operation, id: match[1], refundId: match[2] };
  }
  return undefined;
}
