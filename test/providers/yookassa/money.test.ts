import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { currencies, MAX_MINOR } from '../../../src/money.ts';
import { fromWire, takesCurrency, toWire } from '../../../src/providers/yookassa/money.ts';

test('roubles go both ways with exactly two decimals', () => {
  expect(toWire({ minor: 150000n, currency: 'RUB' })).toEqual({ value: '1500.00', currency: 'RUB' });
  expect(toWire({ minor: 1n, currency: 'RUB' })).toEqual({ value: '0.01', currency: 'RUB' });
  expect(fromWire({ value: '1500.00', currency: 'RUB' })).toEqual({ minor: 150000n, currency: 'RUB' });
});

test('the currencies are those of the published enum', () => {
  expect([...currencies].filter(takesCurrency).toSorted()).toEqual(
    'AMD AZN BYN EUR INR KZT MDL RUB TRY UAH USD UZS'.split(' '),
  );
});

test.each([
  '1500',
  '1500.0',
  '1500.000',
  '1,500.00',
  '1500,00',
  '-1.00',
  '+1.00',
  '1e3',
  ' 1.00',
  '.50',
  '01.00',
  '',
])('the value %j is no amount', (value) => {
  expect(fromWire({ value, currency: 'RUB' })).toBeUndefined();
});

test('neither is one in another currency, or one beyond what can be stored', () => {
  expect(fromWire({ value: '1.00', currency: 'GBP' })).toBeUndefined();
  expect(fromWire({ value: '1.00', currency: 'rub' })).toBeUndefined();
  expect(fromWire({ value: '92233720368547758.07', currency: 'RUB' })?.minor).toBe(MAX_MINOR);
  expect(fromWire({ value: '92233720368547758.08', currency: 'RUB' })).toBeUndefined();
});

test('what cannot be sent throws', () => {
  expect(() => toWire({ minor: 0n, currency: 'RUB' })).toThrow(RangeError);
  expect(() => toWire({ minor: -1n, currency: 'RUB' })).toThrow(RangeError);
  expect(() => toWire({ minor: 100n, currency: 'JPY' })).toThrow(RangeError);
});

property.prop([fc.bigInt({ min: 1n, max: MAX_MINOR })])('every amount comes back as it went', (minor) => {
  const wire = toWire({ minor, currency: 'EUR' });
  expect(wire.value).toMatch(/^\d+\.\d\d$/);
  expect(fromWire(wire)).toEqual({ minor, currency: 'EUR' });
});
