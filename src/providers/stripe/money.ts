import { type Currency, type Money, exponentOf, formatDecimal, isCurrency } from '../../money.ts';
import type { AmountRules } from '../provider.ts';

/**
 * What docs.stripe.com/currencies says of amounts. Currencies have two decimals unless they are named there, so that
 * only these differ from the rule. Those that ISO 4217 counts in other than hundredths and that are not named there
 * (CLF, IQD, LYD, UYI, UYW) have no published exponent: they are not read, and not sent.
 */
export const named = {
  /** "Zero-decimal currencies": a number of units. MGA has two decimals in ISO 4217. */
  zeroDecimal: 'BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF',
  /** "Three-decimal currencies": the last digit is 0. */
  threeDecimal: 'BHD JOD KWD OMR TND',
  /** "Special cases": in hundredths, though only whole units can be paid. */
  wholeInHundredths: 'ISK UGX',
} as const;

const zeroDecimal: ReadonlySet<string> = new Set(named.zeroDecimal.split(' '));
const threeDecimal: ReadonlySet<string> = new Set(named.threeDecimal.split(' '));
const wholeInHundredths: ReadonlySet<string> = new Set(named.wholeInHundredths.split(' '));

/** The largest number that JSON carries exactly everywhere. */
const MAX_WIRE = BigInt(Number.MAX_SAFE_INTEGER);

/** Decimals of an amount on the wire, or undefined where they are not published. */
function wireExponentOf(currency: Currency): number | undefined {
  if (zeroDecimal.has(currency)) return 0;
  if (threeDecimal.has(currency)) return 3;
  if (wholeInHundredths.has(currency)) return 2;
  return exponentOf(currency) === 2 ? 2 : undefined;
}

export function takesCurrency(currency: Currency): boolean {
  return wireExponentOf(currency) !== undefined;
}

/** What every amount is a multiple of, in minor units of ISO 4217. */
function stepOf(currency: Currency): bigint {
  if (threeDecimal.has(currency)) return 10n;
  return 10n ** BigInt(Math.max(0, exponentOf(currency) - (wireExponentOf(currency) ?? 0)));
}

/** Published minimums are those of charges, not of refunds (docs.stripe.com/currencies). */
export const amountRules = (currency: Currency): AmountRules => ({
  minimumMinor: takesCurrency(currency) ? stepOf(currency) : 1n,
  stepMinor: takesCurrency(currency) ? stepOf(currency) : 1n,
  leaveAtLeastMinor: 0n,
});

/** How many of the wire's units are one minor unit, as a fraction: 100/1 for ISK, 1/100 for MGA, 1/1 for USD. */
function ratioOf(currency: Currency): { up: bigint; down: bigint } | undefined {
  const exponent = wireExponentOf(currency);
  if (exponent === undefined) return undefined;
  const more = exponent - exponentOf(currency);
  return { up: 10n ** BigInt(Math.max(0, more)), down: 10n ** BigInt(Math.max(0, -more)) };
}

/** The amount as it is sent. Throws a RangeError for one to which `amountProblem` objects. */
export function toWire(money: Money): bigint {
  const problem = amountProblem(money);
  const ratio = ratioOf(money.currency);
  if (problem !== undefined || ratio === undefined) throw new RangeError(problem);
  return (money.minor * ratio.up) / ratio.down;
}

/** Undefined for whatever is not exactly an amount in minor units: an amount is never guessed. `currency` in lower case. */
export function fromWire({ amount, currency }: { amount: number; currency: string }): Money | undefined {
  const code = currencyOf(currency);
  const ratio = code === undefined ? undefined : ratioOf(code);
  if (code === undefined || ratio === undefined || !Number.isSafeInteger(amount) || amount < 0)
    return undefined;
  const scaled = BigInt(amount) * ratio.down;
  return scaled % ratio.up === 0n ? { minor: scaled / ratio.up, currency: code } : undefined;
}

/** The currency of an answer, if it is one whose amounts can be read. */
export function currencyOf(lowerCase: string): Currency | undefined {
  const code = lowerCase.toUpperCase();
  return /^[a-z]{3}$/.test(lowerCase) && isCurrency(code) && takesCurrency(code) ? code : undefined;
}

/** Why an amount cannot be sent, or undefined. Rounding is the caller's decision, so the nearest amounts are named. */
export function amountProblem({ minor, currency }: Money): string | undefined {
  const ratio = ratioOf(currency);
  if (ratio === undefined) return `Stripe does not take ${currency}.`;
  if (minor <= 0n) return 'The amount is not above zero.';
  const step = stepOf(currency);
  const most = (MAX_WIRE * ratio.down) / ratio.up;
  const largest = most - (most % step);
  const print = (some: bigint): string => `${formatDecimal({ minor: some, currency })} ${currency}`;
  if (minor > largest) return `Stripe takes at most ${print(largest)}.`;
  const below = minor - (minor % step);
  if (below === minor) return undefined;
  const nearest = [below, below + step].filter((some) => some > 0n && some <= largest).map(print);
  return `Stripe takes ${currency} in steps of ${print(step)} only: ${nearest.join(' or ')}.`;
}

/** The nearest amounts that can be sent, in minor units, ascending; empty where the amount is not a matter of steps. */
export function nearestMinor({ minor, currency }: Money): readonly bigint[] {
  if (!takesCurrency(currency) || minor <= 0n) return [];
  const step = stepOf(currency);
  const below = minor - (minor % step);
  return [below, below + step].filter(
    (some) => below !== minor && amountProblem({ minor: some, currency }) === undefined,
  );
}
