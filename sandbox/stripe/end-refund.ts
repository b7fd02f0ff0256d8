import { derivedDigits } from '../derived-digits.ts';
import type { RefundRecord, TraceType } from './records.ts';
import type { Settings } from './settings.ts';

const DIGITS: Record<TraceType, number> = { acquirer_reference_number: 23, retrieval_reference_number: 12 };

/** The refund that has succeeded. Its reference number comes later: the money moves before the bank tells a number. */
export function succeed(refund: RefundRecord, { traceAfterSeconds }: Settings, now: number): RefundRecord {
  const ended: RefundRecord = { ...refund, status: 'succeeded', pendingReason: undefined };
  if (traceAfterSeconds === null) return ended;
  return withTrace(ended, 'acquirer_reference_number', now + traceAfterSeconds * 1_000);
}

/** The refund that has failed, also after it had succeeded; it gives its amount back to the payment. */
export function fail(refund: RefundRecord, reason: string): RefundRecord {
  return {
    ...refund,
    status: 'failed',
    pendingReason: undefined,
    failureReason: reason,
    trace: undefined,
  };
}

/** The refund that somebody canceled while it required an action. */
export function cancel(refund: RefundRecord, reason: string): RefundRecord {
  return { ...fail(refund, reason), status: 'canceled' };
}

/** The refund with a reference number that is known from an instant on; without `value` one that follows from its id. */
export function withTrace(refund: RefundRecord, type: TraceType, at: number, value?: string): RefundRecord {
  return { ...refund, trace: { type, at, value: value ?? derivedDigits(refund.id, DIGITS[type]) } };
}
