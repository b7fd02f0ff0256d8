import { yookassa } from '../../src/providers/yookassa/index.ts';
import type {
  Allocation,
  AllocationWish,
  ItemFacts,
  ItemShare,
  ProviderAdapter,
  RefundFacts,
  RefundOrder,
} from '../../src/providers/provider.ts';

type Access = Parameters<typeof yookassa.readPayment>[0];

/** A line as it was sold: so many units at a price in minor units. */
export interface SoldLine {
  readonly item: string;
  readonly units: number;
  readonly priceMinor: bigint;
}

/** The simulated YooKassa as a provider that sells items, and the orders that were made into bytes. */
export interface ItemProvider {
  readonly adapter: Partial<ProviderAdapter>;
  /** What was sold with a payment, by the provider's id of it. */
  sell(paymentId: string, lines: readonly SoldLine[]): void;
  /** Each call of `buildRefund`, oldest first. */
  readonly built: readonly RefundOrder[];
}

/**
 * YooKassa's wire, with carts that this process keeps: what a succeeded refund took of them is known by its reference,
 * and one without a reference of ours takes from the first lines that have something left.
 *
 * @param lowering the states of refunds that have taken something of the cart
 */
export function createItemProvider(
  differences: Partial<ProviderAdapter> = {},
  lowering: readonly RefundFacts['status'][] = ['SUCCEEDED'],
): ItemProvider {
  const sold = new Map<string, readonly SoldLine[]>();
  const built: RefundOrder[] = [];
  return {
    built,
    sell: (paymentId, lines) => void sold.set(paymentId, lines),
    adapter: {
      capabilities: { ...yookassa.capabilities, itemRefunds: true },
      allocate,
      async readPayment(access, paymentId) {
        const look = await yookassa.readPayment(access as Access, paymentId);
        if (look.kind !== 'found') return look;
        const { payment, refunds } = look.value;
        const taking = refunds.filter(({ status }) => lowering.includes(status));
        const items = cartOf(sold.get(paymentId) ?? [], taking, built);
        return { kind: 'found', value: { refunds, payment: { ...payment, items } } };
      },
      checkRefund: (order) => [...yookassa.checkRefund(order), ...missing(order)],
      buildRefund(order) {
        built.push(order);
        return yookassa.buildRefund(order);
      },
      ...differences,
    },
  };
}

const missing = ({ cart, items }: Pick<RefundOrder, 'cart' | 'items'>) =>
  items.flatMap(({ item, quantityHundredths, amountMinor }, index) => {
    const line = cart.find((one) => one.item === item);
    const isThere =
      line !== undefined && line.leftHundredths >= quantityHundredths && line.leftMinor >= amountMinor;
    return isThere ? [] : [{ path: ['amount', 'items', String(index)], message: `Too little of ${item}.` }];
  });

function cartOf(
  sold: readonly SoldLine[],
  refunds: readonly RefundFacts[],
  orders: readonly RefundOrder[],
): ItemFacts[] {
  const left = sold.map(({ item, units, priceMinor }) => ({
    item,
    title: item.toUpperCase(),
    leftHundredths: BigInt(units) * 100n,
    leftMinor: BigInt(units) * priceMinor,
    priceMinor,
  }));
  const orderOf = (refund: RefundFacts) =>
    orders.find(({ providerKey, items }) => providerKey === refund.ourReference && items.length > 0);
  // Newest first as they are listed, what names no lines would take what an older refund has taken by name.
  for (const refund of refunds.toSorted((a, b) => Number(!orderOf(a)) - Number(!orderOf(b)))) {
    const order = orderOf(refund);
    if (order !== undefined) {
      for (const { item, quantityHundredths, amountMinor } of order.items) {
        const line = left.find((one) => one.item === item)!;
        line.leftHundredths -= quantityHundredths;
        line.leftMinor -= amountMinor;
      }
      continue;
    }
    let restMinor = refund.amount.minor;
    for (const line of left) {
      const takenMinor = restMinor < line.leftMinor ? restMinor : line.leftMinor;
      line.leftMinor -= takenMinor;
      restMinor -= takenMinor;
      const units = (line.leftMinor + line.priceMinor - 1n) / line.priceMinor;
      if (units * 100n < line.leftHundredths) line.leftHundredths = units * 100n;
    }
  }
  return left
    .filter((line) => line.leftHundredths > 0n || line.leftMinor > 0n)
    .map(({ priceMinor: _price, ...line }) => line);
}

