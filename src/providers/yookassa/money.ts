import { type Currency, type Money, formatDecimal, isCurrency, parseDecimal } from '../../money.ts';
import type { AmountRules } from '../provider.ts';

/** `{"value": "1500.00", "currency": "RUB"}`: a string, and always exactly two decimals (OpenAPI `MonetaryAmount`). */
export interface WireMoney {
  readonly value: string;
  readonly currency: string;
}

/** The `CurrencyCode` enum of the OpenAPI description; all of them have two decimals. */
const wireCurrencies: ReadonlySet<string> = new Set<Currency>([
  'RUB',
  'EUR',
  'USD',
  'KZT',
  'BYN',
  'UAH',
  'UZS',
  'TRY',
  'INR',
  'MDL',
  'AZN',
  'AMD',
]);

export function takesCurrency(currency: string): boolean {
  return wireCurrencies.has(currency);
}

/** Undefined for whatever is not exactly such an amount: an amount is never guessed. */
export function fromWire({ value, currency }: WireMoney): Money | undefined {
  if (!isCurrency(currency) || !takesCurrency(currency) || !/^\d+\.\d\d$/.test(value)) return undefined;
  const parsed = parseDecimal(value, currency);
  return parsed.ok ? parsed.money : undefined;
}

/** Throws a RangeError for an amount that cannot be sent: not above zero, or in a currency that is not taken. */
export function toWire(money: Money): WireMoney {
  if (money.minor <= 0n) throw new RangeError('YooKassa takes amounts above zero');
  if (!takesCurrency(money.currency)) throw new RangeError(`YooKassa does not take ${money.currency}`);
  return { value: formatDecimal(money), currency: money.currency };
}

/** No smallest amount of a refund is published. */
export const amountRules = (): AmountRules => ({ minimumMinor: 1n, stepMinor: 1n, leaveAtLeastMinor: 0n });
