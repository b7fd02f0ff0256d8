import type { PaymentItem } from '../db/payment-items.ts';
import type { ItemFacts } from '../providers/provider.ts';

/** So much of a line: hundredths of its unit, and minor units. */
export interface ItemRest {
  readonly hundredths: bigint;
  readonly minor: bigint;
}

const nothing: ItemRest = { hundredths: 0n, minor: 0n };

type Line = Omit<PaymentItem, 'id' | 'merchant_id' | 'payment_id' | 'item' | 'title' | 'position'>;

/**
 * What a new refund may take of a line: what our ledger leaves, and no more than what the provider says is left less
 * what is reserved, since it need not have been executed there. Refunds made elsewhere have no lines of ours: what they
 * took shows in the provider's figure only. Never negative; nothing while a provider's fact breaks the sum of the line.
 * Pure.
 */
export function refundableOfItem(line: Line): ItemRest {
  if (line.overcommitted) return nothing;
  const hundredths = leastOf(
    line.sold_hundredths - line.returned_hundredths - line.reserved_hundredths,
    line.left_hundredths - line.reserved_hundredths,
  );
  const minor = leastOf(
    line.sold_minor - line.returned_minor - line.reserved_minor,
    line.left_minor - line.reserved_minor,
  );
  // A quantity without a price, or a price of no quantity, cannot be laid out.
  return hundredths > 0n && minor > 0n ? { hundredths, minor } : nothing;
}

const leastOf = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** The cart as new refunds see it: lines of which something is refundable now. */
export const refundableCart = (lines: readonly PaymentItem[]): ItemFacts[] =>
  lines.flatMap((line) => {
    const { hundredths, minor } = refundableOfItem(line);
    return minor > 0n
      ? [{ item: line.item, title: line.title, leftHundredths: hundredths, leftMinor: minor }]
      : [];
  });

/** What is left of each line at the provider now, whatever waits here. */
export const cartAtProvider = (lines: readonly PaymentItem[]): ItemFacts[] =>
  lines.flatMap((line) => facts(line, { hundredths: line.left_hundredths, minor: line.left_minor }));

/** The same when all that is under way, or waits, will have been executed: the cart of an order behind them. */
export const cartBehindOthers = (lines: readonly PaymentItem[]): ItemFacts[] =>
  lines.flatMap((line) =>
    facts(line, {
      hundredths:
        leastOf(line.sold_hundredths - line.returned_hundredths, line.left_hundredths) -
        line.reserved_hundredths,
      minor: leastOf(line.sold_minor - line.returned_minor, line.left_minor) - line.reserved_minor,
    }),
  );

/** A line without a price is a line, too; one of which nothing is left is none. */
const facts = ({ item, title }: PaymentItem, { hundredths, minor }: ItemRest): ItemFacts[] =>
  hundredths > 0n || minor > 0n
    ? [{ item, title, leftHundredths: atLeastNothing(hundredths), leftMinor: atLeastNothing(minor) }]
    : [];

const atLeastNothing = (count: bigint): bigint => (count > 0n ? count : 0n);

/** What all lines of a cart have left together, in minor units. */
export const sumOfCart = (cart: readonly ItemFacts[]): bigint =>
  cart.reduce((sum, { leftMinor }) => sum + leftMinor, 0n);
