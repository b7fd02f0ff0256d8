import { ApiError } from './api-error.ts';
import { rollbackRefund } from './create-refund.ts';
import { endOperation } from './end-operation.ts';
import type { OperationRecord, OrderRecord } from './records.ts';
import type { Store } from './store.ts';

/** What a rollback did. `refund`: what a paid order got back. */
export interface RolledBack {
  order: OrderRecord;
  refund: OperationRecord | undefined;
  changed: boolean;
}

/**
 * `POST /v1/orders/{id}/rollback`: any order becomes FAILED; a hold is released, and what is left of a paid order is
 * refunded at once, without an external id (docs order/merchant_v1_rollback-post). Throws 409 while an operation runs.
 */
export function rollbackOrder(store: Store, order: OrderRecord, now: number): RolledBack {
  if (store.findPending(order.id) !== undefined) throw new ApiError('anotherOperation');
  const { status } = order;
  if (status === 'FAILED') return { order, refund: undefined, changed: false };
  if (status !== 'CAPTURED' && status !== 'PARTIALLY_REFUNDED') {
    const isHeld = status === 'AUTHORIZED' || status === 'CONFIRMED';
    const releasedMinor = isHeld ? order.orderedMinor : order.releasedMinor;
    return { order: fail(store, { ...order, releasedMinor }, now), refund: undefined, changed: true };
  }
  const end = { status: 'SUCCESS', reason: null } as const;
  const refunded = endOperation(store, rollbackRefund(store, order, now), end, now);
  return { order: fail(store, refunded.order, now), refund: refunded.operation, changed: true };
}

function fail(store: Store, order: OrderRecord, now: number): OrderRecord {
  const failed: OrderRecord = { ...order, status: 'FAILED', updatedAt: now };
  store.putPayment(failed);
  return failed;
}
