import { ControlError } from '../control-error.ts';
import type { Settlement } from '../simulator.ts';
import { type Ended, endOperation } from './end-operation.ts';
import type { OperationRecord } from './records.ts';
import type { Store } from './store.ts';

const DEFAULT_REASON = 'Operation failed';

/** `POST /control/settle`: ends pending operations, those on holds too. Throws ControlError. */
export function settleOperations(store: Store, settlement: Settlement, now: number): Ended[] {
  const { status, reason, trace } = settlement;
  if (status === 'canceled' || status === 'reversed') {
    throw new ControlError('status', 'a yandex-pay refund can neither be canceled nor reversed');
  }
  if (trace !== undefined) throw new ControlError('trace', 'yandex-pay tells no trace number');
  if (reason !== undefined && status === 'succeeded') {
    throw new ControlError('reason', 'only for a failed refund');
  }
  const end =
    status === 'succeeded'
      ? ({ status: 'SUCCESS', reason: null } as const)
      : ({ status: 'FAIL', reason: reason ?? DEFAULT_REASON } as const);
  return selected(store, settlement).map((operation) => endOperation(store, operation, end, now));
}

function selected(store: Store, { refundId }: Settlement): OperationRecord[] {
  if (refundId === undefined) return store.pendingOperations();
  const operation = store.refunds.get(refundId);
  if (operation === undefined) throw new ControlError('refundId', 'no such operation');
  if (operation.status !== 'PENDING') {
    throw new ControlError('refundId', `is ${operation.status}, which is final`);
  }
  return [operation];
}
