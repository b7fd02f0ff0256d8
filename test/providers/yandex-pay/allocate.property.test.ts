import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allocate } from '../../../src/providers/yandex-pay/allocate.ts';
import { takeFrom, totalOf } from '../../../src/providers/yandex-pay/lines.ts';
import type { Allocation, AllocationWish, ItemFacts } from '../../../src/providers/provider.ts';
import { anyAmount, carts, russianRules } from './carts.ts';

const rules = fc.constantFrom(anyAmount, russianRules);

/** What a share may be: inside its line, and what it leaves has a unit price with two decimals that is not higher. */
function expectLawful(cart: readonly ItemFacts[], allocation: Allocation): bigint {
  if (allocation.kind !== 'fits') throw new Error(allocation.message);
  const { shares } = allocation;
  expect(new Set(shares.map(({ item }) => item)).size).toBe(shares.length);
  for (const share of shares) {
    const line = cart.find(({ item }) => item === share.item)!;
    const quantity = line.leftHundredths - share.quantityHundredths;
    const minor = line.leftMinor - share.amountMinor;
    expect(share.amountMinor).toBeGreaterThan(0n);
    expect(share.quantityHundredths).toBeGreaterThanOrEqual(0n);
    expect(quantity).toBeGreaterThanOrEqual(0n);
    if (quantity === 0n) expect(minor).toBe(0n);
    else {
      expect(minor).toBeGreaterThan(0n);
      expect((minor * 100n) % quantity).toBe(0n);
      expect(minor * line.leftHundredths).toBeLessThanOrEqual(line.leftMinor * quantity);
    }
    expect(takeFrom(line, share)).toBeTypeOf('object');
  }
  return shares.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
}

const amountOf = (amountMinor: bigint): AllocationWish => ({ kind: 'amount', amountMinor });

describe('an amount', () => {
  test('is shared out exactly, or misses with amounts that can be', () => {
    fc.assert(
      fc.property(carts, fc.bigInt(-10n, 400_000n), rules, (cart, amountMinor, obeyed) => {
        const allocation = allocate(cart, amountOf(amountMinor), obeyed);
        if (allocation.kind === 'fits') {
          expect(expectLawful(cart, allocation)).toBe(amountMinor);
          return;
        }
        const total = totalOf(cart.filter(({ leftHundredths }) => leftHundredths > 0n));
        expect(allocation.nearestMinor).toEqual(
          allocation.nearestMinor.toSorted((left, right) => Number(left - right)),
        );
        for (const nearest of allocation.nearestMinor) {
          expect(nearest).not.toBe(amountMinor);
          expect(nearest).toBeGreaterThanOrEqual(obeyed.minimumMinor);
          const leaves = total - nearest;
          if (leaves !== 0n) expect(leaves).toBeGreaterThanOrEqual(obeyed.leaveAtLeastMinor);
          expect(expectLawful(cart, allocate(cart, amountOf(nearest), obeyed))).toBe(nearest);
        }
        // All of it always works, so that something above is known for whatever is less.
        if (amountMinor > 0n && amountMinor < total && total >= obeyed.minimumMinor)
          expect(allocation.nearestMinor.at(-1)).toBeGreaterThan(amountMinor);
      }),
      { numRuns: 300 },
    );
  });

  test('of all that is left takes every line that is worth something', () => {
    fc.assert(
      fc.property(carts, (cart) => {
        const lines = cart.filter(({ leftHundredths, leftMinor }) => leftHundredths > 0n && leftMinor > 0n);
        fc.pre(lines.length > 0);
        expect(allocate(cart, amountOf(totalOf(lines)), anyAmount)).toEqual({
          kind: 'fits',
          shares: lines.map(({ item, leftHundredths, leftMinor }) => ({
            item,
            quantityHundredths: leftHundredths,
            amountMinor: leftMinor,
          })),
        });
      }),
    );
  });

  test('always gives the same shares', () => {
    fc.assert(
      fc.property(carts, fc.bigInt(1n, 400_000n), (cart, amountMinor) => {
        const once = allocate(cart, amountOf(amountMinor), anyAmount);
        expect(allocate(structuredClone(cart), amountOf(amountMinor), anyAmount)).toEqual(once);
      }),
    );
  });
});

describe('items', () => {
  const part = fc.oneof(
    fc.record({ index: fc.nat(8), quantityHundredths: fc.bigInt(-1n, 1_000n) }),
    fc.record({ index: fc.nat(8), amountMinor: fc.bigInt(-1n, 200_000n) }),
  );

  test('take what was named, or miss with amounts of that item that can be taken', () => {
    fc.assert(
      fc.property(carts, fc.array(part, { maxLength: 3 }), (cart, parts) => {
        const items = parts.map(({ index, ...rest }) => ({ item: `sku-${index}`, ...rest }));
        const allocation = allocate(cart, { kind: 'items', items }, russianRules);
        if (allocation.kind === 'fits') {
          expectLawful(cart, allocation);
          expect(allocation.shares.map(({ item }) => item)).toEqual(items.map(({ item }) => item));
          for (const [index, share] of allocation.shares.entries()) {
            const wanted = items[index]!;
            if ('amountMinor' in wanted) expect(share.amountMinor).toBe(wanted.amountMinor);
            else expect(share.quantityHundredths).toBe(wanted.quantityHundredths);
          }
          return;
        }
        for (const nearest of allocation.nearestMinor) {
          const again = { kind: 'items', items: [{ item: allocation.item!, amountMinor: nearest }] } as const;
          expect(expectLawful(cart, allocate(cart, again, russianRules))).toBe(nearest);
        }
      }),
      { numRuns: 300 },
    );
  });
});
