import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshKey, type Harness, rub, startHarness } from '../harness.ts';

const DAY = 86_400_000;

describe('yookassa refunds', () => {
  let sandbox: Harness;
  beforeEach(async () => {
    sandbox = await startHarness({ seed: false });
  });
  afterEach(() => sandbox.close());

  const ago = (days: number): string => new Date(Date.now() - days * DAY).toISOString();
  const mode = (settings: object) =>
    sandbox.control('POST', '/control/mode', { provider: 'yookassa', ...settings });

  it('answers a refund as the specification shows it, with HTTP 200', async () => {
    const id = await sandbox.payment();
    const { status, body } = await sandbox.refund(id, '400.00', {
      description: 'Order 4711, RF-1',
      metadata: { refund_ref: 'RF-1' },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      payment_id: id,
      status: 'succeeded',
      amount: rub('400.00'),
      description: 'Order 4711, RF-1',
      metadata: { refund_ref: 'RF-1' },
    });
    expect(body['id']).toMatch(/^[0-9a-f]{8}-0015-5000-8000-[0-9a-f]{12}$/);
    expect(await sandbox.api('GET', `/refunds/${String(body['id'])}`)).toMatchObject({ status: 200, body });
  });

  it('leaves the payment succeeded and adds up what succeeded', async () => {
    const id = await sandbox.payment();
    await sandbox.refund(id, '400.00');
    expect((await sandbox.api('GET', `/payments/${id}`)).body).toMatchObject({
      status: 'succeeded',
      refundable: true,
      refunded_amount: rub('400.00'),
    });
    await sandbox.refund(id, '1100.00');
    expect((await sandbox.api('GET', `/payments/${id}`)).body).toMatchObject({
      status: 'succeeded',
      refundable: false,
      refunded_amount: rub('1500.00'),
    });
  });

  it('counts pending refunds against the rest, but not in refunded_amount', async () => {
    const id = await sandbox.payment();
    await mode({ refunds: 'pending' });
    const { body } = await sandbox.refund(id, '1000.00');
    expect(body['status']).toBe('pending');
    expect((await sandbox.api('GET', `/payments/${id}`)).body).not.toHaveProperty('refunded_amount');
    expect(await sandbox.refund(id, '500.01')).toMatchObject({ status: 400, body: { parameter: 'amount' } });
    expect((await sandbox.refund(id, '500.00')).status).toBe(200);
    await sandbox.control('POST', '/control/settle', {
      provider: 'yookassa',
      refundId: body['id'],
      status: 'canceled',
      reason: 'insufficient_funds',
    });
    expect((await sandbox.api('GET', `/refunds/${String(body['id'])}`)).body).toMatchObject({
      status: 'canceled',
      cancellation_details: { party: 'yoo_money', reason: 'insufficient_funds' },
    });
    expect((await sandbox.refund(id, '1000.00')).status).toBe(200);
  });

  it.each([
    [{ amount: undefined }, 'amount'],
    [{ amount: '400.00' }, 'amount'],
    [{ amount: { value: 400, currency: 'RUB' } }, 'amount.value'],
    [{ amount: rub('400') }, 'amount.value'],
    [{ amount: rub('400.0') }, 'amount.value'],
    [{ amount: rub('400.000') }, 'amount.value'],
    [{ amount: rub('-1.00') }, 'amount.value'],
    [{ amount: rub('0.00') }, 'amount.value'],
    [{ amount: rub('0.99') }, 'amount.value'],
    [{ amount: rub('1 000.00') }, 'amount.value'],
    [{ amount: { value: '1.00', currency: 'USD' } }, 'amount.currency'],
    [{ amount: { value: '1.00', currency: 'JPY' } }, 'amount.currency'],
    [{ amount: rub('1500.01') }, 'amount'],
    [{ payment_id: 'short' }, 'payment_id'],
    [{ payment_id: 7 }, 'payment_id'],
    [{ payment_id: '3294dc46-000f-5000-8000-f9043ec085f7' }, 'payment_id'],
    [{ description: 'x'.repeat(251) }, 'description'],
    [{ metadata: { n: 1 } }, 'metadata'],
    [{ metadata: { ['k'.repeat(33)]: 'v' } }, 'metadata'],
    [{ metadata: { k: 'v'.repeat(513) } }, 'metadata'],
    [{ metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`k${n}`, 'v'])) }, 'metadata'],
    [{ sources: [] }, 'sources'],
    [{ sources: [{ account_id: '1', amount: rub('1.00') }] }, 'sources'],
    [{ deal: { refund_settlements: [] } }, 'deal'],
    [{ refund_method_data: {} }, 'refund_method_data'],
  ])('refuses %j naming the parameter %s and creates nothing', async (change, parameter) => {
    const id = await sandbox.payment();
    const body = { payment_id: id, amount: rub('1.00'), ...change };
    const reply = await sandbox.api('POST', '/refunds', { key: freshKey(), body });
    expect(reply).toMatchObject({ status: 400, body: { type: 'error', code: 'invalid_request', parameter } });
    expect((await sandbox.ledger(id)).refunds).toEqual([]);
  });

  it('ignores unknown fields', async () => {
    const id = await sandbox.payment();
    expect((await sandbox.refund(id, '1.00', { some_new_field: { x: 1 } })).status).toBe(200);
  });

  it.each(['authorized', 'pending'])('refuses to refund a %s payment', async (status) => {
    const id = await sandbox.payment({ status });
    expect(await sandbox.refund(id, '1.00')).toMatchObject({
      status: 400,
      body: { parameter: 'payment_id' },
    });
  });

  it.each(['cash', 'b2b_sberbank'])('refuses to refund what was paid by %s', async (method) => {
    const id = await sandbox.payment({ method });
    expect((await sandbox.api('GET', `/payments/${id}`)).body['refundable']).toBe(false);
    expect((await sandbox.refund(id, '1.00')).status).toBe(400);
  });

  it.each([
    ['sbp', 1_090, 200],
    ['sbp', 1_100, 400],
    ['sberbank', 360, 200],
    ['sberbank', 370, 400],
  ])('%s of %i days ago is answered with %i', async (method, days, status) => {
    const id = await sandbox.payment({ method, createdAt: ago(days) });
    expect((await sandbox.refund(id, '1.00')).status).toBe(status);
  });

  it('creates and cancels the refund of a card payment older than 15 months', async () => {
    const id = await sandbox.payment({ createdAt: ago(465) });
    expect((await sandbox.refund(id, '1.00')).body).toMatchObject({
      status: 'canceled',
      cancellation_details: { reason: 'payment_expired' },
    });
    expect((await sandbox.api('GET', `/payments/${id}`)).body).not.toHaveProperty('refunded_amount');
  });

  it('grows too old on the simulated clock', async () => {
    const id = await sandbox.payment({ method: 'sberbank' });
    await sandbox.control('POST', '/control/clock', { advanceSeconds: 366 * 86_400 });
    expect((await sandbox.refund(id, '1.00')).status).toBe(400);
  });

  it('has a configurable minimum', async () => {
    const id = await sandbox.payment();
    await mode({ minimumRefund: '0.01' });
    expect((await sandbox.refund(id, '0.01')).status).toBe(200);
    expect((await sandbox.refund(id, '0.00')).status).toBe(400);
  });

  it('words its errors as configured', async () => {
    const id = await sandbox.payment();
    await mode({ texts: { amountExceeds: 'Zu viel' } });
    expect((await sandbox.refund(id, '9999.00')).body).toMatchObject({
      description: 'Zu viel',
      parameter: 'amount',
    });
  });
});
