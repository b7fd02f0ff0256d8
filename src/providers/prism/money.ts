import { exponentOf, isCurrency, type Currency, type Money } from '../../money.ts';
import type { AmountRules, OrderProblem } from '../provider.ts';

/** The largest number that JSON carries exactly everywhere. */
const MAX_WIRE_MINOR = BigInt(Number.MAX_SAFE_INTEGER);

/** Refused by the library although its list has them (hyperswitch-prism 0.4.0). */
const refused: ReadonlySet<string> = new Set(
  'AFN BTN CDF CLF CUC ERN IRR ISK KPW SDG STD SYP TJS TMT ZWL'.split(' '),
);

/** Whether the library builds a request in this currency at all. */
export const isKnownToLibrary = (currency: Currency): boolean => !refused.has(currency);

/**
 * Not counted everywhere as in ISO 4217 (docs.adyen.com/development-resources/currency-codes), whereas the library passes
 * the minor units on as they are: such an amount could be another one, so that it is neither sent nor read.
 */
const countedOtherwise: ReadonlySet<string> = new Set('CLP CVE IDR ISK'.split(' '));

const isCountedAsHere = (currency: Currency): boolean =>
  !countedOtherwise.has(currency) && exponentOf(currency) <= 2;

/** No smallest amount of a refund is published for adyen and checkout. */
export const amountRules = (): AmountRules => ({ minimumMinor: 1n, stepMinor: 1n, leaveAtLeastMinor: 0n });

export function amountProblems({ minor, currency }: Money): OrderProblem[] {
  const object = (message: string): OrderProblem[] => [{ path: ['amount'], message }];
  if (!isKnownToLibrary(currency) || !isCountedAsHere(currency))
    return object(`${currency} is not taken by way of Prism.`);
  if (minor <= 0n) return object('The amount is not above zero.');
  if (minor > MAX_WIRE_MINOR) return object('The amount is larger than the provider can be told.');
  return [];
}

/** Undefined for whatever is not exactly an amount in minor units: an amount is never guessed. */
export function fromWire(amount: number, currency: string): Money | undefined {
  if (!isCurrency(currency) || !isCountedAsHere(currency)) return undefined;
  return Number.isSafeInteger(amount) && amount >= 0 ? { minor: BigInt(amount), currency } : undefined;
}
