import type { ItemFacts, ItemShare } from '../provider.ts';

/** One unit, in hundredths. */
export const UNIT = 100n;

/** What is left of a line after a share was taken of it. */
export interface LineAfter {
  readonly item: string;
  readonly leftHundredths: bigint;
  readonly leftMinor: bigint;
  /** Unit price in minor units, where it is another one than before. */
  readonly newPriceMinor: bigint | undefined;
}

/**
 * The price of one unit in minor units; undefined where there is none with two decimals. What remains of a line has to
 * have one, or a refund is refused (yandex.uz/support/split-business, "Refund payments"): `left * 100 % quantity == 0`.
 */
export function unitPriceOf(leftHundredths: bigint, leftMinor: bigint): bigint | undefined {
  if (leftHundredths <= 0n || (leftMinor * UNIT) % leftHundredths !== 0n) return undefined;
  return (leftMinor * UNIT) / leftHundredths;
}

/** What remains of a line whose price is cut is a multiple of this, in minor units. */
export function stepOf({ leftHundredths }: ItemFacts): bigint {
  return leftHundredths / gcd(leftHundredths, UNIT);
}

/** The whole line. */
export const wholeLine = ({ item, leftHundredths, leftMinor }: ItemFacts): ItemShare => ({
  item,
  quantityHundredths: leftHundredths,
  amountMinor: leftMinor,
});

/** So much of a line that its price is `amountMinor` exactly, in whole units or all of it. */
export function unitsWorth(line: ItemFacts, amountMinor: bigint): ItemShare | undefined {
  if (amountMinor === line.leftMinor) return wholeLine(line);
  const price = unitPriceOf(line.leftHundredths, line.leftMinor);
  if (price === undefined || price === 0n || amountMinor <= 0n || amountMinor % price !== 0n)
    return undefined;
  const quantityHundredths = (amountMinor / price) * UNIT;
  return quantityHundredths < line.leftHundredths
    ? { item: line.item, quantityHundredths, amountMinor }
    : undefined;
}

/** `amountMinor` off the price of a line of which every unit stays; something of the price stays, too. */
export function priceCut(line: ItemFacts, amountMinor: bigint): ItemShare | undefined {
  if (amountMinor <= 0n || amountMinor >= line.leftMinor) return undefined;
  if (unitPriceOf(line.leftHundredths, line.leftMinor - amountMinor) === undefined) return undefined;
  return { item: line.item, quantityHundredths: 0n, amountMinor };
}

/** The nearest amounts at or below, and above, that can be taken of a line as a price cut or as a whole, ascending. */
export function nearestOfLine(line: ItemFacts, amountMinor: bigint): readonly bigint[] {
  const { leftMinor } = line;
  if (leftMinor <= 0n || line.leftHundredths <= 0n) return [];
  if (amountMinor >= leftMinor) return [leftMinor];
  const step = stepOf(line);
  const wanted = amountMinor > 0n ? amountMinor : 0n;
  // Every cut leaves a multiple of the step.
  const below = leftMinor - ceilTo(leftMinor - wanted, step);
  const leaves = leftMinor - below - step;
  const above = leaves > 0n ? leftMinor - leaves : leftMinor;
  return below > 0n ? [below, above] : [above];
}

/**
 * What a share leaves of its line, or why it cannot be taken. Shares that were laid over one line one after the other may
 * be sent in another order: then the amount counts. The whole quantity for less than what is left is that much off its
 * price, and the whole price takes the quantity along.
 */
export function takeFrom(line: ItemFacts, share: ItemShare): LineAfter | string {
  const leftMinor = line.leftMinor - share.amountMinor;
  const unlaid = line.leftHundredths - share.quantityHundredths;
  const leftHundredths = leftMinor === 0n ? 0n : unlaid === 0n ? line.leftHundredths : unlaid;
  if (share.quantityHundredths < 0n || share.amountMinor <= 0n) return 'A share takes more than nothing.';
  if (unlaid < 0n || leftMinor < 0n) return 'More than is left of the item.';
  const after = { item: line.item, leftHundredths, leftMinor };
  if (leftHundredths === 0n) return { ...after, newPriceMinor: undefined };
  const price = unitPriceOf(leftHundredths, leftMinor);
  if (price === undefined) return 'What is left has no unit price with two decimals.';
  const before = unitPriceOf(line.leftHundredths, line.leftMinor);
  if (price * line.leftHundredths > line.leftMinor * UNIT) return 'A unit price can only go down.';
  return { ...after, newPriceMinor: price === before ? undefined : price };
}

export const totalOf = (lines: readonly Pick<ItemFacts, 'leftMinor'>[]): bigint =>
  lines.reduce((sum, { leftMinor }) => sum + leftMinor, 0n);

function ceilTo(value: bigint, step: bigint): bigint {
  const over = value % step;
  return over === 0n ? value : value - over + step;
}

function gcd(left: bigint, right: bigint): bigint {
  return right === 0n ? left : gcd(right, left % right);
}
