import type { Allocation, AllocationWish, AmountRules, ItemFacts, ItemShare } from '../provider.ts';
import { allocateAmount, isAllocatable, linesOf } from './allocate-amount.ts';
import { nearestOfLine, priceCut, totalOf, UNIT, unitPriceOf, wholeLine } from './lines.ts';

type Part = Extract<AllocationWish, { kind: 'items' }>['items'][number];
type Misfit = Extract<Allocation, { kind: 'misfit' }>;

/** So many amounts on each side are tried until one works. */
const MAX_TRIED = 8;

/**
 * Lays a wish over a cart, in integers. Items: a quantity at the present price of its line, or an amount off that price.
 * An amount: all that is left, whole units of few lines, or a lower price of one line. `rules` only choose which nearest
 * amounts are named.
 */
export function allocate(cart: readonly ItemFacts[], wish: AllocationWish, rules: AmountRules): Allocation {
  if (wish.kind === 'items') return allocateItems(cart, wish.items);
  const { amountMinor } = wish;
  const shares = allocateAmount(cart, amountMinor);
  if (shares !== undefined) return { kind: 'fits', shares };
  const message = 'No units of the items, and no lower price of one of them, make up this amount.';
  return { kind: 'misfit', item: null, message, nearestMinor: nearestOf(cart, amountMinor, rules) };
}

function allocateItems(cart: readonly ItemFacts[], parts: readonly Part[]): Allocation {
  const shares: ItemShare[] = [];
  for (const part of parts) {
    const line = cart.find(({ item }) => item === part.item);
    if (line === undefined) return misfit(part.item, 'The order has no such item.');
    if (shares.some(({ item }) => item === part.item)) return misfit(part.item, 'The item is named twice.');
    const share =
      'amountMinor' in part ? cutOf(line, part.amountMinor) : quantityOf(line, part.quantityHundredths);
    if ('kind' in share) return share;
    shares.push(share);
  }
  return shares.length === 0 ? misfit(null, 'No item is named.') : { kind: 'fits', shares };
}

function quantityOf(line: ItemFacts, quantityHundredths: bigint): ItemShare | Misfit {
  const { item, leftHundredths, leftMinor } = line;
  if (leftHundredths <= 0n || leftMinor <= 0n) return misfit(item, 'Nothing is left of the item.');
  if (quantityHundredths <= 0n) return misfit(item, 'The quantity is not above zero.');
  if (quantityHundredths > leftHundredths) return misfit(item, 'More than is left of the item.', [leftMinor]);
  if (quantityHundredths === leftHundredths) return wholeLine(line);
  const exact = quantityHundredths * leftMinor;
  const nearest = nearestOfLine(line, exact / leftHundredths);
  const price = unitPriceOf(leftHundredths, leftMinor);
  if (price === undefined)
    return misfit(
      item,
      'A unit of the item has no price with two decimals: return all of it, or lower its price.',
      nearest,
    );
  if ((price * quantityHundredths) % UNIT !== 0n)
    return misfit(item, 'The price of this quantity is no whole number of minor units.', nearest);
  return { item, quantityHundredths, amountMinor: (price * quantityHundredths) / UNIT };
}

function cutOf(line: ItemFacts, amountMinor: bigint): ItemShare | Misfit {
  const { item, leftHundredths, leftMinor } = line;
  if (leftHundredths <= 0n || leftMinor <= 0n) return misfit(item, 'Nothing is left of the item.');
  if (amountMinor === leftMinor) return wholeLine(line);
  const share = priceCut(line, amountMinor);
  if (share !== undefined) return share;
  const message =
    amountMinor > leftMinor
      ? 'More than is left of the item.'
      : 'What is left of the item would have no unit price with two decimals.';
  return misfit(item, message, nearestOfLine(line, amountMinor));
}

const misfit = (item: string | null, message: string, nearestMinor: readonly bigint[] = []): Misfit => ({
  kind: 'misfit',
  item,
  message,
  nearestMinor,
});

/** The nearest amounts that a refund may have and that can be allocated: one below and one above, where there are. */
function nearestOf(cart: readonly ItemFacts[], amountMinor: bigint, rules: AmountRules): bigint[] {
  const total = totalOf(linesOf(cart));
  const works = (some: bigint): boolean => obeys(some, total, rules) && isAllocatable(cart, some);
  const most = total - rules.leaveAtLeastMinor;
  const capped = amountMinor < most ? amountMinor : most;
  const allowed = capped > rules.minimumMinor ? capped : rules.minimumMinor;
  const candidates = [...new Set(candidatesOf(cart, allowed, total))].toSorted((left, right) =>
    Number(left - right),
  );
  const below = candidates
    .filter((some) => some < amountMinor)
    .slice(-MAX_TRIED)
    .findLast(works);
  const above = candidates
    .filter((some) => some > amountMinor)
    .slice(0, MAX_TRIED)
    .find(works);
  // All of it always works.
  const orAll = above ?? (amountMinor < total && works(total) ? total : undefined);
  return [below, orAll].filter((some) => some !== undefined);
}

export function obeys(amountMinor: bigint, totalMinor: bigint, rules: AmountRules): boolean {
  const leaves = totalMinor - amountMinor;
  return (
    amountMinor >= rules.minimumMinor &&
    amountMinor % rules.stepMinor === 0n &&
    (leaves === 0n || leaves >= rules.leaveAtLeastMinor)
  );
}

/** Amounts that take one line, or one besides whole ones, or leave one: each near the wanted one. */
function* candidatesOf(cart: readonly ItemFacts[], amountMinor: bigint, total: bigint): Iterable<bigint> {
  const lines = linesOf(cart);
  yield total;
  for (const line of lines) {
    yield* around(line, amountMinor);
    for (const kept of around(line, total - amountMinor)) yield total - kept;
    for (const other of lines)
      if (other !== line && other.leftMinor < amountMinor)
        for (const some of nearestOfLine(line, amountMinor - other.leftMinor)) yield other.leftMinor + some;
  }
}

function* around(line: ItemFacts, amountMinor: bigint): Iterable<bigint> {
  yield* nearestOfLine(line, amountMinor);
  const price = unitPriceOf(line.leftHundredths, line.leftMinor);
  if (price === undefined || price === 0n || amountMinor >= line.leftMinor) return;
  const units = amountMinor / price;
  yield units * price;
  yield (units + 1n) * price;
}
