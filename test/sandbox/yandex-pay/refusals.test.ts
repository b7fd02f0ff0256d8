import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Json, rub } from '../harness.ts';
import {
  items,
  KEY,
  MUGS,
  OTHER_KEY,
  refusalOf,
  startYandex,
  UZBEK_KEY,
  type YandexHarness,
} from './harness.ts';

describe('yandex-pay refusals', () => {
  let sandbox: YandexHarness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startYandex();
    id = await sandbox.payment(MUGS);
  });
  afterEach(() => sandbox.close());

  const target = (...lines: Json[]) => ({ targetCart: { items: lines } });

  it.each([
    ['', 401],
    ['Api-Key', 401],
    ['Api-Key 00000000-0000-0000-0000-000000000000', 401],
    [`Bearer ${KEY}`, 401],
    [`Api-Key ${OTHER_KEY}`, 404],
    [`Api-Key ${KEY}`, 200],
    [`api-key ${KEY}`, 200],
  ])('answers the authorization "%s" with %i', async (authorization, status) => {
    const reply = await sandbox.api('GET', `/v1/orders/${id}`, { authorization });
    expect(reply.status).toBe(status);
    if (status !== 200) expect(reply.body).toMatchObject({ code: status, status: 'fail' });
  });

  it.each<[string, unknown, Json, string]>([
    ['an absent amount', undefined, {}, 'amountInvalid'],
    ['three decimals', '1.001', {}, 'amountInvalid'],
    ['zero', '0.00', {}, 'amountInvalid'],
    ['a negative amount', '-1.00', {}, 'amountInvalid'],
    ['words', 'all', {}, 'amountInvalid'],
    ['more than there is', '300.01', {}, 'amountExceeds'],
    ['less than a rouble', '0.99', target({ productId: 'mug', price: '99.67' }), 'amountMinimum'],
    [
      'less than a rouble left',
      '299.50',
      target({ productId: 'mug', quantityCount: '1', price: '0.50' }),
      'amountRemainder',
    ],
    ['a part without a cart', '100.00', {}, 'cartMismatch'],
    ['a cart of another sum', '100.01', target({ productId: 'mug', quantityCount: '2' }), 'cartMismatch'],
    ['an unchanged cart', '100.00', target({ productId: 'mug' }), 'cartMismatch'],
    ['an unknown product', '100.00', target({ productId: 'sofa', quantityCount: '2' }), 'productUnknown'],
    ['a product twice', '100.00', target({ productId: 'mug' }, { productId: 'mug' }), 'productTwice'],
    ['a cart without items', '100.00', { targetCart: {} }, 'itemsInvalid'],
    ['an item without a product', '100.00', target({ quantityCount: '2' }), 'itemsInvalid'],
    [
      'more units than there are',
      '1.00',
      target({ productId: 'mug', quantityCount: '3.01' }),
      'quantityExceeds',
    ],
    [
      'a quantity with three decimals',
      '100.00',
      target({ productId: 'mug', quantityCount: '2.001' }),
      'quantityInvalid',
    ],
    ['a higher price', '100.00', target({ productId: 'mug', price: '100.01' }), 'priceRaised'],
    ['a price with three decimals', '100.00', target({ productId: 'mug', price: '66.667' }), 'amountInvalid'],
    ['a price of nothing', '300.00', target({ productId: 'mug', price: '0.00' }), 'amountInvalid'],
    [
      'a remainder that the quantity does not divide',
      '300.00',
      target({ productId: 'mug', quantityCount: '0.33', price: '10.01' }),
      'notDivisible',
    ],
    ['both carts', '100.00', { ...target({ productId: 'mug' }), refundCart: { items: [] } }, 'cartsBoth'],
    ['a relative cart', '100.00', { refundCart: { items: [] } }, 'notSimulated'],
    ['a shipping', '300.00', { targetShipping: { amount: '0.00' } }, 'notSimulated'],
    ['a long external id', '300.00', { externalOperationId: 'x'.repeat(2_049) }, 'externalIdInvalid'],
    ['a long motive', '300.00', { motive: 'x'.repeat(2_049) }, 'fieldInvalid'],
  ])('refuses %s', async (_what, amount, extra, key) => {
    await sandbox.mode({ texts: { [key]: `because of ${key}` } });
    expect(refusalOf(await sandbox.refund(id, amount, extra))).toEqual([400, `because of ${key}`]);
    expect((await sandbox.ledger(id)).refunds).toEqual([]);
    expect((await sandbox.order(id)).order.orderAmount).toBe('300.00');
  });

  it('refuses what cannot be divided: the remainder of three units by 100.00', async () => {
    const thirds = target({ productId: 'mug', quantityCount: '3', price: '66.67' });
    expect((await sandbox.refund(id, '100.00', thirds)).status).toBe(400);
    const possible = target({ productId: 'mug', quantityCount: '3', price: '70.00' });
    expect((await sandbox.refund(id, '90.00', possible)).status).toBe(200);
  });

  it('has no minimums in the Uzbek edition, and its own currency', async () => {
    const som = await sandbox.payment({
      account: 'yandex-pay-uz',
      amount: { value: '300.00', currency: 'UZS' },
    });
    const authorization = `Api-Key ${UZBEK_KEY}`;
    const keep = { productId: 'item-1', price: '299.50' };
    const path = `/v2/orders/${som}/refund`;
    const body = { refundAmount: '0.50', ...target(keep) };
    expect((await sandbox.api('POST', path, { authorization, body })).status).toBe(200);
    const { body: read } = await sandbox.api('GET', `/v1/orders/${som}`, { authorization });
    expect(read['data']).toMatchObject({
      order: { currencyCode: 'UZS', orderAmount: '299.50', created: expect.stringMatching(/\d{6}Z$/) },
    });
    await sandbox.mode({ uzbekCurrency: 'RUB' });
    await sandbox.payment({ account: 'yandex-pay-uz', amount: rub('5.00') });
  });

  it.each(['pending', 'authorized'])('refuses an order that is %s', async (status) => {
    const order = await sandbox.payment({ ...MUGS, status });
    expect(refusalOf(await sandbox.refund(order, '300.00'))).toEqual([
      400,
      'Operation is not allowed in the present status of the order',
    ]);
  });

  it('refuses a refunded and a rolled back order', async () => {
    await sandbox.refund(id, '300.00');
    expect((await sandbox.refund(id, '1.00')).status).toBe(400);
    const rolledBack = await sandbox.payment(MUGS);
    await sandbox.api('POST', `/v1/orders/${rolledBack}/rollback`);
    expect((await sandbox.refund(rolledBack, '300.00')).status).toBe(400);
  });

  it('answers 404 for what is not there, also for the deprecated refund', async () => {
    const { operations } = await sandbox.order(id);
    for (const [method, path] of [
      ['GET', '/v1/orders/unknown'],
      ['POST', '/v2/orders/unknown/refund'],
      ['POST', '/v1/orders/unknown/rollback'],
      ['GET', '/v1/operations/unknown'],
      ['GET', `/v1/operations/${String(operations[0]?.['operationId'])}`],
      ['POST', `/v1/orders/${id}/refund`],
      ['GET', '/v1/orders'],
      ['GET', `/v1/orders/%E0%A4%A`],
    ] as const) {
      const body = method === 'POST' ? { refundAmount: '300.00' } : undefined;
      expect(await sandbox.api(method, path, { body })).toMatchObject({
        status: 404,
        body: { status: 'fail' },
      });
    }
    expect((await sandbox.ledger(id)).refunds).toEqual([]);
  });

  it('finds order ids that are encoded in the path', async () => {
    const order = await sandbox.payment({ ...MUGS, reference: 'order #1/1' });
    expect((await sandbox.order('order%20%231%2F1')).order['orderId']).toBe(order);
  });

  it('refuses a body that is no JSON object', async () => {
    for (const body of ['{"refundAmount":', '[]', '"x"']) {
      const reply = await sandbox.api('POST', `/v2/orders/${id}/refund`, { body });
      expect(reply.status).toBe(400);
    }
  });

  it('says what is undocumented as it is told to', async () => {
    await sandbox.mode({
      statuses: { amountExceeds: 409, orderUnknown: 410 },
      reasonCodes: { amountExceeds: 'TOO_MUCH', cartMismatch: null },
    });
    expect(await sandbox.refund(id, '999.00')).toMatchObject({
      status: 409,
      body: { code: 409, reasonCode: 'TOO_MUCH' },
    });
    expect((await sandbox.refund(id, '1.00')).body).toEqual({
      code: 400,
      status: 'fail',
      reason: 'Cart total amount mismatch',
    });
    expect((await sandbox.api('GET', '/v1/orders/unknown')).status).toBe(410);
    await sandbox.mode({ notFoundBody: 'empty' });
    expect(await sandbox.api('GET', '/v1/operations/x')).toMatchObject({ status: 404, text: '' });
    await sandbox.mode({ notFoundBody: 'html' });
    expect((await sandbox.api('GET', '/v1/operations/x')).text).toMatch(/^<html>/);
  });

  it('keeps two lines apart: each one must be divisible', async () => {
    const order = await sandbox.payment({
      amount: rub('300.00'),
      items: items(['a', '3', '50.00'], ['b', '1', '150.00']),
    });
    const lines = [{ productId: 'a', price: '16.67' }, { productId: 'b' }];
    expect((await sandbox.refund(order, '100.00', target(...lines))).status).toBe(400);
    const other = [{ productId: 'a' }, { productId: 'b', price: '50.00' }];
    expect((await sandbox.refund(order, '100.00', target(...other))).status).toBe(200);
  });
});
