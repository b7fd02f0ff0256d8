import type { PaymentItem } from '../db/payment-items.ts';
import type { Payment } from '../db/payments.ts';
import { invalidInput, refuse, succeed, type Problem, type Result } from '../errors.ts';
import { toCurrency } from '../money.ts';
import type {
  Allocation,
  AllocationWish,
  AmountRules,
  ItemFacts,
  ItemShare,
  ProviderAdapter,
} from '../providers/provider.ts';
import { nearestThatWork, notAllocatable, type Fit } from './amount-rules.ts';
import type { ItemWish } from './refund-wish.ts';
import { refundableCart, refundableOfItem, sumOfCart } from './refundable-items.ts';
import { refundableOf } from './refundability.ts';

export type Allocate = (cart: readonly ItemFacts[], wish: AllocationWish) => Allocation;

/** Undefined where the provider knows no items. */
export const allocateBy = (adapter: ProviderAdapter): Allocate | undefined =>
  adapter.allocate && ((cart, wish) => adapter.allocate!(cart, wish));

/** The cart of a payment, and who can lay a wish over it. */
export interface Cart {
  readonly lines: readonly PaymentItem[];
  readonly allocate: Allocate;
  readonly amountRules: AmountRules;
}

/** What a refund takes of the lines, which together is all that it takes; minor units. */
export interface ItemPlan {
  readonly amountMinor: bigint;
  readonly items: readonly ItemShare[];
}

const amountPath = ['input', 'amount'];

/** Everything that is left of every line. */
export const allOf = (cart: readonly ItemFacts[]): ItemShare[] =>
  cart.map(({ item, leftHundredths, leftMinor }) => ({
    item,
    quantityHundredths: leftHundredths,
    amountMinor: leftMinor,
  }));

/** How an amount fits a cart: everything always does. */
export const fitOf =
  ({ lines, allocate }: Pick<Cart, 'lines' | 'allocate'>) =>
  (amountMinor: bigint): Fit => {
    const cart = refundableCart(lines);
    const allMinor = sumOfCart(cart);
    if (amountMinor === allMinor) return 'fits';
    if (amountMinor > allMinor) return allMinor > 0n ? [allMinor] : [];
    const allocation = allocate(cart, { kind: 'amount', amountMinor });
    return allocation.kind === 'fits' ? 'fits' : allocation.nearestMinor;
  };

/**
 * Lays an amount over what is refundable of the lines now. `all` is what is left of the payment: it takes all that is
 * left of each line. Pure; nothing is ever rounded.
 */
export function planAmountOverItems(
  payment: Payment,
  cart: Cart,
  amountMinor: bigint,
  path: readonly string[],
): Result<ItemPlan> {
  const refundable = refundableCart(cart.lines);
  if (amountMinor === sumOfCart(refundable)) return succeed({ amountMinor, items: allOf(refundable) });
  const allocation: Allocation =
    amountMinor > sumOfCart(refundable)
      ? { kind: 'misfit', item: null, message: itemsHaveLess, nearestMinor: [] }
      : cart.allocate(refundable, { kind: 'amount', amountMinor });
  if (allocation.kind === 'misfit') return refuse(misfit(payment, cart, amountMinor, path, allocation));
  return checked(refundable, allocation.shares, amountMinor);
}

