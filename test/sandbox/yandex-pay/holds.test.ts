import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Json, rub } from '../harness.ts';
import { items, MUGS, operationOf, startYandex, type YandexHarness } from './harness.ts';

describe('yandex-pay holds and rollback', () => {
  let sandbox: YandexHarness;
  let held: string;
  beforeEach(async () => {
    sandbox = await startYandex();
    held = await sandbox.payment({ ...MUGS, status: 'authorized' });
  });
  afterEach(() => sandbox.close());

  const post = (id: string, action: string, body?: object) =>
    sandbox.api('POST', `/v1/orders/${id}/${action}`, { body });

  it('cancels a hold, for a reason only', async () => {
    expect((await post(held, 'cancel', {})).status).toBe(400);
    const reply = await post(held, 'cancel', { reason: 'out of stock', externalOperationId: 'v-1' });
    expect(operationOf(reply)).toMatchObject({
      operationType: 'VOID',
      status: 'PENDING',
      amount: '300.00',
      externalOperationId: 'v-1',
    });
    expect((await sandbox.order(held)).order.paymentStatus).toBe('VOIDED');
    expect(operationOf(await sandbox.api('GET', '/v1/operations/v-1'))['status']).toBe('SUCCESS');
    expect(await sandbox.ledger(held)).toMatchObject({
      voided: true,
      releasedMinor: '30000',
      capturedMinor: '0',
      refunds: [],
    });
    expect((await post(held, 'cancel', { reason: 'again' })).status).toBe(400);
  });

  it('ends hold operations at once or by settle when so configured', async () => {
    await sandbox.mode({ holdOperations: 'immediate' });
    const other = await sandbox.payment({ ...MUGS, status: 'authorized' });
    expect(operationOf(await post(other, 'cancel', { reason: 'x' }))['status']).toBe('SUCCESS');
    await sandbox.mode({ holdOperations: 'pending' });
    await post(held, 'cancel', { reason: 'x' });
    expect((await sandbox.order(held)).order.paymentStatus).toBe('AUTHORIZED');
    await sandbox.settle({ all: true, status: 'failed' });
    expect((await sandbox.order(held)).order.paymentStatus).toBe('AUTHORIZED');
    await post(held, 'cancel', { reason: 'x' });
    await sandbox.settle({ all: true, status: 'succeeded' });
    expect((await sandbox.order(held)).order.paymentStatus).toBe('VOIDED');
  });

  it('captures everything', async () => {
    expect(operationOf(await post(held, 'capture', {}))).toMatchObject({
      operationType: 'CAPTURE',
      amount: '300.00',
    });
    expect((await sandbox.order(held)).order.paymentStatus).toBe('CAPTURED');
    expect(await sandbox.ledger(held)).toMatchObject({ capturedMinor: '30000', voided: false });
    expect((await sandbox.refund(held, '300.00')).status).toBe(200);
  });

  it('captures a smaller amount with a smaller cart and releases the rest', async () => {
    const cart = { items: [{ productId: 'mug', quantity: { count: '2' }, unitPrice: '90.00' }] };
    const path = 'capture';
    expect((await post(held, path, { orderAmount: '181.00', cart })).body['reason']).toMatch(/mismatch/);
    expect((await post(held, path, { orderAmount: '300.01' })).status).toBe(400);
    const one = { productId: 'mug', quantity: { count: '1' } };
    expect((await post(held, path, { cart: { items: [one, one] } })).body['reason']).toMatch(/twice/);
    const four = { productId: 'mug', quantity: { count: '4' } };
    expect((await post(held, path, { cart: { items: [four] } })).body['reason']).toMatch(/exceeds/);
    expect((await post(held, path, { orderAmount: '180.00', cart })).status).toBe(200);
    expect((await sandbox.order(held)).order).toMatchObject({
      orderAmount: '180.00',
      cart: { items: [{ quantity: { count: '2' }, total: '180.00' }] },
    });
    expect(await sandbox.ledger(held)).toMatchObject({
      capturedMinor: '18000',
      releasedMinor: '12000',
      voided: false,
    });
    expect((await sandbox.refund(held, '300.00')).status).toBe(400);
  });

  it('captures a smaller amount without a cart, if it can be divided', async () => {
    expect((await post(held, 'capture', { orderAmount: '200.02' })).status).toBe(400);
    expect((await post(held, 'capture', { orderAmount: '200.00' })).status).toBe(200);
    expect((await sandbox.order(held)).order.orderAmount).toBe('200.00');
  });

  it('submits what is paid on delivery, and captures or cancels nothing else', async () => {
    const confirmed = await sandbox.payment({ ...MUGS, status: 'authorized', method: 'split' });
    expect((await sandbox.order(confirmed)).order.paymentStatus).toBe('CONFIRMED');
    expect((await post(confirmed, 'capture', {})).status).toBe(400);
    expect((await post(confirmed, 'cancel', { reason: 'x' })).status).toBe(400);
    expect((await post(held, 'submit', {})).status).toBe(400);
    expect(operationOf(await post(confirmed, 'submit', {}))['operationType']).toBe('SUBMIT');
    expect((await sandbox.order(confirmed)).order.paymentStatus).toBe('CAPTURED');
  });

  it('rolls back an unpaid order, and a hold', async () => {
    const unpaid = await sandbox.payment({ ...MUGS, status: 'pending' });
    for (const id of [unpaid, held]) {
      expect((await post(id, 'rollback')).body).toEqual({ code: 200, status: 'success', data: {} });
      expect((await sandbox.order(id)).order).toMatchObject({
        paymentStatus: 'FAILED',
        orderAmount: '300.00',
      });
    }
    expect(await sandbox.ledger(unpaid)).toMatchObject({ voided: false, releasedMinor: '0', refunds: [] });
    expect(await sandbox.ledger(held)).toMatchObject({ voided: true, releasedMinor: '30000', refunds: [] });
    expect((await post(held, 'rollback', {})).status).toBe(200);
    const { body } = await sandbox.control('GET', '/control/requests?provider=yandex-pay');
    const rollbacks = (body['requests'] as Json[]).filter(({ operation }) => operation === 'cancelPayment');
    expect(rollbacks.map(({ effect }) => effect)).toEqual([true, true, false]);
  });

  it('rolls back a paid order by refunding all that is left, once, without an external id', async () => {
    const id = await sandbox.payment(MUGS);
    await sandbox.refund(id, '100.00', {
      targetCart: { items: [{ productId: 'mug', quantityCount: '2' }] },
    });
    await post(id, 'rollback');
    await post(id, 'rollback');
    const { order, operations } = await sandbox.order(id);
    expect(order).toMatchObject({ paymentStatus: 'FAILED', orderAmount: '0.00' });
    expect(operations.slice(2)).toMatchObject([
      { operationType: 'REFUND', amount: '200.00', status: 'SUCCESS', externalOperationId: null },
    ]);
    await sandbox.mode({ rollbackOperation: 'hidden' });
    expect((await sandbox.order(id)).operations).toHaveLength(2);
    expect((await sandbox.ledger(id)).refunds).toMatchObject([
      {},
      { amountMinor: '20000', providerKey: null, ourReference: null },
    ]);
  });

  it.each(['VOIDED', 'REFUNDED'])('rolls back an order that is %s without moving money', async (status) => {
    const id = status === 'VOIDED' ? held : await sandbox.payment(MUGS);
    if (status === 'VOIDED') await post(held, 'cancel', { reason: 'x' });
    else await sandbox.refund(id, '300.00');
    expect((await sandbox.order(id)).order.paymentStatus).toBe(status);
    const before = (await sandbox.ledger(id)).refunds.length;
    await post(id, 'rollback');
    expect((await sandbox.order(id)).order.paymentStatus).toBe('FAILED');
    expect((await sandbox.ledger(id)).refunds).toHaveLength(before);
  });

  it('shows an unpaid order as null when so configured', async () => {
    const unpaid = await sandbox.payment({ ...MUGS, status: 'pending' });
    expect((await sandbox.order(unpaid)).order.paymentStatus).toBe('PENDING');
    await sandbox.mode({ unpaidStatus: 'null' });
    expect((await sandbox.order(unpaid)).order.paymentStatus).toBeNull();
  });

  it('shows refunds of the console, which pick lines by themselves', async () => {
    const id = await sandbox.payment({
      amount: rub('500.00'),
      items: items(['a', '3', '100.00'], ['b', '1', '200.00']),
    });
    const refund = (value: string) =>
      sandbox.control('POST', '/control/console-refund', {
        provider: 'yandex-pay',
        reference: id,
        amount: rub(value),
      });
    const { body } = await refund('250.00');
    const { order, operations } = await sandbox.order(id);
    expect(order).toMatchObject({ orderAmount: '250.00', paymentStatus: 'PARTIALLY_REFUNDED' });
    expect(operations[1]).toMatchObject({
      operationId: body['refundId'],
      operationType: 'REFUND',
      amount: '250.00',
      status: 'SUCCESS',
      externalOperationId: null,
    });
    expect((await refund('250.01')).body).toMatchObject({ error: { field: 'amount' } });
    expect((await refund('0.01')).body).toMatchObject({ error: { field: 'amount' } });
    expect((await refund('250.00')).status).toBe(200);
    expect((await refund('1.00')).body).toMatchObject({ error: { field: 'reference' } });
    expect((await sandbox.ledger(id)).refunds).toMatchObject([{ origin: 'console' }, { origin: 'console' }]);
  });

  it('takes whole lines out first when the console gives money back', async () => {
    const id = await sandbox.payment({
      amount: rub('110.00'),
      items: items(['a', '1', '50.00'], ['b', '1', '30.00'], ['c', '1', '30.00']),
    });
    await sandbox.control('POST', '/control/console-refund', {
      provider: 'yandex-pay',
      reference: id,
      amount: rub('80.00'),
    });
    const { order } = await sandbox.order(id);
    expect(order.cart.items).toMatchObject([{ productId: 'c', total: '30.00' }]);
  });

  it('refuses a console refund that no cart can express', async () => {
    const id = await sandbox.payment({ amount: rub('100.03'), items: items(['bulb', '7', '14.29']) });
    const refund = (value: string) =>
      sandbox.control('POST', '/control/console-refund', {
        provider: 'yandex-pay',
        reference: id,
        amount: rub(value),
      });
    expect((await refund('50.00')).body).toMatchObject({
      error: { field: 'amount', message: expect.stringMatching(/divided/) },
    });
    expect((await refund('14.29')).status).toBe(200);
    expect((await sandbox.order(id)).order.cart.items).toMatchObject([{ total: '85.74' }]);
  });
});
