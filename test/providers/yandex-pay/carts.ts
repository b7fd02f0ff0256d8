import fc from 'fast-check';
import type { AmountRules, ItemFacts } from '../../../src/providers/provider.ts';

/** A line of `quantity` hundredths with so much left, in minor units. */
export const line = (item: string, leftHundredths: bigint, leftMinor: bigint): ItemFacts => ({
  item,
  title: item,
  leftHundredths,
  leftMinor,
});

export const russianRules: AmountRules = { minimumMinor: 100n, stepMinor: 1n, leaveAtLeastMinor: 100n };
export const anyAmount: AmountRules = { minimumMinor: 1n, stepMinor: 1n, leaveAtLeastMinor: 0n };

/** Carts with whole and broken quantities, with and without a unit price of two decimals, also free and spent lines. */
export const carts: fc.Arbitrary<readonly ItemFacts[]> = fc
  .array(
    fc.oneof(
      fc
        .tuple(fc.bigInt(1n, 9n), fc.bigInt(1n, 50_000n))
        .map(([units, price]) => [units * 100n, units * price] as const),
      fc.tuple(fc.bigInt(0n, 1_000n), fc.bigInt(0n, 200_000n)),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((lines) => lines.map(([quantity, minor], index) => line(`sku-${index}`, quantity, minor)));
