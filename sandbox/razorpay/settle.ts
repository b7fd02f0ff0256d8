import { ControlError } from '../control-error.ts';
import { pendingRefunds } from '../control-input.ts';
import type { Settlement } from '../simulator.ts';
import { endRefund, putEnd, withTrace } from './end-refund.ts';
import type { RefundRecord } from './records.ts';
import type { Store } from './store.ts';

/** What a settlement did: refunds that ended, and processed ones that got their trace number now. */
export interface Settled {
  ended: RefundRecord[];
  traced: RefundRecord[];
}

/** `POST /control/settle`: the bank's verdict, its trace number, or both. Throws ControlError. */
export function settleRefunds(store: Store, settlement: Settlement, now: number): Settled {
  const { status, reason, trace, refundId } = settlement;
  if (status === 'canceled' || status === 'reversed') {
    throw new ControlError('status', 'a razorpay refund can neither be canceled nor reversed');
  }
  if (reason !== undefined) throw new ControlError('reason', 'razorpay tells no reason');
  if (trace !== undefined && status === 'failed')
    throw new ControlError('trace', 'only for a succeeded refund');
  if (trace?.value !== undefined && refundId === undefined) {
    throw new ControlError('trace.value', 'only with a refundId');
  }
  const known = refundId === undefined ? undefined : store.refunds.get(refundId);
  if (known?.status === 'processed' && trace !== undefined) {
    const traced = traceNow(known, trace, now);
    store.putRefund(traced);
    return { ended: [], traced: [traced] };
  }
  const ended = pendingRefunds(store.refunds, settlement).map((refund) => {
    const end = endRefund(store, refund, status === 'succeeded' ? 'processed' : 'failed', now);
    return trace === undefined ? end : traceNow(end, trace, now);
  });
  for (const refund of ended) putEnd(store, refund);
  return { ended, traced: [] };
}

function traceNow(refund: RefundRecord, trace: NonNullable<Settlement['trace']>, now: number): RefundRecord {
  return withTrace({ ...refund, traceKind: trace.kind }, now, trace.value);
}
