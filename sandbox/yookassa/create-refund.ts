import { invalid } from './api-error.ts';
import { refundCancellation } from './cancellations.ts';
import { mintId } from './ids.ts';
import { acquirerRefusesAfter } from './methods.ts';
import type { Cancellation, PaymentRecord, RefundRecord } from './records.ts';
import { parseRefundRequest, type RefundRequest } from './refund-request.ts';
import { checkRefund } from './refund-rules.ts';
import type { Store } from './store.ts';

/** How a refund starts out when a fault decides it: waiting, or canceled for a reason. */
export type Outcome = 'pending' | { canceled: string };

export interface Origin {
  shopId: string;
  providerKey: string | null;
  outcome: Outcome | undefined;
}

/** `POST /refunds`: checks the body and the payment, and stores the refund. Throws the 400 of the first broken rule. */
export function createRefund(
  store: Store,
  body: Record<string, unknown>,
  origin: Origin,
  now: number,
): RefundRecord {
  const request = parseRefundRequest(body, store.settings.maxReceiptItems);
  const payment = store.payments.get(request.paymentId);
  if (payment === undefined || payment.shopId !== origin.shopId)
    throw invalid('paymentUnknown', 'payment_id');
  const sources = checkRefund(payment, request, store.totals(payment.id), store.settings, now);
  const cancellation = cancellationOf(payment, origin.outcome, now);
  const waits = origin.outcome === 'pending' || store.settings.refunds === 'pending';
  const refund: RefundRecord = {
    ...blank(store, payment, request, now),
    status: cancellation !== undefined ? 'canceled' : waits ? 'pending' : 'succeeded',
    cancellation,
    sources,
    origin: 'api',
    providerKey: origin.providerKey,
  };
  store.putRefund(refund);
  return refund;
}

/** A refund made in the provider's cabinet: same rules, succeeds at once, has no key. Throws as `createRefund`. */
export function createConsoleRefund(
  store: Store,
  payment: PaymentRecord,
  request: Omit<RefundRequest, 'paymentId'>,
  now: number,
  id?: string,
): RefundRecord {
  const sources = checkRefund(payment, request, store.totals(payment.id), store.settings, now);
  const refund: RefundRecord = {
    ...blank(store, payment, request, now),
    status: 'succeeded',
    sources,
    origin: 'console',
    providerKey: null,
    ...(id !== undefined && { id }),
  };
  store.putRefund(refund);
  return refund;
}

function blank(store: Store, payment: PaymentRecord, request: Omit<RefundRequest, 'paymentId'>, now: number) {
  return {
    id: mintId('refund', now),
    seq: store.nextSeq(),
    shopId: payment.shopId,
    paymentId: payment.id,
    currency: payment.currency,
    amountMinor: request.amount.minor,
    at: now,
    description: request.description,
    metadata: request.metadata,
    hasReceipt: request.receipt !== undefined,
  };
}

function cancellationOf(
  payment: PaymentRecord,
  outcome: Outcome | undefined,
  now: number,
): Cancellation | undefined {
  if (typeof outcome === 'object') return refundCancellation(outcome.canceled);
  return now > acquirerRefusesAfter(payment.method, payment.at)
    ? refundCancellation('payment_expired')
    : undefined;
}
