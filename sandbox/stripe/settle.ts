import { ControlError } from '../control-error.ts';
import type { Settlement } from '../simulator.ts';
import { getAccount } from './accounts.ts';
import { cancel, fail, succeed, withTrace } from './end-refund.ts';
import { isOpen, type RefundRecord, type TraceType } from './records.ts';
import type { Store } from './store.ts';

const TRACE_TYPES: Partial<Record<string, TraceType>> = {
  arn: 'acquirer_reference_number',
  rrn: 'retrieval_reference_number',
};
const DEFAULT_REASONS = { failed: 'unknown', reversed: 'lost_or_stolen_card', canceled: 'merchant_request' };

/**
 * `POST /control/settle`, of all accounts or of one: the bank's verdict, its reference number, or both. `reversed` lets a
 * refund fail that had succeeded. Returns the refunds that changed. Throws ControlError; then nothing has changed.
 */
export function settleRefunds(
  store: Store,
  settlement: Settlement,
  now: number,
  account?: string,
): RefundRecord[] {
  checkSettlement(settlement);
  const settled = chosen(store, settlement, account).map((refund) => ended(store, refund, settlement, now));
  for (const refund of settled) store.putRefund(refund);
  return settled;
}

function checkSettlement({ status, reason, trace, refundId }: Settlement): void {
  if (reason !== undefined && status === 'succeeded')
    throw new ControlError('reason', 'only for a refund that fails or is canceled');
  if (trace === undefined) return;
  if (status !== 'succeeded') throw new ControlError('trace', 'only for a succeeded refund');
  if (TRACE_TYPES[trace.kind] === undefined)
    throw new ControlError('trace.kind', 'must be arn or rrn at stripe');
  if (trace.value !== undefined && refundId === undefined)
    throw new ControlError('trace.value', 'only with a refundId');
}

function chosen(store: Store, settlement: Settlement, account: string | undefined): RefundRecord[] {
  const { refundId } = settlement;
  const isOurs = ({ scope }: RefundRecord) => account === undefined || getAccount(scope).account === account;
  if (refundId === undefined) {
    return [...store.refunds.values()].filter(
      (refund) => isOurs(refund) && canEnd(refund, settlement, false),
    );
  }
  const refund = store.refunds.get(refundId);
  if (refund === undefined || !isOurs(refund)) throw new ControlError('refundId', 'no such refund');
  if (!canEnd(refund, settlement, true))
    throw new ControlError('refundId', `is ${refund.status} and cannot become ${settlement.status}`);
  return [refund];
}

// A succeeded refund that is named can still get its reference number.
function canEnd(refund: RefundRecord, { status, trace }: Settlement, isNamed: boolean): boolean {
  if (status === 'canceled') return refund.status === 'requires_action';
  if (status === 'reversed') return refund.status === 'succeeded';
  if (status === 'succeeded' && trace !== undefined && isNamed && refund.status === 'succeeded') return true;
  return isOpen(refund);
}

function ended(store: Store, refund: RefundRecord, settlement: Settlement, now: number): RefundRecord {
  const { status, reason, trace } = settlement;
  if (status === 'canceled') return cancel(refund, reason ?? DEFAULT_REASONS.canceled);
  if (status !== 'succeeded') return fail(refund, reason ?? DEFAULT_REASONS[status]);
  const succeeded = refund.status === 'succeeded' ? refund : succeed(refund, store.settings, now);
  const type = trace === undefined ? undefined : TRACE_TYPES[trace.kind];
  return type === undefined ? succeeded : withTrace(succeeded, type, now, trace?.value);
}
