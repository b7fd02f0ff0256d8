import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mintId } from '../../../sandbox/yookassa/ids.ts';
import { freshKey, type Harness, rub, startHarness } from '../harness.ts';

const HOUR = 3_600;

describe('yookassa payments', () => {
  let sandbox: Harness;
  beforeEach(async () => {
    sandbox = await startHarness({ seed: false });
  });
  afterEach(() => sandbox.close());

  const cancel = (id: string, key = freshKey()) =>
    sandbox.api('POST', `/payments/${id}/cancel`, { key, body: {} });

  it('mints ids in the observed pattern', () => {
    expect(mintId('payment', Date.parse('2026-11-20T09:15:04Z'))).toMatch(
      /^32922358-000f-5000-8000-[0-9a-f]{12}$/,
    );
    expect(mintId('refund', Date.parse('2026-11-21T10:00:30Z'))).toMatch(
      /^32937f7e-0015-5000-8000-[0-9a-f]{12}$/,
    );
  });

  it('shows every required field of a captured payment, amounts as strings', async () => {
    const id = await sandbox.payment();
    const { status, body } = await sandbox.api('GET', `/payments/${id}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id,
      status: 'succeeded',
      paid: true,
      test: true,
      refundable: true,
      amount: rub('1500.00'),
      recipient: { account_id: '100500' },
      payment_method: { type: 'bank_card' },
    });
    expect(body).not.toHaveProperty('refunded_amount');
    expect(body['created_at']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('cancels a hold and reports who did it', async () => {
    const id = await sandbox.payment({ status: 'authorized' });
    const { status, body } = await cancel(id);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'canceled',
      paid: false,
      cancellation_details: { party: 'merchant', reason: 'canceled_by_merchant' },
    });
    expect(await sandbox.ledger(id)).toMatchObject({
      voided: true,
      releasedMinor: '150000',
      capturedMinor: '0',
    });
  });

  it.each(['captured', 'pending'])('refuses to cancel a %s payment', async (status) => {
    const id = await sandbox.payment({ status });
    expect(await cancel(id)).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', parameter: 'payment_id' },
    });
  });

  it('replays a cancel under the same key and refuses another key', async () => {
    const id = await sandbox.payment({ status: 'authorized' });
    const first = await cancel(id, 'void-1');
    expect((await cancel(id, 'void-1')).body).toEqual(first.body);
    expect((await cancel(id, 'void-2')).status).toBe(400);
  });

  it('captures all or less; the rest is released', async () => {
    const whole = await sandbox.payment({ status: 'authorized' });
    expect((await sandbox.api('POST', `/payments/${whole}/capture`, { key: freshKey() })).body).toMatchObject(
      {
        status: 'succeeded',
        amount: rub('1500.00'),
      },
    );
    const less = await sandbox.payment({ status: 'authorized' });
    const capture = await sandbox.api('POST', `/payments/${less}/capture`, {
      key: freshKey(),
      body: { amount: rub('1000.00') },
    });
    expect(capture.body).toMatchObject({ status: 'succeeded', amount: rub('1000.00') });
    expect(await sandbox.ledger(less)).toMatchObject({
      capturedMinor: '100000',
      releasedMinor: '50000',
      voided: false,
    });
    expect((await sandbox.refund(less, '1000.01')).status).toBe(400);
    expect((await sandbox.refund(less, '1000.00')).status).toBe(200);
  });

  it('refuses to capture more than was authorized, or twice', async () => {
    const id = await sandbox.payment({ status: 'authorized' });
    const capture = (value: string) =>
      sandbox.api('POST', `/payments/${id}/capture`, { key: freshKey(), body: { amount: rub(value) } });
    expect((await capture('1500.01')).status).toBe(400);
    expect((await capture('1500.00')).status).toBe(200);
    expect((await capture('1500.00')).status).toBe(400);
  });

  it.each([
    ['bank_card', 7 * 24 * HOUR],
    ['sber_loan', 2 * HOUR],
    ['mobile_balance', 6 * HOUR],
  ])('releases a hold of %s by itself after its time', async (method, seconds) => {
    const id = await sandbox.payment({ status: 'authorized', method });
    const held = await sandbox.api('GET', `/payments/${id}`);
    expect(Date.parse(String(held.body['expires_at'])) - Date.parse(String(held.body['created_at']))).toBe(
      seconds * 1_000,
    );
    await sandbox.control('POST', '/control/clock', { advanceSeconds: seconds - 60 });
    expect((await sandbox.api('GET', `/payments/${id}`)).body['status']).toBe('waiting_for_capture');
    await sandbox.control('POST', '/control/clock', { advanceSeconds: 60 });
    expect((await sandbox.api('GET', `/payments/${id}`)).body).toMatchObject({
      status: 'canceled',
      cancellation_details: { reason: 'expired_on_capture' },
    });
    expect((await cancel(id)).status).toBe(400);
  });
});