/** Quantities at the price of a unit, cuts that every unit shares, amounts in whole units and one cut. */
export function allocate(cart: readonly ItemFacts[], wish: AllocationWish): Allocation {
  const shares: ItemShare[] = [];
  if (wish.kind === 'items') {
    for (const part of wish.items) {
      const line = cart.find(({ item }) => item === part.item)!;
      const share =
        'amountMinor' in part ? cutOf(line, part.amountMinor) : unitsOf(line, part.quantityHundredths);
      if (!('shares' in share)) return share;
      shares.push(...share.shares);
    }
    return { kind: 'fits', shares };
  }
  let restMinor = wish.amountMinor;
  for (const line of cart) {
    const priceMinor = (line.leftMinor * 100n) / line.leftHundredths;
    const units = restMinor / priceMinor;
    const hundredths = units * 100n < line.leftHundredths ? units * 100n : line.leftHundredths;
    if (hundredths === 0n) continue;
    const amountMinor = (line.leftMinor * hundredths) / line.leftHundredths;
    shares.push({ item: line.item, quantityHundredths: hundredths, amountMinor });
    restMinor -= amountMinor;
  }
  if (restMinor === 0n) return { kind: 'fits', shares };
  const wholeMinor = wish.amountMinor - restMinor;
  const priceMinor = (cart[0]!.leftMinor * 100n) / cart[0]!.leftHundredths;
  return {
    kind: 'misfit',
    item: null,
    message: 'No whole units make up this amount.',
    nearestMinor: [wholeMinor, wholeMinor + priceMinor].filter((minor) => minor > 0n),
  };
}

type Laid = { readonly shares: readonly ItemShare[] } | Extract<Allocation, { kind: 'misfit' }>;

function unitsOf(line: ItemFacts, quantityHundredths: bigint): Laid {
  if (line.leftHundredths === 0n) return nothingLeftOf(line);
  const exact = line.leftMinor * quantityHundredths;
  const amountMinor = exact / line.leftHundredths;
  if (exact % line.leftHundredths === 0n)
    return { shares: [{ item: line.item, quantityHundredths, amountMinor }] };
  return misfitOf(line, 'So much of it has no whole price.', [amountMinor, amountMinor + 1n]);
}

function cutOf(line: ItemFacts, amountMinor: bigint): Laid {
  if (amountMinor === line.leftMinor)
    return { shares: [{ item: line.item, quantityHundredths: line.leftHundredths, amountMinor }] };
  if (line.leftHundredths === 0n) return nothingLeftOf(line);
  // Less than a unit has one price, whatever it is.
  const units = line.leftHundredths > 100n ? line.leftHundredths / 100n : 1n;
  if (amountMinor % units === 0n)
    return { shares: [{ item: line.item, quantityHundredths: 0n, amountMinor }] };
  const below = amountMinor - (amountMinor % units);
  return misfitOf(line, 'Every unit has the same price.', [below, below + units]);
}

/** Shares that were sent in another order may leave a price without a quantity for a while. */
const nothingLeftOf = (line: ItemFacts): Laid =>
  misfitOf(line, 'No quantity of it is left, only a part of its price.', [line.leftMinor]);

const misfitOf = (line: ItemFacts, message: string, nearestMinor: readonly bigint[]): Laid => ({
  kind: 'misfit',
  item: line.item,
  message,
  nearestMinor: nearestMinor.filter((minor) => minor > 0n),
});
