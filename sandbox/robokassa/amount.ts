import { formatMinor, parseMinor } from '../money.ts';

/** Everything is in roubles with two decimals: no request of this provider names a currency. */
export const CURRENCY = 'RUB';
export const EXPONENT = 2;

const MORE_DECIMALS = 6;

/** An amount in kopecks; undefined unless it is a plain decimal of whole kopecks. "100.00" and "100.000000" are the same. */
export function kopecksOf(text: string): bigint | undefined {
  const fine = parseMinor(text, MORE_DECIMALS);
  const step = 10n ** BigInt(MORE_DECIMALS - EXPONENT);
  return fine === undefined || fine % step !== 0n ? undefined : fine / step;
}

/** A JSON number of roubles in kopecks; undefined for anything else. 50, 50.0 and 50.25 are all fine. */
export function kopecksOfNumber(value: unknown): bigint | undefined {
  return typeof value === 'number' ? kopecksOf(String(value)) : undefined;
}

/** Roubles as on the wire, with six decimals or with two: both are seen. */
export function wireAmount(minor: bigint, decimals: 2 | 6): string {
  return formatMinor(minor, EXPONENT) + '0'.repeat(decimals - EXPONENT);
}
