import type { ItemFacts, ItemShare } from '../provider.ts';
import { priceCut, totalOf, UNIT, unitPriceOf, unitsWorth, wholeLine } from './lines.ts';

/**
 * Steps that one search may take. A cart on which it gives up is treated as one where nothing fits: a refund of its
 * items can still be asked for.
 */
const MAX_STEPS = 10_000;

/** The value that a choice contributes to the wanted sum, and what is taken of its line; null: nothing. */
type Choice = readonly [value: bigint, share: ItemShare | null];

/** One way to reach a sum by choosing a few lines. */
interface Search {
  /** Choices of a line that is not the last one, the preferred first. */
  choices(line: ItemFacts): Iterable<Choice>;
  /** The choice of a line that is worth `rest` exactly. */
  last(line: ItemFacts, rest: bigint): Choice | undefined;
  /** Whether the last one may be any line, and not only one after the others: it is chosen in another way. */
  readonly lastIsFree: boolean;
}

interface Pass {
  readonly search: Search;
  /** `take`: the chosen lines make up the refund. `keep`: they make up what stays, and all others go back whole. */
  readonly direction: 'take' | 'keep';
  readonly lines: number;
}

/** Whole units of few lines, at their prices. */
const takeUnits: Search = {
  *choices(line) {
    yield [line.leftMinor, wholeLine(line)];
    for (const share of unitsOf(line)) yield [share.amountMinor, share];
  },
  last: (line, rest) => choiceOf(rest, unitsWorth(line, rest)),
  lastIsFree: false,
};

const keepUnits: Search = {
  *choices(line) {
    yield [line.leftMinor, null];
    for (const share of unitsOf(line)) yield [line.leftMinor - share.amountMinor, share];
  },
  last: (line, rest) =>
    rest === line.leftMinor ? [rest, null] : choiceOf(rest, unitsWorth(line, line.leftMinor - rest)),
  lastIsFree: false,
};

/** Whole lines, and the price of one more. */
const takeAndCut: Search = {
  choices: (line) => [[line.leftMinor, wholeLine(line)]],
  last: (line, rest) => choiceOf(rest, priceCut(line, rest)),
  lastIsFree: true,
};

const keepAndCut: Search = {
  choices: (line) => [[line.leftMinor, null]],
  last: (line, rest) => choiceOf(rest, priceCut(line, line.leftMinor - rest)),
  lastIsFree: true,
};

const passesOf = (search: Search, direction: Pass['direction'], upTo: number): Pass[] =>
  Array.from({ length: upTo }, (_, index) => ({ search, direction, lines: index + 1 }));

/** In the order in which they are preferred: few lines, units before prices. */
const passes: readonly Pass[] = [
  ...passesOf(takeUnits, 'take', 4),
  ...passesOf(keepUnits, 'keep', 3),
  ...passesOf(takeAndCut, 'take', 3),
  ...passesOf(keepAndCut, 'keep', 3),
];
const cheapestFirst = passes.toSorted((left, right) => left.lines - right.lines);

/**
 * Which shares of a cart add up to an amount: all that is left, whole units of few lines, or a lower price of one line.
 * The same cart and amount always give the same shares; undefined where a bounded search found none.
 */
export function allocateAmount(cart: readonly ItemFacts[], amountMinor: bigint): ItemShare[] | undefined {
  return firstOf(cart, amountMinor, passes);
}

/** Whether `allocateAmount` finds shares. */
export function isAllocatable(cart: readonly ItemFacts[], amountMinor: bigint): boolean {
  return firstOf(cart, amountMinor, cheapestFirst) !== undefined;
}

/** Lines of which something can be taken, the dearest first. */
export function linesOf(cart: readonly ItemFacts[]): ItemFacts[] {
  return cart
    .filter(({ leftHundredths, leftMinor }) => leftHundredths > 0n && leftMinor > 0n)
    .toSorted(
      (left, right) => Number(right.leftMinor > left.leftMinor) - Number(right.leftMinor < left.leftMinor),
    );
}

function firstOf(
  cart: readonly ItemFacts[],
  amountMinor: bigint,
  order: readonly Pass[],
): ItemShare[] | undefined {
  const lines = linesOf(cart);
  const total = totalOf(lines);
  if (amountMinor <= 0n || amountMinor > total) return undefined;
  if (amountMinor === total) return inOrder(cart, lines.map(wholeLine));
  for (const { search, direction, lines: count } of order) {
    const wanted = direction === 'take' ? amountMinor : total - amountMinor;
    const found = reach(lines, wanted, count, search);
    if (found === undefined) continue;
    const shares = [...found.values()].filter((share) => share !== null);
    const others = direction === 'take' ? [] : lines.filter(({ item }) => !found.has(item)).map(wholeLine);
    return inOrder(cart, [...shares, ...others]);
  }
  return undefined;
}

type Found = ReadonlyMap<string, ItemShare | null>;

/** Chooses exactly `count` of the lines so that their values add up to `wanted`. */
function reach(
  lines: readonly ItemFacts[],
  wanted: bigint,
  count: number,
  search: Search,
): Found | undefined {
  let steps = MAX_STEPS;
  const mayGoOn = (): boolean => (steps -= 1) >= 0;
  // The lines are sorted, so that the next few are worth the most.
  const most = (from: number, some: number): bigint => totalOf(lines.slice(from, from + some));

  function visit(from: number, rest: bigint, left: number, chosen: Found): Found | undefined {
    if (left === 1 && search.lastIsFree)
      return endWith(
        lines.filter(({ item }) => !chosen.has(item)),
        rest,
        chosen,
      );
    if (left === 1) return endWith(lines.slice(from), rest, chosen);
    for (let index = from; index < lines.length; index += 1) {
      if (!search.lastIsFree && most(index, left) < rest) return undefined;
      const line = lines[index]!;
      for (const [value, share] of search.choices(line)) {
        if (!mayGoOn()) return undefined;
        if (value >= rest) continue;
        const found = visit(index + 1, rest - value, left - 1, new Map([...chosen, [line.item, share]]));
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  function endWith(candidates: readonly ItemFacts[], rest: bigint, chosen: Found): Found | undefined {
    for (const line of candidates) {
      if (!mayGoOn()) return undefined;
      const choice = search.last(line, rest);
      if (choice !== undefined) return new Map([...chosen, [line.item, choice[1]]]);
    }
    return undefined;
  }

  return count > lines.length ? undefined : visit(0, wanted, count, new Map());
}

/** Whole units, but not the whole line, the most first. */
function* unitsOf(line: ItemFacts): Iterable<ItemShare> {
  const { item, leftHundredths, leftMinor } = line;
  const price = unitPriceOf(leftHundredths, leftMinor);
  if (price === undefined) return;
  for (let units = (leftHundredths - 1n) / UNIT; units > 0n; units -= 1n)
    yield { item, quantityHundredths: units * UNIT, amountMinor: units * price };
}

const choiceOf = (value: bigint, share: ItemShare | undefined): Choice | undefined =>
  share === undefined ? undefined : [value, share];

function inOrder(cart: readonly ItemFacts[], shares: readonly ItemShare[]): ItemShare[] {
  const byItem = new Map(shares.map((share) => [share.item, share]));
  return cart.flatMap(({ item }) => byItem.get(item) ?? []);
}
