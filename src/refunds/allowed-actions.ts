import type { Leg } from '../db/legs.ts';
import type { PaymentSituation } from './decide-refund.ts';
import { explainRefundability } from './explain-refundability.ts';
import { whyNotRetryable, type RetrySituation } from './retryable.ts';

export const paymentActions = ['REFUND', 'CANCEL'] as const;
export type PaymentAction = (typeof paymentActions)[number];

export const refundActions = ['CANCEL', 'RETRY', 'SYNC'] as const;
export type RefundAction = (typeof refundActions)[number];

/** What createRefund and cancelPayment would take for this payment now. Pure. */
export function allowedPaymentActions(situation: PaymentSituation): PaymentAction[] {
  const { payment, capabilities, isBeingCanceled } = situation;
  const mayRefund = explainRefundability(situation).state === 'AVAILABLE';
  const mayCancel = payment.state === 'AUTHORIZED' && capabilities.voidAuthorized && !isBeingCanceled;
  return paymentActions.filter((action) => (action === 'REFUND' ? mayRefund : mayCancel));
}

/**
 * What cancelRefund, retryRefund and syncRefund would take for this refund now; `isConnected` tells whether
 * its account is configured. Pure.
 */
export function allowedRefundActions(
  situation: RetrySituation & { readonly isConnected: boolean },
): RefundAction[] {
  const { legs, isConnected } = situation;
  const isAllowed: Record<RefundAction, boolean> = {
    CANCEL: legs.some((leg: Pick<Leg, 'status'>) => leg.status === 'QUEUED'),
    RETRY: isConnected && whyNotRetryable(situation) === undefined,
    SYNC: isConnected,
  };
  return refundActions.filter((action) => isAllowed[action]);
}
