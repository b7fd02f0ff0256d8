import type { Operation } from '../faults.ts';

export type Action = 'order' | 'operation' | 'refund' | 'rollback' | 'cancel' | 'capture' | 'submit';

/** A method and path that mean something, on an order or on an operation by its external id. */
export interface Route {
  action: Action;
  operation: Operation;
  id: string;
}

const PATTERNS: { method: string; path: RegExp; action: Action; operation: Operation }[] = [
  { method: 'GET', path: /^\/merchant\/v1\/orders\/([^/]+)$/, action: 'order', operation: 'getPayment' },
  {
    method: 'GET',
    path: /^\/merchant\/v1\/operations\/([^/]+)$/,
    action: 'operation',
    operation: 'getRefund',
  },
  { method: 'POST', path: onOrder('v2', 'refund'), action: 'refund', operation: 'createRefund' },
  { method: 'POST', path: onOrder('v1', 'rollback'), action: 'rollback', operation: 'cancelPayment' },
  { method: 'POST', path: onOrder('v1', 'cancel'), action: 'cancel', operation: 'cancelPayment' },
  { method: 'POST', path: onOrder('v1', 'capture'), action: 'capture', operation: 'capturePayment' },
  { method: 'POST', path: onOrder('v1', 'submit'), action: 'submit', operation: 'capturePayment' },
];

/** Finds the action of a request below `/api`. The deprecated `/v1` refund is none. */
export function matchRoute(method: string, path: string): Route | undefined {
  for (const pattern of PATTERNS) {
    const [, encoded] = (pattern.method === method ? pattern.path.exec(path) : null) ?? [];
    const id = encoded === undefined ? undefined : decode(encoded);
    if (id !== undefined) return { action: pattern.action, operation: pattern.operation, id };
  }
  return undefined;
}

function onOrder(version: string, action: string): RegExp {
  return new RegExp(`^/merchant/${version}/orders/([^/]+)/${action}$`);
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
