import { describe, expect, test } from 'vitest';
import { allocate } from '../../../src/providers/yandex-pay/allocate.ts';
import { yandexPay, yandexSplit } from '../../../src/providers/yandex-pay/index.ts';
import type { AllocationWish, ItemFacts } from '../../../src/providers/provider.ts';
import { anyAmount, line, russianRules } from './carts.ts';

const amount = (amountMinor: bigint): AllocationWish => ({ kind: 'amount', amountMinor });
const lay = (cart: readonly ItemFacts[], amountMinor: bigint) =>
  allocate(cart, amount(amountMinor), anyAmount);
const items = (...parts: Extract<AllocationWish, { kind: 'items' }>['items']): AllocationWish => ({
  kind: 'items',
  items: parts,
});
const takes = (...shares: readonly (readonly [item: string, quantity: bigint, minor: bigint])[]) => ({
  kind: 'fits',
  shares: shares.map(([item, quantityHundredths, amountMinor]) => ({
    item,
    quantityHundredths,
    amountMinor,
  })),
});

const mugs = line('mug', 300n, 30_000n);
const kettle = line('kettle', 100n, 120_000n);
const cloth = line('cloth', 250n, 25_000n);

describe('the divisibility rule', () => {
  // The cases of the documentation's rule, in integers: what is left * 100 % quantity.
  test.each<[what: string, cart: ItemFacts, cut: bigint, fits: boolean]>([
    ['3 units of 300.00 less 90.00', mugs, 9_000n, true],
    ['3 units of 300.00 less 100.00', mugs, 10_000n, false],
    ['2.50 units of 250.00 less 25.00', cloth, 2_500n, true],
  ])('%s: %s', (_what, cart, amountMinor, fits) => {
    const allocation = allocate([cart], items({ item: cart.item, amountMinor }), anyAmount);
    expect(allocation).toMatchObject(
      fits
        ? takes([cart.item, 0n, amountMinor])
        : { kind: 'misfit', item: cart.item, nearestMinor: [9_999n, 10_002n] },
    );
  });
});

