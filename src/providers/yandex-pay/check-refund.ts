import { formatDecimal } from '../../money.ts';
import type { AmountRules, ItemFacts, ItemShare, OrderProblem, RefundOrder } from '../provider.ts';
import { obeys } from './allocate.ts';
import { takeFrom, totalOf, type LineAfter } from './lines.ts';
import { isOrderId } from './wire.ts';

type Order = Omit<RefundOrder, 'providerKey'>;

/** Whatever Yandex Pay would certainly refuse, by the rules of one edition. The metadata stays with us. */
export function checkRefund(order: Order, rules: AmountRules): readonly OrderProblem[] {
  const problems: OrderProblem[] = [];
  const object = (path: readonly string[], message: string): void => void problems.push({ path, message });
  if (!isOrderId(order.providerPaymentId))
    object(['providerPaymentId'], 'Yandex Pay has no order of ours with such an id.');
  if (order.receipt !== null) object(['receipt'], 'Yandex Pay makes no fiscal receipts for a refund.');
  if (order.sources !== undefined && order.sources.length > 0)
    object(['sources'], 'Yandex Pay refunds no single seller of an order.');
  const amount = amountProblem(order, rules);
  if (amount !== undefined) problems.push(amount);
  else if (!isWhole(order)) problems.push(...itemProblems(order));
  return problems;
}

/** All that is left is returned without a cart; where the cart shows more than that, what is taken of it decides. */
export const isWhole = ({ takesRest, cart, items, amount }: Order): boolean =>
  takesRest && (items.length === 0 || totalOf(cart) === amount.minor);

function amountProblem({ amount, takesRest, cart }: Order, rules: AmountRules): OrderProblem | undefined {
  const path = ['amount'];
  const print = (minor: bigint): string => formatDecimal({ ...amount, minor });
  if (amount.minor <= 0n) return { path, message: 'The amount is not above zero.' };
  const total = totalOf(cart);
  const isLast = takesRest || total <= amount.minor;
  if (obeys(amount.minor, isLast ? amount.minor : total, rules)) return undefined;
  const least = print(rules.minimumMinor);
  const stays = print(rules.leaveAtLeastMinor);
  const nearestMinor = [total - rules.leaveAtLeastMinor, rules.minimumMinor, total]
    .filter((some) => some > 0n && obeys(some, total, rules))
    .toSorted((left, right) => Number(left - right));
  return {
    path,
    message: `A refund is of at least ${least} ${amount.currency}, and leaves nothing or at least ${stays}.`,
    ...(isLast ? {} : { nearestMinor }),
  };
}

function itemProblems({ amount, cart, items }: Order): OrderProblem[] {
  if (items.length === 0) {
    const message = 'A part of an order is returned by its items, and they do not make up this amount.';
    return [{ path: ['amount'], message }];
  }
  const after = cartAfter(cart, items);
  if ('path' in after) return [after];
  const sum = items.reduce((total, { amountMinor }) => total + amountMinor, 0n);
  return sum === amount.minor
    ? []
    : [{ path: ['amount'], message: 'The items do not add up to the amount.' }];
}

/** The lines of a cart that remain when the shares are taken, or the first problem. */
export function cartAfter(
  cart: readonly ItemFacts[],
  shares: readonly ItemShare[],
): readonly LineAfter[] | OrderProblem {
  const unknownShare = shares.findIndex(({ item }) => !cart.some((line) => line.item === item));
  if (unknownShare >= 0) return problemOf(unknownShare, 'The order has no such item.');
  const remaining: LineAfter[] = [];
  for (const line of cart) {
    const index = shares.findIndex(({ item }) => item === line.item);
    const share = shares[index];
    if (share !== undefined && shares.findLastIndex(({ item }) => item === line.item) !== index)
      return problemOf(index, 'The item is named twice.');
    const after = share === undefined ? untouched(line) : takeFrom(line, share);
    if (typeof after === 'string') return problemOf(index, after);
    if (after.leftHundredths > 0n) remaining.push(after);
  }
  return remaining;
}

const untouched = ({ item, leftHundredths, leftMinor }: ItemFacts): LineAfter => ({
  item,
  leftHundredths,
  leftMinor,
  newPriceMinor: undefined,
});

const problemOf = (index: number, message: string): OrderProblem => ({
  path: ['amount', 'items', String(index)],
  message,
});
