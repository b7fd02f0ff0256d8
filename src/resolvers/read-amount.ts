import type { AmountWish, ItemWish, SourceWish } from '../refunds/refund-wish.ts';
import { complain, readText, within, type Place } from './input-rules.ts';
import { readAmountFromZero, readPositiveMoney, type MoneyInput } from './read-money.ts';
import { readHundredths } from './read-quantity.ts';

const MAX_SOURCES = 50;
const MAX_SELLER_LENGTH = 128;
const MAX_ITEMS = 100;
const MAX_ITEM_LENGTH = 2048;

export interface RefundSourceInput {
  readonly seller: string;
  readonly amount: MoneyInput;
  readonly platformFee?: MoneyInput | null | undefined;
}

/** Exactly one of quantity and amount. */
export interface RefundItemInput {
  readonly item: string | number;
  readonly quantity?: string | null | undefined;
  readonly amount?: MoneyInput | null | undefined;
}

/** Exactly one of the four: the schema says `@oneOf`. */
export interface RefundAmountInput {
  readonly remaining?: boolean | null | undefined;
  readonly money?: MoneyInput | null | undefined;
  readonly items?: readonly RefundItemInput[] | null | undefined;
  readonly sources?: readonly RefundSourceInput[] | null | undefined;
}

/** What is asked for; undefined when it is nothing that can be, and a problem says why. */
export function readAmount(
  place: Place,
  { money, remaining, items, sources }: RefundAmountInput,
): AmountWish | undefined {
  if (money) {
    const read = readPositiveMoney(within(place, 'money'), money);
    return read && { kind: 'money', money: read };
  }
  if (items) return readItems(within(place, 'items'), items);
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

function readItems(place: Place, inputs: readonly RefundItemInput[]): AmountWish | undefined {
  if (inputs.length === 0 || inputs.length > MAX_ITEMS) {
    complain(place, `Name 1 to ${MAX_ITEMS} items, each once.`);
    return undefined;
  }
  const items = inputs.flatMap((input, index) => readItem(within(place, String(index)), input) ?? []);
  const ids = inputs.map(({ item }) => String(item));
  for (const [index, id] of ids.entries())
    if (ids.indexOf(id) < index)
      complain(within(place, String(index), 'item'), 'An item is named once. Add its quantities up.');
  return items.length === inputs.length ? { kind: 'items', items } : undefined;
}

function readItem(place: Place, input: RefundItemInput): ItemWish | undefined {
  const item = readText(within(place, 'item'), String(input.item), MAX_ITEM_LENGTH);
  const hasQuantity = input.quantity !== null && input.quantity !== undefined;
  if (hasQuantity === Boolean(input.amount)) {
    complain(place, 'Say either the quantity that is returned, or the amount that its price is lowered by.');
    return undefined;
  }
  if (input.amount) {
    const amount = readPositiveMoney(within(place, 'amount'), input.amount);
    return amount && { item, quantityHundredths: null, amount };
  }
  const quantityHundredths = readHundredths(input.quantity ?? '');
  if (quantityHundredths !== undefined) return { item, quantityHundredths, amount: null };
  complain(
    within(place, 'quantity'),
    'The quantity must be above zero, below 1000000000, and have at most two decimals, such as "2" or "0.5".',
  );
  return undefined;
}

function readSource(place: Place, input: RefundSourceInput): SourceWish | undefined {
  const seller = readText(within(place, 'seller'), input.seller, MAX_SELLER_LENGTH);
  const amount = readPositiveMoney(within(place, 'amount'), input.amount);
  const platformFee = input.platformFee
    ? readAmountFromZero(within(place, 'platformFee'), input.platformFee)
    : null;
  return amount === undefined || platformFee === undefined ? undefined : { seller, amount, platformFee };
}
