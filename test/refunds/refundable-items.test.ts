import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PaymentItem } from '../../src/db/payment-items.ts';
import {
  cartAtProvider,
  cartBehindOthers,
  refundableCart,
  refundableOfItem,
} from '../../src/refunds/refundable-items.ts';

/** Three units at 100.00, none of which was returned. */
const line = (more: Partial<PaymentItem> = {}): PaymentItem =>
  ({
    item: 'mug',
    title: 'Mug',
    position: 0,
    sold_hundredths: 300n,
    sold_minor: 30_000n,
    left_hundredths: 300n,
    left_minor: 30_000n,
    returned_hundredths: 0n,
    returned_minor: 0n,
    reserved_hundredths: 0n,
    reserved_minor: 0n,
    overcommitted: false,
    ...more,
  }) as PaymentItem;

describe('what is refundable of a line', () => {
  test.each<[string, Partial<PaymentItem>, [bigint, bigint]]>([
    ['all of it at first', {}, [300n, 30_000n]],
    [
      'less what was returned, although the provider has not told yet',
      { returned_hundredths: 100n, returned_minor: 10_000n },
      [200n, 20_000n],
    ],
    ['no more than the provider has left', { left_hundredths: 100n, left_minor: 10_000n }, [100n, 10_000n]],
    [
      'less what is reserved of what the provider has left',
      { left_hundredths: 200n, left_minor: 20_000n, reserved_hundredths: 100n, reserved_minor: 10_000n },
      [100n, 10_000n],
    ],
    [
      'what is left of its price after a cut',
      { left_minor: 21_000n, returned_minor: 9_000n },
      [300n, 21_000n],
    ],
    ['nothing while its sum is broken', { overcommitted: true }, [0n, 0n]],
    ['nothing of a price without a quantity', { left_hundredths: 0n }, [0n, 0n]],
    ['nothing of a gift', { sold_minor: 0n, left_minor: 0n }, [0n, 0n]],
    [
      'never less than nothing',
      { left_hundredths: 0n, left_minor: 0n, reserved_hundredths: 300n, reserved_minor: 30_000n },
      [0n, 0n],
    ],
  ])('%s', (_name, more, [hundredths, minor]) => {
    expect(refundableOfItem(line(more))).toEqual({ hundredths, minor });
  });

  const count = fc.bigInt({ min: 0n, max: 9n });
  const lines = fc
    .record({
      sold_hundredths: count,
      sold_minor: count,
      left_hundredths: count,
      left_minor: count,
      returned_hundredths: count,
      returned_minor: count,
      reserved_hundredths: count,
      reserved_minor: count,
    })
    .map(line);

  test('never breaks what was sold, nor what the provider has left when all that is reserved is executed', () => {
    fc.assert(
      fc.property(lines, (of) => {
        const { hundredths, minor } = refundableOfItem(of);
        expect(hundredths >= 0n && minor >= 0n).toBe(true);
        if (hundredths === 0n) return;
        expect(of.returned_hundredths + of.reserved_hundredths + hundredths <= of.sold_hundredths).toBe(true);
        expect(of.returned_minor + of.reserved_minor + minor <= of.sold_minor).toBe(true);
        expect(of.reserved_hundredths + hundredths <= of.left_hundredths).toBe(true);
        expect(of.reserved_minor + minor <= of.left_minor).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  test('is part of the cart that an order finds', () => {
    fc.assert(
      fc.property(lines, (of) => {
        for (const { leftHundredths, leftMinor } of refundableCart([of])) {
          const [behind] = cartBehindOthers([of]);
          expect(behind!.leftHundredths >= leftHundredths && behind!.leftMinor >= leftMinor).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a cart', () => {
  const gift = line({ item: 'gift', sold_minor: 0n, left_minor: 0n });
  const gone = line({ item: 'gone', left_hundredths: 0n, left_minor: 0n });
  const waiting = line({ reserved_hundredths: 100n, reserved_minor: 10_000n });

  test('at the provider has what waits here, and gifts, and nothing that is gone', () => {
    expect(cartAtProvider([waiting, gift, gone])).toEqual([
      { item: 'mug', title: 'Mug', leftHundredths: 300n, leftMinor: 30_000n },
      { item: 'gift', title: 'Mug', leftHundredths: 300n, leftMinor: 0n },
    ]);
  });

  test('behind others lacks what they take', () => {
    expect(cartBehindOthers([waiting])).toEqual([
      { item: 'mug', title: 'Mug', leftHundredths: 200n, leftMinor: 20_000n },
    ]);
    expect(cartBehindOthers([line({ returned_hundredths: 300n, returned_minor: 30_000n })])).toEqual([]);
  });

  test('for a new refund has no gifts', () => {
    expect(refundableCart([waiting, gift, gone]).map(({ item }) => item)).toEqual(['mug']);
  });
});
