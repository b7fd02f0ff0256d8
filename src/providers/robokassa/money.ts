import { type Currency, formatDecimal, type Money, parseDecimal } from '../../money.ts';
import type { AmountRules } from '../provider.ts';

/** No answer and no refund names a currency; shops are paid in roubles (docs.robokassa.ru/ru/xml-interfaces, OutSum). */
export const CURRENCY: Currency = 'RUB';

/** No smallest amount of a refund is published. */
export const amountRules = (): AmountRules => ({ minimumMinor: 1n, stepMinor: 1n, leaveAtLeastMinor: 0n });

/** More is no exact JSON number for whoever reads it as a float. */
export const MAX_MINOR_ON_THE_WIRE = BigInt(Number.MAX_SAFE_INTEGER);

/** Kopecks of a decimal with any number of digits after the point, of which at most two count; else undefined. */
export function fromWire(sum: string): bigint | undefined {
  const parsed = parseDecimal(withoutTrailingZeros(sum), CURRENCY);
  return parsed.ok && parsed.money.minor >= 0n ? parsed.money.minor : undefined;
}

/** Whether two decimals are the same number, however many zeros they end in. */
export const isSameSum = (one: string, other: string): boolean =>
  withoutTrailingZeros(one) === withoutTrailingZeros(other);

/** A JSON number, printed from the integer: 40000 kopecks are `400`, 5025 are `50.25`. */
export const toJsonNumber = ({ minor }: Money): string =>
  withoutTrailingZeros(formatDecimal({ minor, currency: CURRENCY }));

/** `400.00`, as v1 writes and signs it. */
export const toXmlDecimal = ({ minor }: Money): string => formatDecimal({ minor, currency: CURRENCY });

const withoutTrailingZeros = (decimal: string): string =>
  /^\d+\.\d+$/.test(decimal) ? decimal.replace(/\.?0+$/, '') : decimal;
