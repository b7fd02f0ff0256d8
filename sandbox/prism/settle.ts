import { ControlError } from '../control-error.ts';
import { pendingRefunds } from '../control-input.ts';
import type { Settlement } from '../simulator.ts';
import type { RefundRecord } from './records.ts';
import type { Store } from './store.ts';

/** `POST /control/settle`: pending refunds end, or one that had succeeded at adyen comes back. Throws ControlError. */
export function settleRefunds(store: Store, settlement: Settlement): RefundRecord[] {
  const { status, reason, trace, refundId } = settlement;
  if (trace !== undefined) throw new ControlError('trace', 'no connector here tells trace numbers');
  if (status === 'canceled') throw new ControlError('status', 'no refund here can be canceled');
  if (reason !== undefined && status === 'succeeded')
    throw new ControlError('reason', 'only for a refund that does not succeed');
  const late = refundId === undefined ? undefined : store.refunds.get(refundId);
  if (late?.status === 'succeeded' && status !== 'succeeded') return [comeBack(store, late, status, reason)];
  if (status === 'reversed')
    throw new ControlError('refundId', 'reversed is for one refund that has succeeded');
  const end = (refund: RefundRecord): RefundRecord => withEnd(store, refund, status, reason);
  return pendingRefunds(store.refunds, settlement).map(end);
}

// Adyen tells of both; of checkout no such thing is known.
function comeBack(
  store: Store,
  refund: RefundRecord,
  status: 'failed' | 'reversed',
  reason: string | undefined,
): RefundRecord {
  if (refund.connector !== 'adyen')
    throw new ControlError('status', `a refund at ${refund.connector} stays as it ended`);
  return withEnd(store, refund, status, reason);
}

function withEnd(
  store: Store,
  refund: RefundRecord,
  status: 'succeeded' | 'failed' | 'reversed',
  reason: string | undefined,
): RefundRecord {
  const ended: RefundRecord = { ...refund, status, ...(reason !== undefined && { failure: reason }) };
  store.putRefund(ended);
  return ended;
}
