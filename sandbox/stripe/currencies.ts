import { formatMinor, parseMinor } from '../money.ts';

// docs.stripe.com/currencies, "Zero-decimal currencies". ISK and UGX are not among them: see WHOLE_ONLY.
const ZERO_DECIMALS = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '));
// "Three-decimal currencies": the last digit must be 0.
const THREE_DECIMALS = new Set('BHD JOD KWD OMR TND'.split(' '));
// "Special cases": counted in hundredths on the wire although nobody can pay a hundredth.
const WHOLE_ONLY = new Set(['ISK', 'UGX']);

const SYMBOLS: Record<string, string> = { USD: '$', EUR: '€', GBP: '£', JPY: '¥' };

/** Decimals of an amount on Stripe's wire. */
export function exponentOf(currency: string): number {
  if (ZERO_DECIMALS.has(currency)) return 0;
  return THREE_DECIMALS.has(currency) ? 3 : 2;
}

/** What every amount of a currency is a multiple of, in minor units of the wire. */
export function stepOf(currency: string): bigint {
  if (WHOLE_ONLY.has(currency)) return 100n;
  return THREE_DECIMALS.has(currency) ? 10n : 1n;
}

/** An amount of the wire in minor units of ISO 4217, which the ledger speaks: 500000 ISK on the wire are 5000 there. */
export function isoMinor(wireMinor: bigint, currency: string): bigint {
  if (WHOLE_ONLY.has(currency)) return wireMinor / 100n;
  if (currency !== 'MGA') return wireMinor;
  return parseMinor(formatMinor(wireMinor, 0), 2) ?? 0n; // no decimals at Stripe, two in ISO 4217
}

/** An amount as the texts of errors show it: `$50.00`. */
export function printAmount(wireMinor: bigint, currency: string): string {
  const symbol = SYMBOLS[currency];
  const amount = formatMinor(wireMinor, exponentOf(currency));
  return symbol === undefined ? `${amount} ${currency}` : `${symbol}${amount}`;
}
