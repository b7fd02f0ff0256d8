import { describe, expect, test } from 'vitest';
import type { RefundOrder } from '../../../src/providers/provider.ts';
import { yandexPay, yandexSplit } from '../../../src/providers/yandex-pay/index.ts';
import { KEY, refundOrder } from './account.ts';
import { line } from './carts.ts';

const build = (more: Partial<RefundOrder> = {}) => yandexPay.buildRefund({ ...refundOrder, ...more });
const bodyOf = (more: Partial<RefundOrder> = {}): unknown => JSON.parse(build(more).body!);
const problemsOf = (more: Partial<RefundOrder> = {}) => yandexPay.checkRefund({ ...refundOrder, ...more });
const rub = (minor: bigint) => ({ minor, currency: 'RUB' }) as const;

describe('the bytes', () => {
  test('are these, with an id of the request that changes with every making', () => {
    expect(build()).toEqual({
      method: 'POST',
      path: '/v2/orders/order-7781/refund',
      headers: {
        'Content-Type': 'application/json',
        'X-Request-Id': `${KEY}-0`,
        'X-Request-Timeout': '10000',
      },
      body: `{"refundAmount":"100.00","externalOperationId":"${KEY}","targetCart":{"items":[{"productId":"sku-1","quantityCount":"2"}]}}`,
    });
    expect(build({ sends: 2 }).headers['X-Request-Id']).toBe(`${KEY}-2`);
    expect(build({ sends: 2 }).body).toBe(build().body);
    expect(build({ metadata: { note: 'kept by us' } })).toEqual(build());
  });

  test('of all that is left name no cart, also where its lines are known', () => {
    const all = { takesRest: true, amount: rub(30_000n) };
    expect(bodyOf({ ...all, cart: [], items: [] })).toEqual({
      refundAmount: '300.00',
      externalOperationId: KEY,
    });
    const items = [{ item: 'sku-1', quantityHundredths: 300n, amountMinor: 30_000n }];
    expect(bodyOf({ ...all, items })).not.toHaveProperty('targetCart');
  });

  test('name no cart that would be empty', () => {
    const items = [{ item: 'sku-1', quantityHundredths: 300n, amountMinor: 30_000n }];
    expect(bodyOf({ amount: rub(30_000n), items })).not.toHaveProperty('targetCart');
  });

  test('name the cart where it shows more than what our books call the rest', () => {
    expect(bodyOf({ takesRest: true })).toHaveProperty('targetCart');
  });

  test('of a price cut name the unit price that is left', () => {
    const items = [{ item: 'sku-1', quantityHundredths: 0n, amountMinor: 9_000n }];
    expect(bodyOf({ amount: rub(9_000n), items })).toMatchObject({
      refundAmount: '90.00',
      targetCart: { items: [{ productId: 'sku-1', price: '70.00' }] },
    });
  });

  test('leave out what goes back as a whole, keep what stays, and print fractions with two decimals', () => {
    const cart = [
      line('whole', 100n, 5_000n),
      line('cloth', 250n, 25_000n),
      line('gift', 100n, 0n),
      line('odd', 300n, 100n),
    ];
    const items = [
      { item: 'cloth', quantityHundredths: 75n, amountMinor: 7_500n },
      { item: 'whole', quantityHundredths: 100n, amountMinor: 5_000n },
    ];
    expect(bodyOf({ cart, items, amount: rub(12_500n) })).toMatchObject({
      targetCart: {
        items: [
          { productId: 'cloth', quantityCount: '1.75' },
          { productId: 'gift' },
          // Three for 1.00 have no unit price; what nobody touches stays as it is.
          { productId: 'odd' },
        ],
      },
    });
  });
});

describe('shares of one line that are sent in another order than they were laid', () => {
  const cart = [line('sku-1', 300n, 30_000n), line('sku-2', 100n, 5_000n)];
  const taking = (quantityHundredths: bigint, amountMinor: bigint) =>
    bodyOf({ cart, items: [{ item: 'sku-1', quantityHundredths, amountMinor }], amount: rub(amountMinor) });

  test('the whole quantity for a part of the price is that much off it', () => {
    expect(taking(300n, 9_000n)).toMatchObject({
      refundAmount: '90.00',
      targetCart: { items: [{ productId: 'sku-1', price: '70.00' }, { productId: 'sku-2' }] },
    });
  });

  test('the whole price takes the quantity along', () => {
    expect(taking(0n, 30_000n)).toMatchObject({
      refundAmount: '300.00',
      targetCart: { items: [{ productId: 'sku-2' }] },
    });
  });
});

describe('an order that Yandex Pay would refuse', () => {
  const share = (quantityHundredths: bigint, amountMinor: bigint, item = 'sku-1') => ({
    item,
    quantityHundredths,
    amountMinor,
  });

  test.each<[why: string, more: Partial<RefundOrder>]>([
    ['a part without items', { items: [] }],
    ['items of another sum', { amount: rub(10_001n) }],
    ['an unknown item', { items: [share(100n, 10_000n, 'sku-2')] }],
    ['an item twice', { amount: rub(20_000n), items: [share(100n, 10_000n), share(100n, 10_000n)] }],
    ['more than is left of a line', { cart: [line('sku-1', 50n, 5_000n), line('sku-2', 100n, 90_000n)] }],
    ['a rest that cannot be divided', { items: [share(0n, 10_000n)] }],
    ['a price that would go up', { amount: rub(10_000n), items: [share(200n, 10_000n)] }],
    ['the whole quantity for a part of the price', { items: [share(300n, 10_000n)] }],
    ['nothing', { amount: rub(0n), items: [] }],
    ['less than 1.00', { amount: rub(99n), items: [share(0n, 99n)] }],
    ['less than 1.00 that stays', { amount: rub(29_940n), items: [share(0n, 29_940n)] }],
    ['an id that is none', { providerPaymentId: '../orders' }],
    [
      'a receipt',
      {
        receipt: {
          customer: { fullName: null, inn: null, email: 'a@b.example', phone: null },
          items: [],
          taxSystemCode: null,
        },
      },
    ],
    ['a seller', { sources: [{ seller: 'one', amountMinor: 10_000n, platformFeeMinor: null }] }],
  ])('is refused beforehand: %s', (_why, more) => {
    expect(problemsOf(more)).not.toEqual([]);
    expect(() => build(more)).toThrow(RangeError);
  });

  test('names the nearest amounts where a minimum is the problem, in Russia only', () => {
    const small = { amount: rub(60n), items: [share(0n, 60n)] };
    expect(problemsOf(small)).toMatchObject([{ path: ['amount'], nearestMinor: [100n, 29_900n, 30_000n] }]);
    expect(yandexSplit.checkRefund({ ...refundOrder, ...small })).toEqual([]);
  });

  test('may be the last kopecks of an order', () => {
    expect(problemsOf({ takesRest: true, amount: rub(120n), cart: [], items: [] })).toEqual([]);
  });
});
