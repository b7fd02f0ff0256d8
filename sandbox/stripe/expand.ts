import { ApiError } from './api-error.ts';
import { type Form, listOf } from './form.ts';
import { hasCharge, type PaymentRecord, type RefundRecord } from './records.ts';
import type { Store } from './store.ts';
import { chargeView, type Json, paymentView, refundView } from './view.ts';

/** How objects are shown to one caller. */
export interface Eyes {
  store: Store;
  /** `Stripe-Version` of the request. */
  version: string;
  now: number;
}

/** The known names in `expand`, which begin with `data.` for a list. Throws 400 for any other name. */
export function expandOf(form: Form, known: readonly string[], prefix: '' | 'data.' = ''): string[] {
  return listOf(form['expand']).map((given) => {
    const name = known.find((candidate) => given === prefix + candidate);
    if (name !== undefined) return name;
    throw new ApiError('expandInvalid', { id: typeof given === 'string' ? given : 'expand' });
  });
}

export const PAYMENT_EXPANSIONS = ['latest_charge'] as const;
export const REFUND_EXPANSIONS = ['charge', 'payment_intent'] as const;

/** A payment intent, with its charge as an object when that is asked for. */
export function showPayment({ store }: Eyes, payment: PaymentRecord, expand: readonly string[] = []): Json {
  const wantsCharge = expand.includes('latest_charge') && hasCharge(payment);
  return { ...paymentView(payment), ...(wantsCharge && { latest_charge: showCharge(store, payment) }) };
}

/** A refund; payment intent and charge are ids unless objects are asked for. */
export function showRefund(eyes: Eyes, refund: RefundRecord, expand: readonly string[] = []): Json {
  const { store, version, now } = eyes;
  const payment = getPaymentOf(store, refund);
  return {
    ...refundView(refund, version, now),
    ...(expand.includes('charge') && { charge: showCharge(store, payment) }),
    ...(expand.includes('payment_intent') && { payment_intent: paymentView(payment) }),
  };
}

/** A charge as it is now. */
export function showCharge(store: Store, payment: PaymentRecord): Json {
  return chargeView(payment, store.totals(payment.id), store.settings);
}

/** The payment of a refund; every stored refund has one. */
export function getPaymentOf(store: Store, refund: RefundRecord): PaymentRecord {
  const payment = store.payments.get(refund.paymentId);
  if (payment === undefined) throw new Error(`refund ${refund.id} without a payment`);
  return payment;
}
