import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { formatMinor, parseMinor } from '../../sandbox/money.ts';

describe('money of the sandbox', () => {
  test.prop([fc.bigInt({ min: 0n, max: 10n ** 15n - 1n }), fc.integer({ min: 0, max: 4 })])(
    'prints and reads back every amount exactly',
    (minor, exponent) => {
      expect(parseMinor(formatMinor(minor, exponent), exponent)).toBe(minor);
    },
  );

  it.each([
    '-1.00',
    '+1.00',
    '1e3',
    '1.',
    '.5',
    '01.00',
    '1,00',
    ' 1.00',
    '1.001',
    '',
    'NaN',
    '1000000000000000.00',
  ])('refuses %j as an amount with two decimals', (text) => {
    expect(parseMinor(text, 2)).toBeUndefined();
  });

  it('fills missing decimals', () => {
    expect(parseMinor('1500', 2)).toBe(150_000n);
    expect(parseMinor('1500.5', 2)).toBe(150_050n);
  });
});
