import { MAX_MINOR, exponentOf, formatDecimal, parseDecimal, toCurrency, type Money } from '../money.ts';
import { complain, within, type Place } from './input-rules.ts';

export interface MoneyInput {
  readonly value: string;
  readonly currency: string;
}

/** An amount above zero, exactly as it was written; undefined when it is none, and a problem says why. */
export function readPositiveMoney(place: Place, input: MoneyInput): Money | undefined {
  const read = readAnyMoney(place, input);
  if (read === undefined || read.minor > 0n) return read;
  complain(within(place, 'value'), 'The amount must be above zero.');
  return undefined;
}

/** The same for an amount that may be zero. */
export function readAmountFromZero(place: Place, input: MoneyInput): Money | undefined {
  const read = readAnyMoney(place, input);
  if (read === undefined || read.minor >= 0n) return read;
  complain(within(place, 'value'), 'The amount must not be below zero.');
  return undefined;
}

function readAnyMoney(place: Place, input: MoneyInput): Money | undefined {
  const currency = toCurrency(input.currency);
  const parsed = parseDecimal(input.value, currency);
  if (parsed.ok) return parsed.money;
  complain(within(place, 'value'), messages[parsed.problem](currency));
  return undefined;
}

const messages = {
  MALFORMED: () => 'This is not a decimal number. Write digits with a point, such as "1500.00".',
  TOO_MANY_DECIMALS: (currency: Money['currency']) =>
    `${currency} has ${exponentOf(currency)} decimals; nothing is rounded. Write no more of them.`,
  OUT_OF_RANGE: (currency: Money['currency']) =>
    `The amount is too large. The most is ${formatDecimal({ minor: MAX_MINOR, currency })} ${currency}.`,
};
