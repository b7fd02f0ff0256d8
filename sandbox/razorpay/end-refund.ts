import { derivedDigits } from '../derived-digits.ts';
import type { RefundRecord, TraceKind } from './records.ts';
import type { Store } from './store.ts';

const TRACE_DIGITS: Record<TraceKind, number> = { arn: 23, rrn: 12, utr: 16 };

/** The refund with its end. A processed one gets its trace number later: the money moves before the bank tells a number. */
export function endRefund(
  store: Store,
  refund: RefundRecord,
  status: 'processed' | 'failed',
  now: number,
): RefundRecord {
  const ended: RefundRecord = { ...refund, status, due: undefined };
  const seconds = store.payments.get(refund.paymentId)?.traceAfterSeconds ?? store.settings.traceAfterSeconds;
  return status === 'failed' || seconds === null ? ended : withTrace(ended, now + seconds * 1_000);
}

/** The refund with a trace number that is known from an instant on; without `value` one that follows from its id. */
export function withTrace(refund: RefundRecord, at: number, value?: string): RefundRecord {
  const { traceKind } = refund;
  if (traceKind === undefined) return refund;
  return { ...refund, trace: { at, value: value ?? derivedDigits(refund.id, TRACE_DIGITS[traceKind]) } };
}

/** Stores the end of a pending refund; a failed one gives its amount back to the payment and to the balance. */
export function putEnd(store: Store, refund: RefundRecord): void {
  store.putRefund(refund);
  if (refund.status === 'failed') store.spend(-refund.amountMinor);
}
