import type { Leg } from '../db/legs.ts';
import type { UnclearLeg } from '../db/unclear-legs.ts';
import type { PaymentSituation } from './decide-refund.ts';
import { explainRefundability } from './explain-refundability.ts';
import { isResolvable, type PlanTimes } from './resolvable.ts';
import { whyNotRetryable, type RetrySituation } from './retryable.ts';

export const paymentActions = ['REFUND', 'CANCEL'] as const;
export type PaymentAction = (typeof paymentActions)[number];

export const refundActions = ['CANCEL', 'RETRY', 'SYNC', 'RESOLVE'] as const;
export type RefundAction = (typeof refundActions)[number];

/** What createRefund and cancelPayment would take for this payment now. Pure. */
export function allowedPaymentActions(situation: PaymentSituation): PaymentAction[] {
  const { payment, capabilities, isBeingCanceled } = situation;
  const mayRefund = explainRefundability(situation).state === 'AVAILABLE';
  const mayCancel = payment.state === 'AUTHORIZED' && capabilities.voidAuthorized && !isBeingCanceled;
  return paymentActions.filter((action) => (action === 'REFUND' ? mayRefund : mayCancel));
}

/**
 * What cancelRefund, retryRefund, syncRefund and resolveRefund would take for this refund now. Pure.
 */
export function allowedRefundActions(
  situation: RetrySituation & {
    /** Those of its legs that are UNKNOWN or under MANUAL_REVIEW. */
    readonly unclearLegs: readonly UnclearLeg[];
    /** Of its account; undefined where that is not configured. */
    readonly plan: PlanTimes | undefined;
  },
): RefundAction[] {
  const { legs, unclearLegs, plan, now } = situation;
  const isAllowed: Record<RefundAction, boolean> = {
    CANCEL: legs.some((leg: Pick<Leg, 'status'>) => leg.status === 'QUEUED'),
    RETRY: plan !== undefined && whyNotRetryable(situation) === undefined,
    SYNC: plan !== undefined,
    RESOLVE: plan !== undefined && isResolvable(unclearLegs, plan, now),
  };
  return refundActions.filter((action) => isAllowed[action]);
}
