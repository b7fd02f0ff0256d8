import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addMoney,
  compareMoney,
  type Currency,
  currencies,
  exponentOf,
  formatDecimal,
  MAX_MINOR,
  type Money,
  parseDecimal,
  subtractMoney,
  zero,
} from '../src/money.ts';

const amount = fc.bigInt({ min: -MAX_MINOR, max: MAX_MINOR });
const beyondDouble = fc.bigInt({ min: 2n ** 53n + 1n, max: MAX_MINOR });
const digits = (length: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length });

/** What a person would write: by string arithmetic of its own, so that it can disagree with the code under test. */
function spelled(minor: bigint, exponent: number): string {
  const scale = 10n ** BigInt(exponent);
  const magnitude = minor < 0n ? -minor : minor;
  const fraction = exponent === 0 ? '' : `.${String((magnitude % scale) + scale).slice(1)}`;
  return `${minor < 0n ? '-' : ''}${magnitude / scale}${fraction}`;
}

function parsed(value: string, currency: Currency): Money {
  const result = parseDecimal(value, currency);
  if (!result.ok) throw new Error(`${value} ${currency} was refused: ${result.problem}`);
  return result.money;
}

describe.each(currencies)('an amount in %s', (currency) => {
  const exponent = exponentOf(currency);

  it('prints with the decimals of the currency and reads back unchanged', () => {
    fc.assert(
      fc.property(fc.oneof(amount, beyondDouble), (minor) => {
        const text = formatDecimal({ minor, currency });
        expect(text).toBe(spelled(minor, exponent));
        expect(parsed(text, currency)).toEqual({ minor, currency });
      }),
    );
  });

  it('may be written with fewer decimals and means the same', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        fc.integer({ min: 0, max: exponent }),
        (units, decimals) => {
          const minor = units * 10n ** BigInt(exponent - decimals);
          expect(parsed(spelled(units, decimals), currency)).toEqual({ minor, currency });
        },
      ),
    );
  });

  it('is refused with more decimals than the currency has, even zeros', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: exponent + 1, max: 30 }).chain(digits), (whole, fraction) => {
        const value = `${whole}.${fraction.join('')}`;
        expect(parseDecimal(value, currency)).toEqual({ ok: false, problem: 'TOO_MANY_DECIMALS' });
      }),
    );
    const zeros = `1.${'0'.repeat(exponent + 1)}`;
    expect(parseDecimal(zeros, currency)).toEqual({ ok: false, problem: 'TOO_MANY_DECIMALS' });
  });

  it('ends at 2^63 - 1 minor units in both directions', () => {
    for (const minor of [MAX_MINOR, -MAX_MINOR])
      expect(parsed(spelled(minor, exponent), currency).minor).toBe(minor);
    fc.assert(
      fc.property(fc.bigInt({ min: MAX_MINOR + 1n, max: 10n ** 80n }), fc.boolean(), (minor, negative) => {
        const value = spelled(negative ? -minor : minor, exponent);
        expect(parseDecimal(value, currency)).toEqual({ ok: false, problem: 'OUT_OF_RANGE' });
      }),
    );
    const next = spelled(MAX_MINOR + 1n, exponent);
    expect(parseDecimal(next, currency)).toEqual({ ok: false, problem: 'OUT_OF_RANGE' });
  });

  it('is never made of a text that it would not print back', () => {
    const almostNumber = fc.string({
      unit: fc.constantFrom(...'0123456789.-+eE_, ٣０'.split('')),
      maxLength: 24,
    });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), almostNumber), (text) => {
        const result = parseDecimal(text, currency);
        if (!result.ok) return;
        expect(text).toMatch(/^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/);
        const printed = formatDecimal(result.money);
        // Equal as decimals: the same text once the missing zeros are written and the sign of zero is dropped.
        const padded = text.includes('.') || exponent === 0 ? text : `${text}.`;
        const full =
          padded + '0'.repeat(Math.max(0, printed.replace('-', '').length - padded.replace('-', '').length));
        expect(printed).toBe(result.money.minor === 0n ? full.replace('-', '') : full);
        expect(parsed(printed, currency)).toEqual(result.money);
      }),
    );
  });
});

