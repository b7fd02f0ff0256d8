import type { PlannedPayment } from './plan.ts';
import type { Random } from './random.ts';

/** A payment that exists at the provider. */
export interface LivePayment extends PlannedPayment {
  readonly reference: string;
  /** Of a split payment: the sellers and their shares. */
  readonly sources: readonly { readonly seller: string; readonly minor: number }[];
}

/** All of these currencies have two decimals. */
export const decimal = (minor: number): string =>
  `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;

/** What a client asks for: a part, all that remains, or parts of sellers; `minor` where it names a figure. */
export function amountOf(
  random: Random,
  { kind, minor, currency, sources }: LivePayment,
): { readonly amount: Readonly<Record<string, unknown>>; readonly minor?: number } {
  if (random.chance(0.1)) return { amount: { remaining: true } };
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
