import type { ItemFacts, RefundOrder } from '../providers/provider.ts';
import type { Payment } from '../db/payments.ts';
import type { PaymentItem } from '../db/payment-items.ts';
import { toCurrency } from '../money.ts';

/** What is asked of the provider, besides what the payment says by itself. */
export type OrderWish = Pick<
  RefundOrder,
  'providerKey' | 'metadata' | 'reason' | 'receipt' | 'speed' | 'sources' | 'items' | 'sends'
> & { readonly amountMinor: bigint };

/**
 * The order of one leg, from the payment as it is stored now.
 *
 * @param reservedMinor what is reserved of the payment for others than this leg, in minor units
 */
export function refundOrder(
  payment: Payment,
  cart: readonly PaymentItem[],
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
    cart: cart.map(itemFacts),
  };
}

export const itemFacts = ({ item, title, left_hundredths, left_minor }: PaymentItem): ItemFacts => ({
  item,
  title,
  leftHundredths: left_hundredths,
  leftMinor: left_minor,
});
