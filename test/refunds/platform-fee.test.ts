import { fc } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { feeRestOf, sharePlatformFee } from '../../src/refunds/platform-fee.ts';
import { sourceRow } from './situation.ts';

/** A seller's part, its commission, and how its whole is refunded piece by piece. */
const wholeInPieces = fc
  .record({
    capturedMinor: fc.bigInt({ min: 1n, max: 10_000_000_000_000_000n }),
    feeShare: fc.bigInt({ min: 0n, max: 1_000_000n }),
    cuts: fc.array(fc.bigInt({ min: 1n, max: 1_000_000n }), { maxLength: 12 }),
  })
  .map(({ capturedMinor, feeShare, cuts }) => {
    const feeMinor = (capturedMinor * feeShare) / 1_000_000n;
    const points = [...cuts.map((cut) => (capturedMinor * cut) / 1_000_000n), capturedMinor]
      .filter((point) => point > 0n)
      .sort((a, b) => Number(a - b));
    const pieces = points
      .map((point, index) => point - (points[index - 1] ?? 0n))
      .filter((piece) => piece > 0n);
    return { capturedMinor, feeMinor, pieces };
  });

test('refunds up to the whole return exactly the whole commission, however they are cut', () => {
  fc.assert(
    fc.property(wholeInPieces, fc.boolean(), ({ capturedMinor, feeMinor, pieces }, isPending) => {
      let source = sourceRow({ captured_minor: capturedMinor, platform_fee_minor: feeMinor });
      for (const piece of pieces) {
        const share = sharePlatformFee(source, piece, 'PLATFORM');
        expect(share >= 0n && share <= feeRestOf(source) && share <= piece).toBe(true);
        // What is reserved counts as what is returned.
        source = isPending
          ? {
              ...source,
              reserved_minor: source.reserved_minor + piece,
              fee_reserved_minor: source.fee_reserved_minor + share,
            }
          : {
              ...source,
              refunded_minor: source.refunded_minor + piece,
              fee_returned_minor: source.fee_returned_minor + share,
            };
      }
      expect(feeRestOf(source)).toBe(0n);
    }),
  );
});

test('never more than was withheld, whatever was returned, failed or given back by hand before', () => {
  const step = fc.record({
    amount: fc.bigInt({ min: 1n, max: 400n }),
    ends: fc.constantFrom('returned', 'failed', 'by-hand', 'by-seller'),
  });
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 1_000n }),
      fc.bigInt({ min: 0n, max: 1_000n }),
      fc.array(step, { maxLength: 20 }),
      (capturedMinor, wantedFee, steps) => {
        const feeMinor = wantedFee < capturedMinor ? wantedFee : capturedMinor;
        let source = sourceRow({ captured_minor: capturedMinor, platform_fee_minor: feeMinor });
        for (const { amount, ends } of steps) {
          if (source.refunded_minor + amount > capturedMinor) continue;
          const share =
            ends === 'by-hand'
              ? feeRestOf(source)
              : sharePlatformFee(source, amount, ends === 'by-seller' ? 'SELLER' : 'PLATFORM');
          expect(share >= 0n && share <= feeRestOf(source)).toBe(true);
          if (ends === 'failed') continue;
          source = {
            ...source,
            refunded_minor: source.refunded_minor + amount,
            fee_returned_minor: source.fee_returned_minor + share,
          };
        }
        expect(source.fee_returned_minor <= feeMinor).toBe(true);
      },
    ),
  );
});

test('nothing goes back when the seller bears it, when none was withheld, or when nobody was asked', () => {
  const source = sourceRow({ captured_minor: 1_000n, platform_fee_minor: 100n });
  expect(sharePlatformFee(source, 500n, 'SELLER')).toBe(0n);
  expect(sharePlatformFee(source, 500n, null)).toBe(0n);
  expect(sharePlatformFee({ ...source, platform_fee_minor: null }, 500n, 'PLATFORM')).toBe(0n);
  expect(sharePlatformFee(source, 500n, 'PLATFORM')).toBe(50n);
});