/** Takes so much of these lines as is asked for. Pure. */
export function planItems(payment: Payment, cart: Cart, wishes: readonly ItemWish[]): Result<ItemPlan> {
  const problems = wishes.flatMap(
    (wish, index) => whyNotOfLine(payment, cart, wish, [...amountPath, 'items', String(index)]) ?? [],
  );
  if (problems.length > 0) return refuse(...problems);
  const refundable = refundableCart(cart.lines);
  const items = wishes.map((wish) =>
    wish.quantityHundredths === null
      ? { item: wish.item, amountMinor: wish.amount.minor }
      : { item: wish.item, quantityHundredths: wish.quantityHundredths },
  );
  const allocation = cart.allocate(refundable, { kind: 'items', items });
  if (allocation.kind === 'fits') {
    const sumMinor = allocation.shares.reduce((sum, share) => sum + share.amountMinor, 0n);
    return checked(refundable, allocation.shares, sumMinor);
  }
  const index = wishes.findIndex((wish) => wish.item === allocation.item);
  const wish = wishes[index];
  const currency = toCurrency(payment.currency);
  // Amounts of one line, and not of the payment: what the line has left bounds them.
  if (wish !== undefined) {
    const path = [
      ...amountPath,
      'items',
      String(index),
      wish.quantityHundredths === null ? 'amount' : 'quantity',
    ];
    const leftMinor = refundable.find((line) => line.item === wish.item)?.leftMinor ?? 0n;
    const nearest = allocation.nearestMinor.filter((minor) => minor > 0n && minor <= leftMinor);
    const wantedMinor = wish.quantityHundredths === null ? wish.amount.minor : 0n;
    return refuse(notAllocatable(allocation.message, path, currency, wantedMinor, nearest));
  }
  return refuse(notAllocatable(allocation.message, [...amountPath, 'items'], currency, 0n, []));
}

const itemsHaveLess = 'The items of the payment have less left than this. Look at its items.';

function misfit(
  payment: Payment,
  cart: Cart,
  amountMinor: bigint,
  path: readonly string[],
  { message }: Extract<Allocation, { kind: 'misfit' }>,
): Problem {
  const nearest = nearestThatWork(cart.amountRules, amountMinor, refundableOf(payment), fitOf(cart));
  const problem = notAllocatable(message, path, toCurrency(payment.currency), amountMinor, nearest);
  // What is under way need not have lowered what the provider says is left: the two agree when it has ended.
  return payment.reserved_minor > 0n && nearest.length === 0 ? { ...problem, retry: 'WAIT' } : problem;
}

function whyNotOfLine(
  payment: Payment,
  { lines }: Cart,
  wish: ItemWish,
  path: readonly string[],
): Problem | undefined {
  const line = lines.find(({ item }) => item === wish.item);
  if (line === undefined)
    return invalidInput([...path, 'item'], `The payment has no item "${wish.item}". Look at its items.`);
  const { hundredths, minor } = refundableOfItem(line);
  const isQuantity = wish.quantityHundredths !== null;
  const isLeft = isQuantity ? wish.quantityHundredths <= hundredths : wish.amount.minor <= minor;
  if (isLeft) return undefined;
  return {
    type: 'AmountExceedsRefundable',
    code: 'AMOUNT_EXCEEDS_REFUNDABLE',
    message:
      'More than is left of this item. Refunds that are under way are counted. Look at `refundable` of the item.',
    path: [...path, isQuantity ? 'quantity' : 'amount'],
    retry: 'NEW_REQUEST',
    refundable: { minor, currency: toCurrency(payment.currency) },
  };
}

/** What an adapter lays out is held to the cart, whatever it has calculated. */
function checked(
  cart: readonly ItemFacts[],
  shares: readonly ItemShare[],
  amountMinor: bigint,
): Result<ItemPlan> {
  const fits = shares.every(({ item, quantityHundredths, amountMinor: shareMinor }) => {
    const line = cart.find((candidate) => candidate.item === item);
    return (
      line !== undefined &&
      quantityHundredths >= 0n &&
      quantityHundredths <= line.leftHundredths &&
      shareMinor > 0n &&
      shareMinor <= line.leftMinor
    );
  });
  const sumMinor = shares.reduce((sum, share) => sum + share.amountMinor, 0n);
  const isOnce = new Set(shares.map(({ item }) => item)).size === shares.length;
  if (!fits || !isOnce || sumMinor !== amountMinor || amountMinor <= 0n)
    throw new Error('an adapter has laid a refund over a cart that does not have it');
  return succeed({ amountMinor, items: shares });
}
