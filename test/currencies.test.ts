import { describe, expect, it } from 'vitest';
import { currencies, exponentOf, isCurrency, toCurrency } from '../src/money.ts';

/**
 * Where some release of ICU prints other decimals than ISO 4217 defines (it follows usage: CLDR supplemental data,
 * `currencyData/fractions`). A new name in this list is a reason to look at the standard, never to change the table.
 */
const INTL_DEVIATES = new Set(
  'AFN ALL COP HUF IDR IQD IRR KPW LAK LBP MGA MMK MRU PKR RSD SOS SYP TZS UZS YER'.split(' '),
);

const withExponent = (exponent: number) => currencies.filter((code) => exponentOf(code) === exponent);

describe('the table of currencies', () => {
  it('holds the codes with 0, 3 and 4 decimals, and everything else has 2', () => {
    expect(withExponent(0).join(' ')).toBe(
      'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
    );
    expect(withExponent(3).join(' ')).toBe('BHD IQD JOD KWD LYD OMR TND');
    expect(withExponent(4).join(' ')).toBe('CLF UYW');
    expect(withExponent(2)).toHaveLength(currencies.length - 17 - 7 - 2);
  });

  it('lists every code once, 165 of them since amendment 180', () => {
    expect(new Set(currencies).size).toBe(currencies.length);
    expect(currencies).toHaveLength(165);
    for (const code of currencies) expect(code).toMatch(/^[A-Z]{3}$/);
  });

  it('agrees with Intl wherever Intl follows the standard', () => {
    const format = (currency: string) => new Intl.NumberFormat('en', { style: 'currency', currency });
    const differing = currencies
      .filter((code) => Intl.supportedValuesOf('currency').includes(code))
      .filter((code) => format(code).resolvedOptions().maximumFractionDigits !== exponentOf(code));
    expect(differing.filter((code) => !INTL_DEVIATES.has(code))).toEqual([]);
  });

  it.each(['ZWG', 'SLE', 'VED', 'XCG', 'XAD', 'MRU', 'STN', 'BYN'])('knows the recent code %s', (code) => {
    expect(isCurrency(code)).toBe(true);
  });

  it.each(['HRK', 'BGN', 'ANG', 'CUC', 'SLL', 'ZWL', 'BYR', 'RUR', 'VEF'])(
    'does not know the withdrawn code %s',
    (code) => {
      expect(isCurrency(code)).toBe(false);
    },
  );

  it.each('XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX'.split(' '))(
    'leaves out %s, which has no minor unit',
    (code) => {
      expect(isCurrency(code)).toBe(false);
    },
  );

  it.each(['rub', 'Rub', ' RUB', 'RUB ', 'RUB\n', 'RU', '', 'РUB', '643', 'constructor', '__proto__'])(
    'does not take %j for a currency',
    (text) => {
      expect(isCurrency(text)).toBe(false);
      expect(() => toCurrency(text)).toThrow(RangeError);
    },
  );
});
