import { type Currency, exponentOf, isCurrency } from './currencies.ts';

export { type Currency, currencies, exponentOf, isCurrency } from './currencies.ts';

/** An amount in minor units of its currency: 1500 roubles are `{ minor: 150000n, currency: 'RUB' }`. */
export interface Money {
  readonly minor: bigint;
  readonly currency: Currency;
}

/** The largest amount there is, in minor units: what a PostgreSQL `bigint` holds. Its negative is the smallest. */
export const MAX_MINOR = 2n ** 63n - 1n;

/** Why a text is no amount. */
export type DecimalProblem = 'MALFORMED' | 'TOO_MANY_DECIMALS' | 'OUT_OF_RANGE';

export type ParseResult =
  | { readonly ok: true; readonly money: Money }
  | { readonly ok: false; readonly problem: DecimalProblem };

// ASCII digits only (\d is that in JavaScript), one spelling per integer part: no "+", "007", ".5", "5." or "1e3".
const DECIMAL = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?$/;

const MAX_MINOR_DIGITS = MAX_MINOR.toString().length;

/**
 * Reads a decimal text as money, exactly or not at all; never throws for any text.
 *
 * Accepted: an optional `-`, digits without leading zeros, and optionally a point with one digit up to as many as the
 * currency has ("1500", "1500.5" and "1500.50" are the same roubles). More decimals are `TOO_MANY_DECIMALS` even when
 * they are zeros: nothing is rounded. That an amount must be positive is a rule of the refund, not of this grammar.
 */
export function parseDecimal(value: string, currency: Currency): ParseResult {
  const match = DECIMAL.exec(value);
  if (match === null) return { ok: false, problem: 'MALFORMED' };
  const [, sign = '', whole = '', fraction = ''] = match;
  const exponent = exponentOf(currency);
  if (fraction.length > exponent) return { ok: false, problem: 'TOO_MANY_DECIMALS' };
  // Before BigInt reads it: converting a megabyte of digits would block the process.
  if (whole.length + exponent > MAX_MINOR_DIGITS) return { ok: false, problem: 'OUT_OF_RANGE' };
  const magnitude = BigInt(whole + fraction.padEnd(exponent, '0'));
  if (magnitude > MAX_MINOR) return { ok: false, problem: 'OUT_OF_RANGE' };
  return { ok: true, money: { minor: sign === '-' ? -magnitude : magnitude, currency } };
}

/** Prints exactly the currency's decimals: "1500.00" RUB, "1500" JPY, "-0.05" EUR. */
export function formatDecimal(money: Money): string {
  const exponent = exponentOf(money.currency);
  const negative = money.minor < 0n;
  const digits = (negative ? -money.minor : money.minor).toString().padStart(exponent + 1, '0');
  const point = digits.length - exponent;
  const unsigned = exponent === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return negative ? `-${unsigned}` : unsigned;
}

/** The currency a stored or received text names. Throws a RangeError when it names none. */
export function toCurrency(text: string): Currency {
  if (!isCurrency(text)) throw new RangeError(`Not an active ISO 4217 currency: ${JSON.stringify(text)}`);
  return text;
}

export function zero(currency: Currency): Money {
  return { minor: 0n, currency };
}

/** Throws when the currencies differ or the sum leaves the range of amounts: both are our bugs, never the caller's. */
export function addMoney(left: Money, right: Money): Money {
  assertSameCurrency(left, right);
  return inRange(left.minor + right.minor, left.currency);
}

/** Throws as `addMoney` does. The result may be negative. */
export function subtractMoney(left: Money, right: Money): Money {
  assertSameCurrency(left, right);
  return inRange(left.minor - right.minor, left.currency);
}

/** Negative, zero or positive as `left` is less than, equal to or more than `right`. Throws when the currencies differ. */
export function compareMoney(left: Money, right: Money): -1 | 0 | 1 {
  assertSameCurrency(left, right);
  if (left.minor === right.minor) return 0;
  return left.minor < right.minor ? -1 : 1;
}

function assertSameCurrency(left: Money, right: Money): void {
  if (left.currency !== right.currency) {
    throw new TypeError(`Money of two currencies does not mix: ${left.currency} and ${right.currency}`);
  }
}

function inRange(minor: bigint, currency: Currency): Money {
  if (minor > MAX_MINOR || minor < -MAX_MINOR)
    throw new RangeError(`Amount out of range: ${minor} ${currency}`);
  return { minor, currency };
}
