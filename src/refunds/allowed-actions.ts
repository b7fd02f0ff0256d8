import type { Leg } from '../db/legs.ts';
import type { UnclearLeg } from '../db/unclear-legs.ts';
import type { PaymentSituation } from './refund-situation.ts';
import { explainRefundability } from './explain-refundability.ts';
import { canBeStopped } from './open-void.ts';
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
  const mayCancel = canBeStopped(capabilities, payment.state) && !isBeingCanceled;
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
    /** Whether the provider still takes back one of its legs. */
    readonly isStoppable: boolean;
  },
): RefundAction[] {
  const { legs, unclearLegs, plan, isStoppable, now } = situation;
  const isAllowed: Record<RefundAction, boolean> = {
    CANCEL: isStoppable || legs.some((leg: Pick<Leg, 'status'>) => leg.status === 'QUEUED'),
    RETRY: plan !== undefined && whyNotRetryable(situation) === undefined,
    SYNC: plan !== undefined,
    RESOLVE: plan !== undefined && isResolvable(unclearLegs, plan, now),
  };
  return refundActions.filter((action) => isAllowed[action]);
}
