import { ApiError } from './api-error.ts';
import { cartTotal, cartWithout } from './cart.ts';
import { blankOperation, dueSuccess } from './new-operation.ts';
import type { OperationRecord, OrderRecord } from './records.ts';
import { parseRefundRequest } from './refund-request.ts';
import { checkRefund, checkRefundable } from './refund-rules.ts';
import { type Asked, findRepeated } from './external-id.ts';
import type { Store } from './store.ts';

/** How a refund ends when a fault decides it: when somebody settles it, or in FAIL for a reason. */
export type Outcome = 'pending' | { fail: string };

/**
 * `POST /v2/orders/{id}/refund`: checks body, external id, order and cart, and starts the refund, which is PENDING at
 * first. `repeated`: an operation that exists already. Throws 400 or 409 for the first broken rule.
 */
export function createRefund(
  store: Store,
  order: OrderRecord,
  body: Record<string, unknown>,
  { asked, forgotten, outcome }: Asked & { outcome: Outcome | undefined },
  now: number,
): { operation: OperationRecord; repeated: boolean } {
  const request = parseRefundRequest(body);
  const known = forgotten ? undefined : findRepeated(store, order.merchantId, request.externalId, asked);
  if (known !== undefined) return { operation: known, repeated: true };
  const operation: OperationRecord = {
    ...blankOperation(store, order, 'REFUND', now),
    lines: checkRefund(store, order, request),
    amountMinor: request.amountMinor,
    externalId: request.externalId,
    asked,
    params: request.params,
    due: dueOf(store, outcome, now),
  };
  store.putRefund(operation);
  return { operation, repeated: false };
}

/**
 * A refund made in the provider's console: the same rules without a cart, so that lines are picked here, and without an
 * external id. Throws 409 or 400, also when no cart with two-decimal unit prices would remain.
 */
export function createConsoleRefund(
  store: Store,
  order: OrderRecord,
  amountMinor: bigint,
  now: number,
  id?: string,
): OperationRecord {
  checkRefundable(store, order, amountMinor);
  const lines = cartWithout(order.lines, amountMinor);
  if (lines === undefined) throw new ApiError('notDivisible');
  return {
    ...blankOperation(store, order, 'REFUND', now),
    ...(id !== undefined && { id }),
    lines,
    amountMinor,
    params: { motive: null, branch_id: null, manager_id: null },
    origin: 'console',
  };
}

/** The refund of everything that a rollback of a paid order is (docs order/merchant_v1_rollback-post). */
export function rollbackRefund(store: Store, order: OrderRecord, now: number): OperationRecord {
  return {
    ...blankOperation(store, order, 'REFUND', now),
    lines: [],
    amountMinor: cartTotal(order.lines),
    params: { motive: null, branch_id: null, manager_id: null },
    origin: 'rollback',
  };
}

function dueOf(store: Store, outcome: Outcome | undefined, now: number): OperationRecord['due'] {
  if (typeof outcome === 'object') return { at: now, status: 'FAIL', reason: outcome.fail };
  return outcome === 'pending' || store.settings.refunds === 'pending' ? null : dueSuccess(store, now);
}