describe('parseDecimal', () => {
  it.each([
    ['1500', 'RUB', 150000n],
    ['1500.5', 'RUB', 150050n],
    ['1500.50', 'RUB', 150050n],
    ['0', 'RUB', 0n],
    ['0.01', 'RUB', 1n],
    ['-0.01', 'RUB', -1n],
    ['-0', 'RUB', 0n],
    ['1500', 'JPY', 1500n],
    ['1.005', 'KWD', 1005n],
    ['0.0001', 'CLF', 1n],
    ['9007199254740993', 'JPY', 9007199254740993n],
    ['90071992547409.93', 'RUB', 9007199254740993n],
  ] as const)('reads %s %s exactly', (value, currency, minor) => {
    expect(parseDecimal(value, currency)).toEqual({ ok: true, money: { minor, currency } });
  });

  it.each([
    '',
    ' ',
    '.',
    '-',
    '+1',
    '--1',
    '1.',
    '.5',
    '-.5',
    '00',
    '01',
    '-01',
    '1e3',
    '1E3',
    '1,5',
    '1 000',
    '1_000',
    ' 1',
    '1 ',
    '1\n',
    '\u00a01',
    '1.5.0',
    '0x10',
    'Infinity',
    'NaN',
    '1n',
    '١٢',
    '１',
    '−1',
    '1.٥',
    'null',
    '1\u0000',
  ])('refuses %j as malformed', (value) => {
    expect(parseDecimal(value, 'RUB')).toEqual({ ok: false, problem: 'MALFORMED' });
  });

  it.each([
    ['1500.000', 'RUB', 'TOO_MANY_DECIMALS'],
    ['1500.0', 'JPY', 'TOO_MANY_DECIMALS'],
    ['92233720368547758.07', 'RUB', undefined],
    ['92233720368547758.08', 'RUB', 'OUT_OF_RANGE'],
    ['-92233720368547758.08', 'RUB', 'OUT_OF_RANGE'],
    ['9'.repeat(1_000_000), 'RUB', 'OUT_OF_RANGE'],
  ] as const)('answers %.25s %s with %s', (value, currency, problem) => {
    const result = parseDecimal(value, currency);
    expect(result.ok ? undefined : result.problem).toBe(problem);
  });
});

describe('arithmetic', () => {
  it('adds, subtracts and compares exactly, above 2^53 too', () => {
    const half = fc.bigInt({ min: -(MAX_MINOR / 2n), max: MAX_MINOR / 2n });
    fc.assert(
      fc.property(half, half, (a, b) => {
        const left: Money = { minor: a, currency: 'RUB' };
        const right: Money = { minor: b, currency: 'RUB' };
        expect(addMoney(left, right)).toEqual({ minor: a + b, currency: 'RUB' });
        expect(subtractMoney(addMoney(left, right), right)).toEqual(left);
        expect(Math.sign(compareMoney(left, right))).toBe(a < b ? -1 : a > b ? 1 : 0);
        expect(addMoney(left, zero('RUB'))).toEqual(left);
      }),
    );
  });

  it.each([addMoney, subtractMoney, compareMoney])('throws when the currencies differ (%o)', (operation) => {
    expect(() => operation({ minor: 1n, currency: 'RUB' }, { minor: 1n, currency: 'USD' })).toThrow(
      TypeError,
    );
  });

  it('throws when a result leaves the range of amounts', () => {
    const most: Money = { minor: MAX_MINOR, currency: 'RUB' };
    const one: Money = { minor: 1n, currency: 'RUB' };
    expect(() => addMoney(most, one)).toThrow(RangeError);
    expect(() => subtractMoney({ minor: -MAX_MINOR, currency: 'RUB' }, one)).toThrow(RangeError);
  });
});
