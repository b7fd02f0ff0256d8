import { exponentOf, isCurrency, type Currency, type Money } from '../../money.ts';
import type { AmountRules, OrderProblem } from '../provider.ts';

/** The largest number that JSON carries exactly everywhere. */
const MAX_WIRE_MINOR = BigInt(Number.MAX_SAFE_INTEGER);

/** Refused by the library although its list has them (hyperswitch-prism 0.4.0). */
const notKnown: ReadonlySet<string> = new Set(
  'AFN BTN CDF CLF CUC ERN IRR ISK KPW SDG STD SYP TJS TMT ZWL'.split(' '),
);

/** Amounts go out as the minor units of ISO 4217, unchanged; how a connector counts three decimals is not published. */
export const takesCurrency = (currency: Currency): boolean =>
  !notKnown.has(currency) && exponentOf(currency) <= 2;

/** No smallest amount of a refund is published for these connectors. */
export const amountRules = (): AmountRules => ({ minimumMinor: 1n, stepMinor: 1n, leaveAtLeastMinor: 0n });

export function amountProblems({ minor, currency }: Money): OrderProblem[] {
  const object = (message: string): OrderProblem[] => [{ path: ['amount'], message }];
  if (!takesCurrency(currency)) return object(`${currency} is not taken by way of Prism.`);
  if (minor <= 0n) return object('The amount is not above zero.');
  if (minor > MAX_WIRE_MINOR) return object('The amount is larger than the provider can be told.');
  return [];
}

/** Undefined for whatever is not exactly an amount: an amount is never guessed. */
export function fromWire(amount: number, currency: string): Money | undefined {
  if (!isCurrency(currency) || !Number.isSafeInteger(amount) || amount < 0) return undefined;
  return { minor: BigInt(amount), currency };
}
