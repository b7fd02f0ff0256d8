import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { exponentOf, formatDecimal, parseDecimal, toCurrency } from '../../../src/money.ts';
import { buildRefund } from '../../../src/providers/razorpay/create-refund.ts';
import { amountProblem, fromWire, wireCurrencies } from '../../../src/providers/razorpay/money.ts';
import { order } from './account.ts';

const all = ([0, 2, 3] as const).flatMap((exponent) =>
  wireCurrencies[exponent].split(' ').map((code) => ({ currency: toCurrency(code), exponent })),
);
const MAX = 9_007_199_254_740_991n;

test('the list has the 125 supported currencies that ISO 4217 has', () => {
  expect(new Set(all.map(({ currency }) => currency)).size).toBe(125);
  expect(all.map(({ currency }) => currency)).toEqual(expect.arrayContaining(['MYR', 'INR', 'JPY', 'KWD']));
});

describe.each(all)('$currency', ({ currency, exponent }) => {
  test('has the exponent of ISO 4217, so that minor units are the same on the wire', () => {
    expect(exponentOf(currency)).toBe(exponent);
  });

  test('goes both ways exactly', () => {
    // 4.10, 41, 0.410: the last digit is 0 for three decimals.
    const minor = exponent === 0 ? 41n : 410n;
    const { body } = buildRefund({ ...order, amount: { minor, currency } });
    const sent = JSON.parse(body ?? '') as { amount: number };
    expect(body).toMatch(new RegExp(`^\\{"amount":${minor},`));
    expect(fromWire({ amount: sent.amount, currency })).toEqual({ minor, currency });
    const decimal = formatDecimal({ minor, currency });
    expect(decimal).toBe({ 0: '41', 2: '4.10', 3: '0.410' }[exponent]);
    expect(parseDecimal(decimal, currency)).toEqual({ ok: true, money: { minor, currency } });
  });
});

property.prop([fc.constantFrom(...all), fc.bigInt({ min: 1n, max: MAX })])(
  'an amount is sent and read back as it was, or the nearest ones are named and can be sent',
  ({ currency, exponent }, minor) => {
    const problem = amountProblem({ minor, currency });
    expect(problem === undefined).toBe(exponent !== 3 || minor % 10n === 0n);
    if (problem === undefined) {
      expect(fromWire({ amount: Number(minor), currency })).toEqual({ minor, currency });
      return;
    }
    const named = [...problem.matchAll(/(\d+\.\d{3}) [A-Z]{3}/g)].map(([, value]) => value ?? '');
    expect(named.length).toBeGreaterThan(0);
    for (const value of named) {
      const parsed = parseDecimal(value, currency);
      if (!parsed.ok) throw new Error(`${value} is no amount`);
      expect(amountProblem(parsed.money)).toBeUndefined();
      const distance = parsed.money.minor - minor;
      expect(distance > -10n && distance < 10n).toBe(true);
    }
  },
);

test.each([
  [
    '99.991 KWD',
    99991n,
    'KWD',
    'Razorpay takes KWD with a last decimal of 0 only: 99.990 KWD or 100.000 KWD.',
  ],
  ['0.009 BHD', 9n, 'BHD', 'Razorpay takes BHD with a last decimal of 0 only: 0.010 BHD.'],
  ['2^53 MYR', MAX + 1n, 'MYR', 'Razorpay takes at most 90071992547409.91 MYR.'],
  ['2^53 - 1 OMR', MAX, 'OMR', 'Razorpay takes at most 9007199254740.990 OMR.'],
  ['nothing', 0n, 'MYR', 'The amount is not above zero.'],
  ['less than nothing', -100n, 'MYR', 'The amount is not above zero.'],
  ['a currency without a published exponent', 100n, 'LYD', 'Razorpay does not take LYD.'],
] as const)('%s cannot be sent', (_name, minor, currency, message) => {
  expect(amountProblem({ minor, currency })).toBe(message);
  expect(() => buildRefund({ ...order, amount: { minor, currency } })).toThrow(message);
});

test('the largest amount is printed digit by digit', () => {
  const { body } = buildRefund({ ...order, amount: { minor: MAX, currency: 'MYR' } });
  expect(body).toContain('"amount":9007199254740991,');
});

test.each([
  ['a fraction', { amount: 1.5, currency: 'MYR' }],
  ['less than nothing', { amount: -1, currency: 'MYR' }],
  ['a number that JSON rounds', { amount: 2 ** 53, currency: 'MYR' }],
  ['a withdrawn currency', { amount: 100, currency: 'HRK' }],
  ['a currency that is not in the list', { amount: 100, currency: 'LYD' }],
  ['lower case', { amount: 100, currency: 'myr' }],
])('%s is not read', (_name, wire) => {
  expect(fromWire(wire)).toBeUndefined();
});
