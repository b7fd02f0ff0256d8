import { formatMinor, parseMinor } from '../money.ts';

/** Decimals of every amount (docs order/merchant_v1_order-get) and of every quantity (docs custom/refund-payments). */
export const DECIMALS = 2;

const HUNDRED = 100n;

/** Minor units, or hundredths of a unit, from a text or from the JSON number that some clients send. */
export function parseDecimal(value: unknown): bigint | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' ? parseMinor(text, DECIMALS) : undefined;
}

/** An amount as on the wire: always a text with two decimals. */
export function wireAmount(minor: bigint): string {
  return formatMinor(minor, DECIMALS);
}

/** A quantity as on the wire: "3", or "2.50". */
export function wireCount(hundredths: bigint): string {
  return hundredths % HUNDRED === 0n ? (hundredths / HUNDRED).toString() : formatMinor(hundredths, DECIMALS);
}

/** What a quantity costs at a unit price; undefined when that is no whole number of minor units. */
export function priceOf(countHundredths: bigint, unitMinor: bigint): bigint | undefined {
  const product = countHundredths * unitMinor;
  return product % HUNDRED === 0n ? product / HUNDRED : undefined;
}

/**
 * The unit price by which a line of this quantity costs exactly `totalMinor`; undefined when it would need more than two
 * decimals, which the provider refuses (docs custom/refund-payments).
 */
export function unitPriceFor(totalMinor: bigint, countHundredths: bigint): bigint | undefined {
  const product = totalMinor * HUNDRED;
  return product % countHundredths === 0n ? product / countHundredths : undefined;
}
