import type { Leg } from '../db/legs.ts';
import type { PaymentItem } from '../db/payment-items.ts';
import type { Payment, PaymentSource } from '../db/payments.ts';
import type { AmountRules, Capabilities } from '../providers/provider.ts';
import type { Allocate, Cart } from './plan-items.ts';

/** What decides, before any amount, whether a payment can be refunded now. */
export interface PaymentSituation {
  readonly payment: Payment;
  readonly openLegs: readonly Pick<Leg, 'status' | 'refund_id'>[];
  /** True while a cancelPayment of this payment is not finished. */
  readonly isBeingCanceled: boolean;
  readonly capabilities: Capabilities;
  /** What the provider takes as the amount of one refund in the payment's currency. */
  readonly amountRules: AmountRules;
  /** The cart; empty where the provider knows no items, or this payment has none. */
  readonly lines: readonly PaymentItem[];
  /** Undefined where the provider knows no items. */
  readonly allocate: Allocate | undefined;
  /** True while a person has to release the payment after a restore; absent: it does not wait for that. */
  readonly isBlocked?: boolean;
  /** True while the payment waits for something at the provider, and takes no refund before. */
  readonly isNotYetRefundable?: boolean;
  readonly now: Date;
}

/** Everything the decision rests on, read under the payment's lock (or before it, to decide whether to look). */
export interface RefundSituation extends PaymentSituation {
  readonly accountCode: string;
  readonly sources: readonly PaymentSource[];
}

/** Undefined: nothing of the payment is an item that its provider refunds. */
export const cartOf = ({ lines, allocate, amountRules }: PaymentSituation): Cart | undefined =>
  allocate === undefined || lines.length === 0 ? undefined : { lines, allocate, amountRules };

/** What a caller waits before asking again, while something of the payment is under way, in milliseconds. */
export const retryAfterMs = 5_000;
