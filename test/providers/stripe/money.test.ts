import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { currencies, type Currency, exponentOf, MAX_MINOR, toCurrency } from '../../../src/money.ts';
import {
  amountProblem,
  amountRules,
  fromWire,
  named,
  nearestMinor,
  toWire,
} from '../../../src/providers/stripe/money.ts';

const MAX = 2n ** 53n - 1n;
const list = (line: string): Currency[] => line.split(' ').map(toCurrency);

test.each<[string, bigint, Currency, bigint]>([
  ['12.34 USD', 1234n, 'USD', 1234n],
  ['500 JPY', 500n, 'JPY', 500n],
  ['99.990 KWD', 99990n, 'KWD', 99990n],
  ['5 ISK in hundredths', 5n, 'ISK', 500n],
  ['5 UGX in hundredths', 5n, 'UGX', 500n],
  ['5.00 MGA in units', 500n, 'MGA', 5n],
  ['10.00 HUF, two decimals except in payouts', 1000n, 'HUF', 1000n],
  ['10.00 TWD, two decimals except in payouts', 1000n, 'TWD', 1000n],
])('%s', (_name, minor, currency, wire) => {
  expect(toWire({ minor, currency })).toBe(wire);
  expect(fromWire({ amount: Number(wire), currency: currency.toLowerCase() })).toEqual({ minor, currency });
});

test.each<[string, number, string]>([
  ['a fraction', 1.5, 'usd'],
  ['less than nothing', -1, 'usd'],
  ['a number that JSON rounds', 2 ** 53, 'usd'],
  ['a fraction of a krona', 4010, 'isk'],
  ['a fraction of a Ugandan shilling', 1, 'ugx'],
  ['upper case, which is not the form of the wire', 100, 'USD'],
  ['a currency without published decimals', 1000, 'iqd'],
  ['no currency', 100, 'xxx'],
  ['a withdrawn currency', 100, 'hrk'],
])('%s is not read', (_name, amount, currency) => {
  expect(fromWire({ amount, currency })).toBeUndefined();
});

test.each<[string, bigint, Currency, string, bigint[]]>([
  ['99.991 KWD', 99991n, 'KWD', 'in steps of 0.010 KWD only: 99.990 KWD or 100.000 KWD', [99990n, 100000n]],
  ['0.009 BHD', 9n, 'BHD', 'in steps of 0.010 BHD only: 0.010 BHD', [10n]],
  ['5.50 MGA', 550n, 'MGA', 'in steps of 1.00 MGA only: 5.00 MGA or 6.00 MGA', [500n, 600n]],
  ['2^53 USD', MAX + 1n, 'USD', 'at most 90071992547409.91 USD', []],
  ['2^53 hundredths of ISK', MAX / 100n + 1n, 'ISK', 'at most 90071992547409 ISK', []],
  ['nothing', 0n, 'USD', 'not above zero', []],
  ['LYD', 100n, 'LYD', 'does not take LYD', []],
])('%s cannot be sent', (_name, minor, currency, says, nearest) => {
  expect(amountProblem({ minor, currency })).toContain(says);
  expect(nearestMinor({ minor, currency })).toEqual(nearest);
  expect(() => toWire({ minor, currency })).toThrow(RangeError);
});

test('the published lists are of ISO 4217, and only there decimals differ from it', () => {
  const [zero, three, whole] = [named.zeroDecimal, named.threeDecimal, named.wholeInHundredths].map((line) =>
    list(line),
  );
  expect(zero!.filter((currency) => exponentOf(currency) !== 0)).toEqual(['MGA']);
  expect(three!.every((currency) => exponentOf(currency) === 3)).toBe(true);
  expect(whole!.every((currency) => exponentOf(currency) === 0)).toBe(true);
  const refused = currencies.filter((currency) => amountProblem({ minor: 10_000n, currency }) !== undefined);
  expect(refused).toEqual(['CLF', 'IQD', 'LYD', 'UYI', 'UYW']);
});

describe('for every currency', () => {
  const any = fc.constantFrom(...currencies);

  property.prop([any, fc.bigInt({ min: 1n, max: MAX_MINOR })])(
    'an amount is sent and read back as it was, or refused with nearest ones that can be sent',
    (currency, minor) => {
      const money = { minor, currency };
      if (amountProblem(money) === undefined) {
        const wire = toWire(money);
        expect(wire <= MAX).toBe(true);
        expect(fromWire({ amount: Number(wire), currency: currency.toLowerCase() })).toEqual(money);
        expect(minor % amountRules(currency).stepMinor).toBe(0n);
        return;
      }
      for (const near of nearestMinor(money)) {
        expect(amountProblem({ minor: near, currency })).toBeUndefined();
        const distance = near - minor;
        const { stepMinor } = amountRules(currency);
        expect(distance > -stepMinor && distance < stepMinor).toBe(true);
      }
    },
  );

  property.prop([any, fc.bigInt({ min: 1n, max: 10n ** 12n })])(
    'the rules of amounts are exactly what can be sent',
    (currency, minor) => {
      const { minimumMinor, stepMinor, leaveAtLeastMinor } = amountRules(currency);
      expect(leaveAtLeastMinor).toBe(0n);
      const fits = minor >= minimumMinor && minor % stepMinor === 0n;
      const isTaken = !['CLF', 'IQD', 'LYD', 'UYI', 'UYW'].includes(currency);
      expect(amountProblem({ minor, currency }) === undefined).toBe(isTaken && fits);
    },
  );
});
