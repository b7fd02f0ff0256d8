import { mintRequestId } from './ids.ts';
import type { PaymentRecord, RefundRecord } from './records.ts';
import type { RefundRequest } from './refund-request.ts';
import { checkRefund } from './refund-rules.ts';
import { Rejection } from './rejection.ts';
import type { Store } from './store.ts';

/** Where a refund by the API comes from, and whether a fault makes it wait. */
export interface Origin {
  api: 'v2' | 'v1';
  waits: boolean;
}

/** Checks and stores a refund; throws a Rejection. There is no idempotency: the same request again is another refund. */
export function createRefund(
  store: Store,
  payment: PaymentRecord,
  request: RefundRequest,
  { api, waits }: Origin,
  now: number,
): RefundRecord {
  const { refunds, settleAfterSeconds, shopBalance } = store.settings;
  const amountMinor = checkRefund(store, payment, request, now);
  if (shopBalance === 'too-low') throw new Rejection('notEnoughFunds');
  const processing = waits || refunds === 'pending';
  const refund: RefundRecord = {
    id: mintRequestId(),
    seq: store.nextSeq(),
    paymentId: payment.id,
    status: processing ? 'processing' : 'finished',
    amountMinor,
    at: now,
    origin: api,
    ...(processing && !waits && settleAfterSeconds !== null && { dueAt: now + settleAfterSeconds * 1_000 }),
  };
  store.putRefund(refund);
  return refund;
}

/** A refund made in the cabinet: the money is gone at once and no look-up shows it. Throws a Rejection. */
export function createCabinetRefund(
  store: Store,
  payment: PaymentRecord,
  amountMinor: bigint,
  now: number,
): RefundRecord {
  const refund: RefundRecord = {
    id: mintRequestId(),
    seq: store.nextSeq(),
    paymentId: payment.id,
    status: 'finished',
    amountMinor: checkRefund(store, payment, { amountMinor, items: [] }, now),
    at: now,
    origin: 'console',
  };
  store.putRefund(refund);
  return refund;
}
