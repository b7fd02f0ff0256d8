import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rub } from '../harness.ts';
import { items, MUGS, operationOf, startYandex, type YandexHarness } from './harness.ts';

describe('yandex-pay refunds', () => {
  let sandbox: YandexHarness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startYandex();
    id = await sandbox.payment(MUGS);
  });
  afterEach(() => sandbox.close());

  const keep = (...lines: [string, string?, string?][]) => ({
    targetCart: {
      items: lines.map(([productId, quantityCount, price]) => ({ productId, quantityCount, price })),
    },
  });

  it('answers PENDING and succeeds by the next read', async () => {
    const reply = await sandbox.refund(id, '300.00', {
      externalOperationId: 'rf-1',
      motive: 'order cancelled',
      branchId: 'b-1',
    });
    expect(reply).toMatchObject({ status: 200, body: { code: 200, status: 'success' } });
    expect(operationOf(reply)).toEqual({
      operationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      operationType: 'REFUND',
      orderId: id,
      amount: '300.00',
      pointsAmount: null,
      status: 'PENDING',
      reason: null,
      params: { motive: 'order cancelled', branch_id: 'b-1', manager_id: null },
      externalOperationId: 'rf-1',
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+03:00$/),
      updated: expect.any(String),
    });
    const { order, operations } = await sandbox.order(id);
    expect(order).toMatchObject({
      orderId: id,
      merchantId: '0b6f2c1e-6f0a-5d3e-9a54-3f6d2a7c8e10',
      currencyCode: 'RUB',
      orderAmount: '0.00',
      paymentStatus: 'REFUNDED',
      cart: { items: [], total: { amount: '0.00' } },
    });
    expect(operations).toMatchObject([
      { operationType: 'CAPTURE', amount: '300.00', status: 'SUCCESS', approvalCode: expect.any(String) },
      { operationType: 'REFUND', amount: '300.00', status: 'SUCCESS', externalOperationId: 'rf-1' },
    ]);
    expect(operationOf(await sandbox.api('GET', '/v1/operations/rf-1'))).toEqual(operations[1]);
  });

  it('takes units out of the cart, and goes on from what is left', async () => {
    expect((await sandbox.refund(id, '100.00', keep(['mug', '2']))).status).toBe(200);
    const { order } = await sandbox.order(id);
    expect(order).toMatchObject({ orderAmount: '200.00', paymentStatus: 'PARTIALLY_REFUNDED' });
    expect(order.cart.items).toMatchObject([
      { productId: 'mug', quantity: { count: '2' }, unitPrice: '100.00', total: '200.00' },
    ]);
    expect((await sandbox.refund(id, '200.00')).status).toBe(200);
    expect((await sandbox.order(id)).order.paymentStatus).toBe('REFUNDED');
    expect(await sandbox.ledger(id)).toMatchObject({
      capturedMinor: '30000',
      status: 'REFUNDED',
      refunds: [{ amountMinor: '10000' }, { amountMinor: '20000' }],
    });
  });

  it('cuts a unit price, which is rewritten or kept beside the new one', async () => {
    await sandbox.refund(id, '90.00', keep(['mug', undefined, '70.00']));
    const line = async () => (await sandbox.order(id)).order.cart.items[0];
    const cut = { discountedUnitPrice: '70.00', finalPrice: '70.00', total: '210.00' };
    expect(await line()).toMatchObject({ ...cut, unitPrice: '70.00', subtotal: '210.00' });
    await sandbox.mode({ priceCut: 'beside' });
    expect(await line()).toMatchObject({ ...cut, unitPrice: '100.00', subtotal: '300.00' });
    expect((await sandbox.refund(id, '70.00', keep(['mug', '2']))).status).toBe(200);
    expect((await sandbox.order(id)).order.orderAmount).toBe('140.00');
  });

  it('counts quantities in hundredths', async () => {
    const cloth = await sandbox.payment({
      amount: rub('250.00'),
      items: items(['cloth', '2.50', '100.00']),
    });
    expect((await sandbox.order(cloth)).order.cart.items[0]).toMatchObject({ quantity: { count: '2.50' } });
    await sandbox.refund(cloth, '25.00', keep(['cloth', '2.50', '90.00']));
    expect((await sandbox.order(cloth)).order.orderAmount).toBe('225.00');
    await sandbox.refund(cloth, '112.50', keep(['cloth', '1.25']));
    expect((await sandbox.order(cloth)).order.cart.items).toMatchObject([
      { quantity: { count: '1.25' }, finalPrice: '90.00', total: '112.50' },
    ]);
  });

  it('gives back what the target leaves out, as a product or as zero units', async () => {
    const order = await sandbox.payment({
      amount: rub('60.00'),
      items: items(['a', '1', '10.00'], ['b', '1', '20.00'], ['c', '1', '30.00']),
    });
    await sandbox.refund(order, '30.00', keep(['b', '0'], ['c']));
    expect((await sandbox.order(order)).order.cart.items).toMatchObject([{ productId: 'c' }]);
    await sandbox.refund(order, '30.00', keep());
    expect((await sandbox.order(order)).order.paymentStatus).toBe('REFUNDED');
  });

  it('accepts amounts as JSON numbers and answers texts', async () => {
    const reply = await sandbox.refund(id, 199.5, keep(['mug', '1', '100.50']));
    expect(reply.body['reason']).toMatch(/price/i);
    const cut = await sandbox.refund(id, 149.1, keep(['mug', undefined, '50.30']));
    expect(operationOf(cut)['amount']).toBe('149.10');
  });

  it('keeps the order amount until the success, or lowers it at the creation', async () => {
    await sandbox.mode({ refunds: 'pending' });
    await sandbox.refund(id, '100.00', keep(['mug', '2']));
    expect((await sandbox.order(id)).order).toMatchObject({
      orderAmount: '300.00',
      paymentStatus: 'CAPTURED',
    });
    await sandbox.mode({ amountShrinks: 'creation' });
    expect((await sandbox.order(id)).order).toMatchObject({
      orderAmount: '200.00',
      paymentStatus: 'CAPTURED',
      cart: { items: [{ quantity: { count: '2' } }], total: { amount: '200.00' } },
    });
    await sandbox.settle({ all: true, status: 'failed' });
    expect((await sandbox.order(id)).order.orderAmount).toBe('300.00');
  });

  it('waits for a simulated delay when it has one', async () => {
    await sandbox.mode({ settleAfterSeconds: 60 });
    await sandbox.refund(id, '300.00', { externalOperationId: 'rf-1' });
    const status = async () => operationOf(await sandbox.api('GET', '/v1/operations/rf-1'))['status'];
    expect(await status()).toBe('PENDING');
    await sandbox.advance(59);
    expect(await status()).toBe('PENDING');
    await sandbox.advance(1);
    expect(await status()).toBe('SUCCESS');
  });

  it('waits for its verdict in pending mode, and leaves the order alone when it fails', async () => {
    await sandbox.mode({ refunds: 'pending' });
    const { operationId } = operationOf(await sandbox.refund(id, '300.00', { externalOperationId: 'rf-1' }));
    const settled = await sandbox.settle({ refundId: operationId, status: 'failed', reason: 'no_funds' });
    expect(settled.body).toEqual({ settled: [operationId] });
    const { order, operations } = await sandbox.order(id);
    expect(order).toMatchObject({ paymentStatus: 'CAPTURED', orderAmount: '300.00' });
    expect(operations[1]).toMatchObject({ status: 'FAIL', reason: 'no_funds' });
    await sandbox.mode({ failedRefund: 'order-failed' });
    expect((await sandbox.order(id)).order.paymentStatus).toBe('FAILED');
    await sandbox.refund(id, '100.00', keep(['mug', '2']));
    await sandbox.settle({ all: true, status: 'succeeded' });
    expect((await sandbox.order(id)).order.paymentStatus).toBe('PARTIALLY_REFUNDED');
  });

  it('runs one operation per order at a time', async () => {
    await sandbox.mode({ refunds: 'pending' });
    const other = await sandbox.payment(MUGS);
    await sandbox.refund(id, '100.00', keep(['mug', '2']));
    expect(await sandbox.refund(id, '100.00', keep(['mug', '2']))).toMatchObject({
      status: 409,
      body: { code: 409, status: 'fail', reasonCode: 'ANOTHER_OPERATION_IN_PROGRESS' },
    });
    for (const action of ['rollback', 'cancel', 'capture']) {
      const path = `/v1/orders/${id}/${action}`;
      const { body } = await sandbox.api('POST', path, { body: { reason: 'x' } });
      expect(body['reasonCode']).toBe('ANOTHER_OPERATION_IN_PROGRESS');
    }
    expect((await sandbox.refund(other, '300.00')).status).toBe(200);
    expect((await sandbox.ledger(id)).refunds).toHaveLength(1);
  });

  it('never gives back more than was paid, however many requests run at once', async () => {
    const books = await sandbox.payment({ amount: rub('1500.00'), items: items(['book', '15', '100.00']) });
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => sandbox.refund(books, '1000.00', keep(['book', '5']))),
    );
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await sandbox.ledger(books)).toMatchObject({ status: 'PARTIALLY_REFUNDED', refunds: [{}] });
  });
});
