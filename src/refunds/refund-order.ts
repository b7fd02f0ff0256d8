import type { ItemFacts, RefundOrder } from '../providers/provider.ts';
import type { Payment } from '../db/payments.ts';
import { toCurrency } from '../money.ts';

/** What is asked of the provider, besides what the payment says by itself. */
export type OrderWish = Pick<
  RefundOrder,
  'providerKey' | 'metadata' | 'reason' | 'receipt' | 'speed' | 'sources' | 'items' | 'sends'
> & { readonly amountMinor: bigint };

/**
 * The order of one leg, from the payment as it is stored now.
 *
 * @param cart what is left of its lines for this leg and those behind it
 * @param reservedMinor what the provider will have executed before this leg and has not yet, in minor units
 */
export function refundOrder(
  payment: Payment,
  cart: readonly ItemFacts[],
  reservedMinor: bigint,
  { amountMinor, ...wish }: OrderWish,
): RefundOrder {
  return {
    ...wish,
    providerPaymentId: payment.provider_payment_id,
    handles: payment.handles,
    amount: { minor: amountMinor, currency: toCurrency(payment.currency) },
    takesRest: amountMinor === payment.captured_minor - payment.refunded_minor - reservedMinor,
    isFirst: payment.refunded_minor === 0n && reservedMinor === 0n,
    cart,
  };
}
