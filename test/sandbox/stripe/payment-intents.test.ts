import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../harness.ts';
import { errorOf, startStripe, type StripeHarness, usd } from './harness.ts';

describe('stripe payment intents', () => {
  let sandbox: StripeHarness;
  beforeEach(async () => {
    sandbox = await startStripe();
  });
  afterEach(() => sandbox.close());

  const post = (id: string, what: 'cancel' | 'capture', body: Record<string, string> = {}) =>
    sandbox.api('POST', `/payment_intents/${id}/${what}`, { body });

  it('are canceled before they are paid and while they are held', async () => {
    const held = await sandbox.payment({ status: 'authorized' });
    const unpaid = await sandbox.payment({ status: 'pending' });
    for (const id of [held, unpaid]) {
      const { status, body } = await post(id, 'cancel', { cancellation_reason: 'duplicate' });
      expect(status).toBe(200);
      expect(body).toMatchObject({
        status: 'canceled',
        cancellation_reason: 'duplicate',
        canceled_at: expect.any(Number),
        amount_capturable: 0,
      });
    }
    expect(await sandbox.ledger(held)).toMatchObject({ voided: true, releasedMinor: '15000' });
    expect(await sandbox.ledger(unpaid)).toMatchObject({ voided: false, releasedMinor: '0' });
  });

  it('that are paid or canceled cannot be canceled, and the answer shows why', async () => {
    const paid = await sandbox.payment();
    const held = await sandbox.payment({ status: 'authorized' });
    await post(held, 'cancel');
    for (const [id, status] of [
      [paid, 'succeeded'],
      [held, 'canceled'],
    ] as const) {
      const reply = await post(id, 'cancel');
      expect(reply.status).toBe(400);
      expect(errorOf(reply)).toMatchObject({
        code: 'payment_intent_unexpected_state',
        message: expect.stringContaining(`status of ${status}`),
        payment_intent: { id, object: 'payment_intent', status },
      });
    }
  });

  it('are captured as a whole or in part, once', async () => {
    const whole = await sandbox.payment({ status: 'authorized' });
    expect((await post(whole, 'capture')).body).toMatchObject({
      status: 'succeeded',
      amount_received: 15_000,
      capture_method: 'manual',
    });
    const again = await post(whole, 'capture');
    expect([again.status, errorOf(again)['code'], (errorOf(again)['payment_intent'] as Json)['id']]).toEqual([
      400,
      'payment_intent_unexpected_state',
      whole,
    ]);
    const part = await sandbox.payment({ status: 'authorized' });
    const tooMuch = await post(part, 'capture', { amount_to_capture: '15001' });
    expect([tooMuch.status, errorOf(tooMuch)['code']]).toEqual([400, 'amount_too_large']);
    await post(part, 'capture', { amount_to_capture: '1000' });
    expect((await sandbox.refund(part)).body['amount']).toBe(1_000);
  });

  it('that are not paid show no charge', async () => {
    const unpaid = await sandbox.payment({ status: 'pending' });
    const { body } = await sandbox.api('GET', `/payment_intents/${unpaid}?expand[]=latest_charge`);
    expect(body).toMatchObject({
      status: 'requires_payment_method',
      latest_charge: null,
      payment_method: null,
      amount_received: 0,
    });
  });

  it.each([
    ['cancel', { cancellation_reason: 'whim' }, 'cancellation_reason'],
    ['cancel', { amount: '1' }, 'amount'],
    ['capture', { amount_to_capture: '0' }, 'amount_to_capture'],
    ['capture', { final_capture: 'maybe' }, 'final_capture'],
  ] as const)('refuse to %s with %j', async (what, body, param) => {
    const held = await sandbox.payment({ status: 'authorized' });
    const reply = await post(held, what, body);
    expect([reply.status, errorOf(reply)['param']]).toEqual([400, param]);
    expect((await sandbox.ledger(held)).status).toBe('requires_capture');
  });

  it('are captured and canceled only once when both run at the same time', async () => {
    const held = await sandbox.payment({ status: 'authorized', amount: usd('20.00') });
    const replies = await Promise.all([post(held, 'capture'), post(held, 'cancel')]);
    expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400]);
  });
});
