import type { Problem } from '../errors.ts';
import type { PaymentId, RefundId } from '../ids.ts';

/** What every mutation answers: `problems` is empty exactly when it took effect or was replayed. */
export interface RefundPayload {
  readonly refundId: RefundId | null;
  readonly replayed: boolean;
  readonly problems: readonly Problem[];
}

export type CancelPaymentOutcome = 'VOIDED' | 'IN_PROGRESS' | 'REFUND_CREATED' | 'NOTHING_TO_CANCEL';

export interface CancelPaymentPayload extends RefundPayload {
  readonly outcome: CancelPaymentOutcome | null;
  readonly paymentId: PaymentId | null;
}

/** Nothing was sent and nothing is reserved. */
export const refused = (problems: readonly Problem[]): RefundPayload => ({
  refundId: null,
  replayed: false,
  problems,
});