describe('an amount', () => {
  test.each<[what: string, cart: ItemFacts[], amountMinor: bigint, expected: ReturnType<typeof takes>]>([
    ['all of it', [mugs, kettle], 150_000n, takes(['mug', 300n, 30_000n], ['kettle', 100n, 120_000n])],
    ['units of one line', [mugs, kettle], 20_000n, takes(['mug', 200n, 20_000n])],
    ['a whole line', [mugs, kettle], 120_000n, takes(['kettle', 100n, 120_000n])],
    [
      'units of two lines',
      [mugs, kettle],
      130_000n,
      takes(['mug', 100n, 10_000n], ['kettle', 100n, 120_000n]),
    ],
    ['a lower price of the dearest line', [mugs, kettle], 5_050n, takes(['kettle', 0n, 5_050n])],
    [
      'a whole line and a lower price',
      [line('a', 100n, 10_000n), line('b', 100n, 20_000n)],
      25_050n,
      takes(['a', 0n, 5_050n], ['b', 100n, 20_000n]),
    ],
    ['no broken quantities', [cloth], 10_000n, takes(['cloth', 100n, 10_000n])],
    ['lines that are not free', [line('gift', 100n, 0n), mugs], 30_000n, takes(['mug', 300n, 30_000n])],
  ])('takes %s', (_what, cart, amountMinor, expected) => {
    expect(lay(cart, amountMinor)).toEqual(expected);
  });

  test('prefers few lines, and takes many where only those make it up', () => {
    const many = Array.from({ length: 12 }, (_, index) =>
      line(`sku-${index}`, 300n, 300n * (index + 1 === 12 ? 7n : 2n) * 3n),
    );
    const total = many.reduce((sum, { leftMinor }) => sum + leftMinor, 0n);
    // All but one unit of one line.
    const shares = lay(many, total - 600n);
    expect(shares).toMatchObject({ kind: 'fits' });
    if (shares.kind === 'fits') expect(shares.shares.length).toBeGreaterThanOrEqual(11);
    expect(lay([line('a', 100n, 300n), line('b', 100n, 700n), line('c', 100n, 1_000n)], 1_000n)).toEqual(
      takes(['c', 100n, 1_000n]),
    );
  });

  test.each<[what: string, cart: ItemFacts[], amountMinor: bigint, nearest: bigint[]]>([
    ['that cannot be divided', [line('bulb', 700n, 10_003n)], 5_000n, [4_998n, 5_005n]],
    ['below what a price can be cut by', [line('bulb', 700n, 10_003n)], 3n, [7n]],
    ['above all', [mugs], 30_001n, [30_000n]],
    ['of nothing', [], 100n, []],
  ])('%s misses with the nearest that work', (_what, cart, amountMinor, nearest) => {
    expect(lay(cart, amountMinor)).toMatchObject({ kind: 'misfit', item: null, nearestMinor: nearest });
  });

  test('names only nearest amounts that the edition takes', () => {
    const bulbs = [line('bulb', 700n, 10_003n)];
    expect(allocate(bulbs, amount(50n), russianRules)).toMatchObject({ nearestMinor: [105n] });
    expect(allocate(bulbs, amount(9_950n), russianRules)).toMatchObject({ nearestMinor: [9_898n, 10_003n] });
    expect(yandexPay.allocate!(bulbs, amount(50n))).toMatchObject({ nearestMinor: [105n] });
    expect(yandexSplit.allocate!(bulbs, amount(50n))).toMatchObject({ nearestMinor: [49n, 56n] });
  });

  test('over a hundred lines ends in time, whether it fits or not', () => {
    const odd = Array.from({ length: 100 }, (_, index) =>
      line(`sku-${index}`, 700n, 7_007n * BigInt(index + 1)),
    );
    const started = performance.now();
    for (const minor of [7_006n, 100_003n, 1_000_003n, 12_345_677n]) lay(odd, minor);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe('items', () => {
  test('take quantities at the present price, prices, and whole lines, in the order of the wish', () => {
    const wish = items(
      { item: 'cloth', quantityHundredths: 75n },
      { item: 'mug', amountMinor: 9_000n },
      { item: 'kettle', amountMinor: 120_000n },
    );
    expect(allocate([mugs, kettle, cloth], wish, russianRules)).toEqual(
      takes(['cloth', 75n, 7_500n], ['mug', 0n, 9_000n], ['kettle', 100n, 120_000n]),
    );
  });

  test('of a line without a unit price go as a whole only, or as a price', () => {
    const odd = line('odd', 300n, 10_000n);
    expect(allocate([odd], items({ item: 'odd', quantityHundredths: 300n }), anyAmount)).toEqual(
      takes(['odd', 300n, 10_000n]),
    );
    expect(allocate([odd], items({ item: 'odd', quantityHundredths: 100n }), anyAmount)).toMatchObject({
      kind: 'misfit',
      item: 'odd',
      nearestMinor: [3_331n, 3_334n],
    });
    expect(allocate([odd], items({ item: 'odd', amountMinor: 3_334n }), anyAmount)).toEqual(
      takes(['odd', 0n, 3_334n]),
    );
  });

  test('whose price is no whole number of kopecks miss with the nearest', () => {
    const bulbs = line('bulb', 700n, 10_003n);
    expect(allocate([bulbs], items({ item: 'bulb', quantityHundredths: 150n }), anyAmount)).toMatchObject({
      kind: 'misfit',
      item: 'bulb',
      nearestMinor: [2_142n, 2_149n],
    });
  });

  test.each<[what: string, wish: AllocationWish]>([
    ['an unknown one', items({ item: 'cup', quantityHundredths: 100n })],
    [
      'one twice',
      items({ item: 'mug', quantityHundredths: 100n }, { item: 'mug', quantityHundredths: 100n }),
    ],
    ['none of it', items({ item: 'mug', quantityHundredths: 0n })],
    ['more than there is', items({ item: 'mug', quantityHundredths: 301n })],
    ['more than it costs', items({ item: 'mug', amountMinor: 30_001n })],
    ['no item at all', items()],
  ])('are refused: %s', (_what, wish) => {
    expect(allocate([mugs], wish, anyAmount)).toMatchObject({ kind: 'misfit' });
  });
});
