import { type Currency, type Money, formatDecimal, isCurrency } from '../../money.ts';
import type { AmountRules } from '../provider.ts';

/**
 * The supported currencies by exponent (razorpay.com/docs/payments/international-payments, "Supported Currencies").
 * Of its list BGN, HRK and SLL are missing here: ISO 4217 has withdrawn them. All exponents are those of ISO 4217,
 * so that an amount on the wire is our number of minor units; a test holds that. A currency that is not in the list
 * has no published exponent and is not read.
 */
export const wireCurrencies = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF',
  2:
    'AED ALL AMD AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BZD CAD CHF CNY COP CRC CUP CVE CZK DKK DOP ' +
    'DZD EGP ETB EUR FJD GBP GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR JMD KES KGS KHR KYD KZT LAK LKR LRD ' +
    'LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PEN PGK PHP PKR PLN QAR RON ' +
    'RSD RUB SAR SCR SEK SGD SOS SVC SZL THB TRY TTD TWD TZS UAH USD UYU UZS XCD YER ZAR ZMW',
  3: 'BHD IQD JOD KWD OMR TND',
} as const;

const taken: ReadonlySet<string> = new Set(Object.values(wireCurrencies).flatMap((line) => line.split(' ')));
const threeDecimals: ReadonlySet<string> = new Set(wireCurrencies[3].split(' '));

/** The largest number that JSON carries exactly everywhere. */
const MAX_WIRE_MINOR = BigInt(Number.MAX_SAFE_INTEGER);

export function takesCurrency(currency: Currency): boolean {
  return taken.has(currency);
}

/**
 * At least MYR 1.00 (curlec.com/docs/api/refunds). The floor of INR 1.00 holds for normal refunds only, and floors of
 * other currencies are not published: those are left to Razorpay.
 */
export const amountRules = (currency: Currency): AmountRules => ({
  minimumMinor: currency === 'MYR' ? 100n : stepOf(currency),
  stepMinor: stepOf(currency),
  leaveAtLeastMinor: 0n,
});

/** Three-decimal amounts end in 0 (razorpay.com/docs/api/refunds/entity: 99.991 KWD is sent as 99990). */
const stepOf = (currency: Currency): bigint => (threeDecimals.has(currency) ? 10n : 1n);

/** Undefined for whatever is not exactly an amount: an amount is never guessed. */
export function fromWire({ amount, currency }: { amount: number; currency: string }): Money | undefined {
  if (!isCurrency(currency) || !takesCurrency(currency)) return undefined;
  if (!Number.isSafeInteger(amount) || amount < 0) return undefined;
  return { minor: BigInt(amount), currency };
}

/**
 * Why an amount cannot be sent, or undefined. Rounding is the caller's decision, so the nearest amounts are named.
 */
export function amountProblem({ minor, currency }: Money): string | undefined {
  if (!takesCurrency(currency)) return `Razorpay does not take ${currency}.`;
  if (minor <= 0n) return 'The amount is not above zero.';
  const step = stepOf(currency);
  const largest = MAX_WIRE_MINOR - (MAX_WIRE_MINOR % step);
  const print = (some: bigint): string => `${formatDecimal({ minor: some, currency })} ${currency}`;
  if (minor > largest) return `Razorpay takes at most ${print(largest)}.`;
  const below = minor - (minor % step);
  if (below === minor) return undefined;
  const nearest = [below, below + step].filter((some) => some > 0n && some <= largest).map(print);
  return `Razorpay takes ${currency} with a last decimal of 0 only: ${nearest.join(' or ')}.`;
}
