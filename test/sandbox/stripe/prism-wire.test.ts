import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call, type Json, type Reply } from '../harness.ts';
import { PRISM_KEY, startStripe, type StripeHarness } from './harness.ts';

/** What Prism sends with every request, GET included. */
const HEADERS = {
  authorization: `Bearer ${PRISM_KEY}`,
  'content-type': 'application/x-www-form-urlencoded',
  'stripe-version': '2022-11-15',
  via: 'HyperSwitch',
};

describe('the requests of Hyperswitch Prism, byte for byte', () => {
  let sandbox: StripeHarness;
  let id: string;
  let base: string;
  beforeEach(async () => {
    sandbox = await startStripe();
    id = await sandbox.payment({ account: 'prism-demo' });
    const { body } = await sandbox.control('GET', '/control/credentials?provider=stripe');
    const accounts = body['stripe'] as Record<string, string>[];
    base = accounts.find(({ account }) => account === 'prism-demo')?.['prismBaseUrl'] ?? '';
  });
  afterEach(() => sandbox.close());

  const send = (method: string, path: string, body?: string): Promise<Reply> =>
    call(`${base}${path}`, { method, headers: HEADERS, ...(body !== undefined && { body }) });
  const refundBody = (amount: number, reference: string): string =>
    `amount=${amount}&payment_intent=${id}&metadata%5Border_id%5D=${reference}&metadata%5Bis_refund_id_as_reference%5D=true`;
  /** What the core insists on, with the types that it insists on. */
  const refundShape = (amount: number, reference: string): Json => ({
    id: expect.stringMatching(/^re_\w+$/),
    object: 'refund',
    amount,
    currency: 'usd',
    payment_intent: id,
    status: 'succeeded',
    metadata: { order_id: reference, is_refund_id_as_reference: 'true' },
  });

  it('has a base URL that ends in a slash', () => {
    expect(base).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(`${base}v1`).toBe(sandbox.stripeUrl);
  });

  it('refund: two requests without a key are two refunds', async () => {
    const first = await send('POST', 'v1/refunds', refundBody(500, 'ref_001'));
    expect([first.status, first.headers.get('stripe-version')]).toEqual([200, '2022-11-15']);
    expect(first.body).toMatchObject(refundShape(500, 'ref_001'));
    const second = await send('POST', 'v1/refunds', refundBody(500, 'ref_001'));
    expect(second.body['id']).not.toBe(first.body['id']);
    expect((await sandbox.ledger(id)).refunds).toMatchObject([
      { ourReference: 'ref_001', providerKey: null },
      { ourReference: 'ref_001', providerKey: null },
    ]);
  });

  it('a missing reference is an empty metadata value, which is no metadata', async () => {
    const { body } = await send('POST', 'v1/refunds', refundBody(500, ''));
    expect(body['metadata']).toEqual({ is_refund_id_as_reference: 'true' });
  });

  it('refund get', async () => {
    const made = await send('POST', 'v1/refunds', refundBody(500, 'ref_001'));
    const read = await send('GET', `v1/refunds/${String(made.body['id'])}`);
    expect(read.body).toEqual(made.body);
    expect((await send('GET', 'v1/refunds/')).status).toBe(404);
  });

  it('payment get with the charge, its index unescaped', async () => {
    await send('POST', 'v1/refunds', refundBody(500, 'ref_001'));
    const { status, body } = await send('GET', `v1/payment_intents/${id}?expand[0]=latest_charge`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id,
      object: 'payment_intent',
      amount: 15_000,
      amount_capturable: 0,
      amount_received: 15_000,
      currency: 'usd',
      status: 'succeeded',
      metadata: {},
      latest_charge: { amount_captured: 15_000, amount_refunded: 500, refunded: false, disputed: false },
    });
    expect(body['payment_method']).toMatch(/^pm_/);
    expect(body['customer']).toBeNull();
    const plain = await send('GET', `v1/payment_intents/${id}`);
    expect(plain.body['latest_charge']).toBe(id.replace('pi_', 'ch_'));
    for (const field of [
      'client_secret',
      'created',
      'capture_method',
      'cancellation_reason',
      'canceled_at',
      'last_payment_error',
      'next_action',
      'livemode',
    ])
      expect(plain.body).toHaveProperty(field);
  });

  it('void, with a reason, without a body and with free text', async () => {
    for (const body of ['cancellation_reason=requested_by_customer', '']) {
      const held = await sandbox.payment({ account: 'prism-demo', status: 'authorized' });
      const { status, body: answer } = await send('POST', `v1/payment_intents/${held}/cancel`, body);
      expect([status, answer['status'], answer['amount'], answer['currency']]).toEqual([
        200,
        'canceled',
        15_000,
        'usd',
      ]);
    }
    const held = await sandbox.payment({ account: 'prism-demo', status: 'authorized' });
    const free = await send('POST', `v1/payment_intents/${held}/cancel`, 'cancellation_reason=changed+mind');
    expect([free.status, (free.body['error'] as Json)['param']]).toEqual([400, 'cancellation_reason']);
    expect((await sandbox.ledger(held)).voided).toBe(false);
  });

  it('capture', async () => {
    const held = await sandbox.payment({ account: 'prism-demo', status: 'authorized' });
    const { body } = await send('POST', `v1/payment_intents/${held}/capture`, 'amount_to_capture=600');
    expect(body).toMatchObject({ id: held, object: 'payment_intent', status: 'succeeded', amount: 15_000 });
    expect(await sandbox.ledger(held)).toMatchObject({ capturedMinor: '600', releasedMinor: '14400' });
  });
});
