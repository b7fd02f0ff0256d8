import type { AmountWish, SourceWish } from '../refunds/refund-wish.ts';
import { complain, readText, within, type Place } from './input-rules.ts';
import { readAmountFromZero, readPositiveMoney, type MoneyInput } from './read-money.ts';

const MAX_SOURCES = 50;
const MAX_SELLER_LENGTH = 128;

export interface RefundSourceInput {
  readonly seller: string;
  readonly amount: MoneyInput;
  readonly platformFee?: MoneyInput | null | undefined;
}

/** Exactly one of the three: the schema says `@oneOf`. */
export interface RefundAmountInput {
  readonly remaining?: boolean | null | undefined;
  readonly money?: MoneyInput | null | undefined;
  readonly sources?: readonly RefundSourceInput[] | null | undefined;
}

/** What is asked for; undefined when it is nothing that can be, and a problem says why. */
export function readAmount(
  place: Place,
  { money, remaining, sources }: RefundAmountInput,
): AmountWish | undefined {
  if (money) {
    const read = readPositiveMoney(within(place, 'money'), money);
    return read && { kind: 'money', money: read };
  }
  if (sources) return readSources(within(place, 'sources'), sources);
  if (remaining === true) return { kind: 'remaining' };
  complain(within(place, 'remaining'), 'remaining can only be true. Give "money" for another amount.');
  return undefined;
}

function readSources(place: Place, inputs: readonly RefundSourceInput[]): AmountWish | undefined {
  if (inputs.length === 0 || inputs.length > MAX_SOURCES) {
    complain(place, `Name 1 to ${MAX_SOURCES} sellers, each once.`);
    return undefined;
  }
  const read = inputs.map((input, index) => readSource(within(place, String(index)), input));
  const sources = read.filter((source) => source !== undefined);
  for (const [index, { seller }] of inputs.entries())
    if (inputs.findIndex((other) => other.seller === seller) < index)
      complain(within(place, String(index), 'seller'), 'A seller is named once. Add its amounts up.');
  return sources.length === inputs.length ? { kind: 'sources', sources } : undefined;
}

function readSource(place: Place, input: RefundSourceInput): SourceWish | undefined {
  const seller = readText(within(place, 'seller'), input.seller, MAX_SELLER_LENGTH);
  const amount = readPositiveMoney(within(place, 'amount'), input.amount);
  const platformFee = input.platformFee
    ? readAmountFromZero(within(place, 'platformFee'), input.platformFee)
    : null;
  return amount === undefined || platformFee === undefined ? undefined : { seller, amount, platformFee };
}
