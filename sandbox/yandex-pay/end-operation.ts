import { cartTotal } from './cart.ts';
import type { OperationRecord, OrderRecord } from './records.ts';
import type { Store } from './store.ts';

/** An operation that has ended, and its order after it. */
export interface Ended {
  operation: OperationRecord;
  order: OrderRecord;
}

/** Ends a pending operation: the order takes over its cart and its new status, or stays as it was. */
export function endOperation(
  store: Store,
  operation: OperationRecord,
  end: { status: 'SUCCESS' | 'FAIL'; reason: string | null },
  now: number,
): Ended {
  const ended: OperationRecord = { ...operation, ...end, due: null, updatedAt: now };
  const before = store.orderOf(operation);
  const change = end.status === 'SUCCESS' ? succeeded(before, ended) : failed(ended);
  const order: OrderRecord = { ...before, ...change, updatedAt: now };
  store.putRefund(ended);
  store.putPayment(order);
  return { operation: ended, order };
}

/** Ends the operations whose time has come. */
export function endDue(store: Store, now: number): Ended[] {
  return store
    .dueOperations()
    .flatMap((operation) =>
      operation.due === null || operation.due.at > now
        ? []
        : endOperation(
            store,
            operation,
            { status: operation.due.status, reason: operation.due.reason },
            operation.due.at,
          ),
    );
}

function succeeded(order: OrderRecord, { type, lines, amountMinor }: OperationRecord): Partial<OrderRecord> {
  switch (type) {
    case 'REFUND':
      return {
        lines,
        refundFailed: false,
        status: cartTotal(lines) === 0n ? 'REFUNDED' : 'PARTIALLY_REFUNDED',
      };
    case 'VOID':
      return { status: 'VOIDED', releasedMinor: order.orderedMinor };
    default:
      return {
        lines,
        status: 'CAPTURED',
        capturedMinor: amountMinor,
        releasedMinor: order.orderedMinor - amountMinor,
      };
  }
}

function failed({ type }: OperationRecord): Partial<OrderRecord> {
  return type === 'REFUND' ? { refundFailed: true } : {};
}
