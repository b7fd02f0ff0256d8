import { describe, expect, test } from 'vitest';
import { yandexPay, yandexPayProvider, yandexSplit } from '../../../src/providers/yandex-pay/index.ts';
import { authorization } from '../../../src/providers/yandex-pay/credentials.ts';
import { printAmount, printQuantity, readHundredths } from '../../../src/providers/yandex-pay/money.ts';
import { MERCHANT_ID } from './account.ts';

const { settings } = yandexPayProvider;

describe('an account', () => {
  test.each([
    [{}, { edition: 'ru', currency: 'RUB' }, yandexPay, 'https://pay.yandex.ru/api/merchant'],
    [
      { edition: 'uz' },
      { edition: 'uz', currency: 'UZS' },
      yandexSplit,
      'https://pay.yandex.uz/api/merchant',
    ],
    [
      { edition: 'uz', currency: 'RUB' },
      { edition: 'uz', currency: 'RUB' },
      yandexSplit,
      'https://pay.yandex.uz/api/merchant',
    ],
  ])('with the options %o has its edition, its currency and its host', (given, options, adapter, baseUrl) => {
    const parsed = settings.options.parse(given);
    expect(parsed).toEqual(options);
    expect(yandexPayProvider.adapterOf(parsed, { apiKey: 'key', merchantId: 'id' })).toBe(adapter);
    expect(settings.defaultBaseUrlOf?.(parsed)).toBe(baseUrl);
  });

  test.each([{ edition: 'kz' }, { currency: 'JPY' }, { currency: 'RUR' }, { region: 'ru' }])(
    'cannot have the options %o',
    (given) => {
      expect(settings.options.safeParse(given).success).toBe(false);
    },
  );

  test('is the merchant of its Merchant ID, and sends its key as documented', () => {
    const parsed = settings.credentials.parse({ apiKey: MERCHANT_ID, merchantId: MERCHANT_ID });
    expect(settings.identityOf(parsed, { edition: 'ru', currency: 'RUB' })).toBe(MERCHANT_ID);
    // The example of the provider's own sandbox, where the key is the Merchant ID.
    expect(authorization(parsed)).toEqual({
      authorization: 'Api-Key 0b6f2c1e-6f0a-5d3e-9a54-3f6d2a7c8e10',
    });
    for (const wrong of [
      { apiKey: 'a b', merchantId: 'x' },
      { apiKey: 'a', merchantId: 'a/b' },
      { apiKey: 'a' },
    ])
      expect(settings.credentials.safeParse(wrong).success).toBe(false);
  });
});

test('minimums are those of the edition', () => {
  expect(yandexPay.amountRules('RUB')).toEqual({
    minimumMinor: 100n,
    stepMinor: 1n,
    leaveAtLeastMinor: 100n,
  });
  expect(yandexSplit.amountRules('UZS')).toEqual({ minimumMinor: 1n, stepMinor: 1n, leaveAtLeastMinor: 0n });
});

describe('a decimal', () => {
  test.each([
    ['0', 0n],
    ['0.00', 0n],
    ['123.45', 12_345n],
    ['3', 300n],
    ['2.5', 250n],
    ['70.000000', 7_000n],
  ])('%s is read exactly', (text, hundredths) => {
    expect(readHundredths(text)).toBe(hundredths);
  });

  test.each([
    '',
    '-1',
    '1e3',
    '1,5',
    '01',
    '.5',
    '5.',
    '1.001',
    '1.0000000000001',
    '12345678901234567',
    ' 1',
    '١',
  ])('%j is none', (text) => {
    expect(readHundredths(text)).toBeUndefined();
  });

  test('is printed as the documentation prints it', () => {
    expect([0n, 5n, 50n, 12_345n, 100_000n].map(printAmount)).toEqual([
      '0.00',
      '0.05',
      '0.50',
      '123.45',
      '1000.00',
    ]);
    expect([100n, 250n, 1n, 1_000n].map(printQuantity)).toEqual(['1', '2.50', '0.01', '10']);
  });
});
