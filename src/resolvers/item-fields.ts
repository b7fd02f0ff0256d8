import type { Refund } from '../db/legs.ts';
import type { Payment } from '../db/payments.ts';
import type { PaymentLine } from '../db/read-batch.ts';
import { toCurrency, type Money } from '../money.ts';
import { refundableOfItem, type ItemRest } from '../refunds/refundable-items.ts';
import { refundableOf } from '../refunds/refundability.ts';
import type { GraphQLContext } from './context.ts';

/** In the order of the cart; empty where the provider knows no items. */
export async function itemsOfPayment(
  context: GraphQLContext,
  payment: Payment,
): Promise<readonly PaymentLine[]> {
  return (await context.loaders.itemsOfPayment.load(payment.id)) ?? [];
}

/** What a refund takes of a line of its payment's cart. */
export interface RefundItem {
  readonly line: PaymentLine;
  readonly quantityHundredths: bigint;
  readonly amountMinor: bigint;
}

/** In the order of the cart; each line once, whatever legs take of it. */
export async function itemsOfRefund(context: GraphQLContext, refund: Refund): Promise<RefundItem[]> {
  const parts = (await context.loaders.itemsOfRefund.load(refund.id)) ?? [];
  return [...Map.groupBy(parts, (part) => part.line.id).values()].map((ofLine) => ({
    line: ofLine[0]!.line,
    quantityHundredths: ofLine.reduce((sum, part) => sum + part.quantity_hundredths, 0n),
    amountMinor: ofLine.reduce((sum, part) => sum + part.amount_minor, 0n),
  }));
}

/** What a new refund may take of a line: no more than what is left of the payment. */
export async function refundableOfLine(context: GraphQLContext, line: PaymentLine): Promise<ItemRest> {
  const payment = await context.loaders.payment.load(line.payment_id);
  const ofPayment = payment === null ? 0n : refundableOf(payment);
  if (ofPayment === 0n) return { hundredths: 0n, minor: 0n };
  const { hundredths, minor } = refundableOfItem(line);
  return { hundredths, minor: minor < ofPayment ? minor : ofPayment };
}

/** Null where the price of a unit is no whole number of minor units. */
export function unitPriceOf({ sold_hundredths, sold_minor, currency }: PaymentLine): Money | null {
  const isWhole = sold_hundredths > 0n && (sold_minor * 100n) % sold_hundredths === 0n;
  return isWhole ? { minor: (sold_minor * 100n) / sold_hundredths, currency: toCurrency(currency) } : null;
}
