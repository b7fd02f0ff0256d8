import type { PlannedPayment } from './plan-payments.ts';
import type { Random } from './random.ts';

/** A payment that exists at the provider. */
export interface LivePayment extends PlannedPayment {
  readonly reference: string;
  /** Of a split payment: the sellers and their shares. */
  readonly sources: readonly { readonly seller: string; readonly minor: number }[];
}

/** What a client asks for, and its sum where it names a figure. */
interface Wish {
  readonly amount: Readonly<Record<string, unknown>>;
  readonly minor?: number;
}

/** All of these currencies have two decimals. */
export const decimal = (minor: number): string =>
  `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;

/** What a client asks for: a part, all that remains, some items, or parts of sellers. */
export function amountOf(random: Random, payment: LivePayment): Wish {
  const { kind, minor, currency, sources } = payment;
  if (random.chance(0.1)) return { amount: { remaining: true } };
  if (kind === 'items' && random.chance(0.7)) return itemsOf(random, payment);
  const part = (of: number): number => Math.max(100, Math.floor((of * random.int(2, 45)) / 100));
  if (kind !== 'split') {
    const asked = random.chance(0.04) ? minor : part(minor);
    return { amount: { money: { value: decimal(asked), currency } }, minor: asked };
  }
  const named = random.chance(0.5) ? sources : [random.pick(sources)];
  const parts = named.map((source) => ({ seller: source.seller, minor: part(source.minor) }));
  return {
    amount: {
      sources: parts.map((each) => ({
        seller: each.seller,
        amount: { value: decimal(each.minor), currency },
      })),
    },
    minor: parts.reduce((total, each) => total + each.minor, 0),
  };
}

/** One of some lines, or something off a price. What one costs now is not known here: a price may have been cut. */
function itemsOf(random: Random, { lines, currency }: LivePayment): Wish {
  const some = lines.filter(() => random.chance(0.5));
  const wanted = some.length === 0 ? [random.pick(lines)] : some;
  const one = ({ id, unitMinor }: (typeof lines)[number]) =>
    random.chance(0.8)
      ? { item: id, quantity: '1' }
      : { item: id, amount: { value: decimal(random.int(1, unitMinor / 100) * 100), currency } };
  return { amount: { items: wanted.map(one) } };
}
