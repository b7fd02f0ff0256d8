import type { Selectable } from 'kysely';
import type { PaymentTable } from '../db/tables.ts';
import { toCurrency } from '../money.ts';
import type { PaymentStatus } from '../vocabulary.ts';
import type { Problem } from '../errors.ts';

type Payment = Selectable<PaymentTable>;

/**
 * What can be refunded now, in minor units: the lesser of our ledger and the provider's own aggregate, and
 * nothing while a provider's fact breaks the sum (MONEY section 6).
 */
export function refundableOf(payment: Payment): bigint {
  if (payment.state !== 'CAPTURED' || payment.overcommitted || !payment.refundable_by_provider) return 0n;
  // `captured_minor` keeps the highest that was ever seen; the amount is that of the last read.
  const { captured_minor: highest, amount_minor: latest } = payment;
  const taken = latest < highest ? latest : highest;
  const byLedger = taken - payment.refunded_minor - payment.reserved_minor - payment.unbound_minor;
  const byProvider = taken - (payment.provider_refunded_minor ?? 0n);
  const least = byLedger < byProvider ? byLedger : byProvider;
  return least > 0n ? least : 0n;
}

/** The public status: the provider's state, and for a captured payment what our ledger says of refunds. */
export function paymentStatusOf(payment: Payment): PaymentStatus {
  if (payment.state !== 'CAPTURED' || payment.refunded_minor === 0n) return payment.state;
  return payment.refunded_minor >= payment.captured_minor ? 'REFUNDED' : 'PARTIALLY_REFUNDED';
}

const paymentPath = ['input', 'payment'];

/** Why nothing of this payment can be refunded, whatever the amount; undefined when something can. */
export function whyNotRefundable(payment: Payment, now: Date): Problem | undefined {
  if (payment.state !== 'CAPTURED') return notRefundable(notCapturedMessage(payment.state));
  const closedAt = payment.refund_window_closes_at;
  if (closedAt !== null && closedAt <= now)
    return {
      type: 'RefundWindowClosed',
      code: 'REFUND_WINDOW_EXPIRED',
      message: `The provider took refunds of this payment until ${closedAt.toISOString()}. Return the money another way.`,
      path: paymentPath,
      retry: 'NEVER',
      closedAt,
    };
  if (payment.captured_minor > 0n && payment.refunded_minor >= payment.captured_minor)
    return notRefundable('Everything that was captured has been refunded already.');
  if (!payment.refundable_by_provider)
    return notRefundable('The provider does not refund this payment. Return the money another way.');
  return undefined;
}

const notRefundable = (message: string): Problem => ({
  type: 'PaymentNotRefundable',
  code: 'PAYMENT_NOT_REFUNDABLE',
  message,
  path: paymentPath,
  retry: 'NEVER',
});

function notCapturedMessage(state: Payment['state']): string {
  if (state === 'AUTHORIZED')
    return 'The payment is held, not captured. cancelPayment releases a hold where the provider can; else it ends by itself.';
  if (state === 'PENDING') return 'The payment is not completed: there is no money to give back.';
  return 'The payment was never completed or its hold was released: there is no money to give back.';
}

/** Whether `amountMinor` fits into what is left; the problem names the maximum (rule 9: never clamp). */
export function whyAmountDoesNotFit(payment: Payment, amountMinor: bigint): Problem | undefined {
  const refundableMinor = refundableOf(payment);
  if (amountMinor <= refundableMinor) return undefined;
  const reserved = payment.reserved_minor > 0n ? ' Refunds that are under way are counted.' : '';
  return {
    type: 'AmountExceedsRefundable',
    code: 'AMOUNT_EXCEEDS_REFUNDABLE',
    message: `More than can be refunded.${reserved} Ask for at most "refundable".`,
    path: ['input', 'amount'],
    retry: 'NEW_REQUEST',
    refundable: { minor: refundableMinor, currency: toCurrency(payment.currency) },
  };
}
