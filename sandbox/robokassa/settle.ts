import { ControlError } from '../control-error.ts';
import { pendingRefunds } from '../control-input.ts';
import type { Settlement } from '../simulator.ts';
import type { RefundRecord } from './records.ts';
import type { Store } from './store.ts';

/** `POST /control/settle`: refunds finish, or somebody cancels them in the cabinet. Throws ControlError. */
export function settleRefunds(store: Store, settlement: Settlement): RefundRecord[] {
  const { status, reason, trace } = settlement;
  if (status === 'failed' || status === 'reversed') {
    throw new ControlError(
      'status',
      `a robokassa refund is processing, finished or canceled; it cannot be ${status}`,
    );
  }
  if (reason !== undefined) throw new ControlError('reason', 'robokassa tells no reason');
  if (trace !== undefined) throw new ControlError('trace', 'robokassa tells no trace number of a refund');
  const ended = pendingRefunds(store.refunds, settlement, 'processing').map((refund): RefundRecord => ({
    ...refund,
    status: status === 'succeeded' ? 'finished' : 'canceled',
  }));
  for (const refund of ended) store.putRefund(refund);
  return ended;
}
