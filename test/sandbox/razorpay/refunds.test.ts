import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../harness.ts';
import { descriptionOf, type RazorpayHarness, startRazorpay } from './harness.ts';

const NOW = Date.parse('2026-11-22T10:00:00Z');

describe('razorpay refunds', () => {
  let sandbox: RazorpayHarness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startRazorpay({ seed: false, realNow: () => NOW });
    id = await sandbox.payment();
  });
  afterEach(() => sandbox.close());

  const payment = async (paymentId = id): Promise<Json> =>
    (await sandbox.api('GET', `/payments/${paymentId}`)).body;
  const said = async (reply: ReturnType<RazorpayHarness['refund']>): Promise<[number, string]> => {
    const answer = await reply;
    return [answer.status, descriptionOf(answer)];
  };

  it('shows a refund as the documentation does', async () => {
    const { status, body } = await sandbox.refund(id, 50_000, {
      speed: 'normal',
      receipt: 'rf-2026-000017',
      notes: { refund_id: 'rf-2026-000017' },
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      id: expect.stringMatching(/^rfnd_[A-Za-z0-9]{14}$/),
      entity: 'refund',
      amount: 50_000,
      currency: 'MYR',
      payment_id: id,
      notes: { refund_id: 'rf-2026-000017' },
      receipt: 'rf-2026-000017',
      acquirer_data: { arn: null },
      created_at: NOW / 1_000,
      batch_id: null,
      status: 'processed',
      speed_processed: 'normal',
      speed_requested: 'normal',
    });
    expect((await sandbox.api('GET', `/refunds/${String(body['id'])}`)).body).toEqual(body);
    expect((await sandbox.api('GET', `/payments/${id}/refunds/${String(body['id'])}`)).body).toEqual(body);
  });

  it('is not found under another payment', async () => {
    const { body } = await sandbox.refund(id, 100);
    const other = await sandbox.payment();
    const reply = await sandbox.api('GET', `/payments/${other}/refunds/${String(body['id'])}`);
    expect([reply.status, descriptionOf(reply)]).toEqual([400, 'The id provided does not exist']);
    const malformed = await sandbox.api('GET', '/refunds/rfnd_short');
    expect(descriptionOf(malformed)).toBe('rfnd_short is not a valid id');
  });

  it('keeps amount_refunded, refund_status and status of the payment in step', async () => {
    expect(await payment()).toMatchObject({ amount_refunded: 0, refund_status: null, status: 'captured' });
    await sandbox.refund(id, 50_000);
    expect(await payment()).toMatchObject({
      amount_refunded: 50_000,
      refund_status: 'partial',
      status: 'captured',
    });
    await sandbox.refund(id, 100_000);
    expect(await payment()).toMatchObject({
      amount_refunded: 150_000,
      refund_status: 'full',
      status: 'refunded',
      captured: true,
    });
    expect(await said(sandbox.refund(id, 100))).toEqual([400, 'The payment has been fully refunded already']);
  });

  it('counts pending refunds and gives the amount of a failed one back', async () => {
    await sandbox.mode({ refunds: 'pending' });
    const { body } = await sandbox.refund(id, 150_000);
    expect(body['status']).toBe('pending');
    expect(await payment()).toMatchObject({ amount_refunded: 150_000, status: 'refunded' });
    await sandbox.settle({ refundId: body['id'], status: 'failed' });
    expect((await sandbox.api('GET', `/refunds/${String(body['id'])}`)).body['status']).toBe('failed');
    expect(await payment()).toMatchObject({ amount_refunded: 0, refund_status: null, status: 'captured' });
    expect((await sandbox.refund(id, 150_000)).status).toBe(200);
  });

  it('can leave pending refunds out of amount_refunded, but never lets more go than there is', async () => {
    await sandbox.mode({ refunds: 'pending', countPending: false });
    await sandbox.refund(id, 150_000);
    expect(await payment()).toMatchObject({ amount_refunded: 0, refund_status: null, status: 'captured' });
    expect(await said(sandbox.refund(id, 100))).toEqual([
      400,
      'The total refund amount is greater than the refund payment amount',
    ]);
    await sandbox.settle({ all: true, status: 'succeeded' });
    expect(await payment()).toMatchObject({ amount_refunded: 150_000, status: 'refunded' });
  });

  it('counts in the minor units of the currency; three-decimal amounts end in 0', async () => {
    const yen = await sandbox.payment({ amount: { value: '295', currency: 'JPY' } });
    expect(await payment(yen)).toMatchObject({ amount: 295, currency: 'JPY' });
    expect((await sandbox.refund(yen, 295)).status).toBe(200);
    const dinars = await sandbox.payment({ amount: { value: '99.990', currency: 'KWD' } });
    expect(await payment(dinars)).toMatchObject({ amount: 99_990 });
    expect((await said(sandbox.refund(dinars, 99_989)))[1]).toMatch(/amount is invalid/);
    expect((await sandbox.refund(dinars, 99_980)).status).toBe(200);
  });

  it('refunds the whole payment when no amount is sent, or what remains on demand', async () => {
    expect((await sandbox.refund(id, undefined)).body['amount']).toBe(150_000);
    const second = await sandbox.payment();
    await sandbox.refund(second, 40_000);
    expect((await sandbox.refund(second, undefined)).status).toBe(400);
    await sandbox.mode({ absentAmount: 'remaining' });
    expect((await sandbox.refund(second, undefined)).body['amount']).toBe(110_000);
  });

  it('pays refunds from a balance that can be drained, and gives a failed one back', async () => {
    await sandbox.mode({ balanceMinor: 30_000, refunds: 'pending' });
    const { body } = await sandbox.refund(id, 20_000);
    expect(await said(sandbox.refund(id, 10_001))).toEqual([
      400,
      'Your account does not have enough balance to carry out the refund operation.',
    ]);
    await sandbox.settle({ refundId: body['id'], status: 'failed' });
    const { body: modes } = await sandbox.control('GET', '/control/mode?provider=razorpay');
    expect(modes['modes']).toMatchObject([{ balanceMinor: '30000' }]);
    expect((await sandbox.refund(id, 30_000)).status).toBe(200);
    await sandbox.mode({ balanceMinor: null });
    expect((await sandbox.refund(id, 120_000)).status).toBe(200);
  });

  it('can accept a refund of an old payment and let it fail later', async () => {
    await sandbox.mode({ oldPayments: 'fail-later' });
    const old = await sandbox.payment({ createdAt: '2026-01-01T00:00:00Z' });
    const { body } = await sandbox.refund(old, 1_000);
    expect(body['status']).toBe('pending');
    await sandbox.advance(59);
    const read = async () => (await sandbox.api('GET', `/refunds/${String(body['id'])}`)).body['status'];
    expect(await read()).toBe('pending');
    await sandbox.advance(1);
    expect(await read()).toBe('failed');
    expect(await payment(old)).toMatchObject({ amount_refunded: 0 });
  });

  it('processes an optimum refund instantly, or at normal speed when that is not possible', async () => {
    const rupees = await sandbox.payment({ amount: { value: '100.00', currency: 'INR' } });
    const fast = await sandbox.refund(rupees, 100, { speed: 'optimum' });
    expect(fast.body).toMatchObject({ speed_requested: 'optimum', speed_processed: 'instant' });
    await sandbox.mode({ instantRefunds: 'unavailable' });
    const slow = await sandbox.refund(rupees, 100, { speed: 'optimum' });
    expect(slow.body).toMatchObject({ speed_requested: 'optimum', speed_processed: 'normal' });
  });

  it('replaces the notes of a refund and nothing else', async () => {
    const { body } = await sandbox.refund(id, 100, { notes: { a: '1' } });
    expect((await sandbox.refund(id, 100)).body['notes']).toEqual([]);
    const path = `/refunds/${String(body['id'])}`;
    const changed = await sandbox.api('PATCH', path, { body: { notes: { b: '2' } } });
    expect(changed).toMatchObject({ status: 200, body: { ...body, notes: { b: '2' } } });
    expect((await sandbox.api('GET', path)).body['notes']).toEqual({ b: '2' });
    expect(descriptionOf(await sandbox.api('PATCH', path, { body: {} }))).toBe(
      'The notes field is required.',
    );
    expect((await sandbox.api('PATCH', path, { body: { notes: {}, amount: 1 } })).status).toBe(400);
    expect((await sandbox.api('PATCH', path, { body: { notes: {} } })).body['notes']).toEqual([]);
  });

  it('never gives back more than was paid, however many requests run at once', async () => {
    const replies = await Promise.all(Array.from({ length: 40 }, () => sandbox.refund(id, 10_000)));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(15);
    expect(await payment()).toMatchObject({ amount_refunded: 150_000, status: 'refunded' });
  });
});
