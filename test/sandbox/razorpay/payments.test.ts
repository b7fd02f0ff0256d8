import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEMO_PAYMENTS } from '../../../sandbox/razorpay/demo-payments.ts';
import type { Json } from '../harness.ts';
import { descriptionOf, myr, type RazorpayHarness, startRazorpay } from './harness.ts';

const DAY = 86_400;

describe('razorpay payments', () => {
  let sandbox: RazorpayHarness;
  beforeEach(async () => {
    sandbox = await startRazorpay({});
  });
  afterEach(() => sandbox.close());

  const read = async (id: string): Promise<Json> => (await sandbox.api('GET', `/payments/${id}`)).body;
  const capture = (id: string, body: Json) => sandbox.api('POST', `/payments/${id}/capture`, { body });

  it('shows a payment as the documentation does', async () => {
    const id = await sandbox.payment({ reference: 'pay_SimPayment0001' });
    expect(await read(id)).toMatchObject({
      id: 'pay_SimPayment0001',
      entity: 'payment',
      amount: 150_000,
      currency: 'MYR',
      status: 'captured',
      order_id: expect.stringMatching(/^order_[A-Za-z0-9]{14}$/),
      method: 'fpx',
      amount_refunded: 0,
      refund_status: null,
      captured: true,
      card_id: null,
      bank: 'MB2U0227',
      notes: [],
      fee: 3_000,
      tax: 180,
      error_code: null,
      acquirer_data: { bank_transaction_id: expect.stringMatching(/^\d{7}$/) },
      created_at: expect.any(Number),
    });
  });

  it('tolerates odd expand queries and shows the card when asked for it', async () => {
    const id = await sandbox.payment({ method: 'card' });
    const query = new URLSearchParams({ 'expand[]': 'card' });
    expect((await sandbox.api('GET', `/payments/${id}?${query}`)).body['card']).toMatchObject({
      entity: 'card',
    });
    const odd = await sandbox.api('GET', `/payments/${id}?expand%5Bexpand%5D=refunds`);
    expect(odd.status).toBe(200);
    expect(odd.body).not.toHaveProperty('card');
  });

  it('has a ready payment of every kind under a fixed id', async () => {
    const { body } = await sandbox.control('GET', '/control/payments?provider=razorpay');
    expect(body['payments']).toHaveLength(DEMO_PAYMENTS.length);
    for (const { reference, account, amount } of DEMO_PAYMENTS) {
      expect(reference).toMatch(/^pay_Demo\d{10}$/);
      expect(await sandbox.ledger(reference)).toMatchObject({ account, currency: amount.currency });
    }
    const shown = DEMO_PAYMENTS.filter(({ account }) => account === 'razorpay-demo');
    const states = await Promise.all(shown.map(async ({ reference }) => read(reference)));
    expect(states.map((state) => [state['status'], state['refund_status'], state['currency']])).toEqual([
      ['captured', null, 'MYR'],
      ['captured', 'partial', 'INR'],
      ['authorized', null, 'MYR'],
      ['refunded', 'full', 'MYR'],
      ['failed', null, 'MYR'],
      ['created', null, 'MYR'],
      ['captured', null, 'MYR'],
      ['captured', null, 'JPY'],
      ['captured', null, 'KWD'],
      ['captured', 'partial', 'MYR'],
    ]);
    expect(states[4]).toMatchObject({ error_code: 'BAD_REQUEST_ERROR', captured: false });
    expect(descriptionOf(await sandbox.refund('pay_Demo0000000007', 100))).toMatch(/more than 6 months old/);
  });

  it('tells the ARN of a refund of the tenth ready payment a day later', async () => {
    const acquirerData = async (): Promise<unknown> =>
      (await sandbox.api('GET', '/refunds/rfnd_Demo0000000010')).body['acquirer_data'];
    expect(await acquirerData()).toEqual({ arn: null });
    await sandbox.advance(DAY + 60);
    expect(await acquirerData()).toEqual({ arn: expect.stringMatching(/^\d{23}$/) });
  });

  it('captures exactly the authorized amount', async () => {
    const id = await sandbox.payment({ status: 'authorized' });
    expect(await read(id)).toMatchObject({ status: 'authorized', captured: false, fee: null });
    const refusals: [Json, string][] = [
      [{ amount: 150_000 }, 'The amount and currency fields are required.'],
      [{ amount: 1.5, currency: 'MYR' }, 'The amount must be an integer.'],
      [{ amount: 150_000, currency: 'INR' }, 'The currency must be the currency of the payment.'],
      [{ amount: 149_999, currency: 'MYR' }, 'Capture amount must be equal to the amount authorized.'],
    ];
    for (const [body, description] of refusals) {
      const reply = await capture(id, body);
      expect([reply.status, descriptionOf(reply)]).toEqual([400, description]);
    }
    const done = await capture(id, { amount: 150_000, currency: 'MYR' });
    expect(done).toMatchObject({ status: 200, body: { id, status: 'captured', captured: true } });
    expect(descriptionOf(await capture(id, { amount: 150_000, currency: 'MYR' }))).toBe(
      'This payment has already been captured',
    );
    expect((await sandbox.refund(id, 150_000)).status).toBe(200);
  });

  it('cannot capture what was never authorized, and has no void', async () => {
    const created = await sandbox.payment({ status: 'pending' });
    expect((await capture(created, { amount: 150_000, currency: 'MYR' })).status).toBe(400);
    const held = await sandbox.payment({ status: 'authorized' });
    for (const path of ['cancel', 'void']) {
      const reply = await sandbox.api('POST', `/payments/${held}/${path}`, { body: {} });
      expect(descriptionOf(reply)).toBe('The requested URL was not found on the server.');
    }
  });

  it.each([
    [undefined, 5],
    [3, 3],
  ])('returns an uncaptured payment by itself (setting %s) after %i days', async (autoRefundDays, days) => {
    if (autoRefundDays !== undefined) await sandbox.mode({ autoRefundDays });
    const id = await sandbox.payment({ status: 'authorized' });
    await sandbox.advance(days * DAY - 60);
    expect((await read(id))['status']).toBe('authorized');
    await sandbox.advance(120);
    expect(await read(id)).toMatchObject({
      status: 'refunded',
      captured: false,
      amount_refunded: 150_000,
      refund_status: 'full',
    });
    const { body } = await sandbox.api('GET', `/payments/${id}/refunds`);
    expect(body['items']).toMatchObject([{ amount: 150_000, receipt: null, status: 'processed' }]);
    expect(await sandbox.ledger(id)).toMatchObject({
      voided: true,
      capturedMinor: '0',
      releasedMinor: '150000',
      refunds: [],
    });
    expect(descriptionOf(await sandbox.refund(id, 100))).toBe('The payment has been fully refunded already');
  });

  it('keeps what was refunded in the dashboard without a key and a reference of ours', async () => {
    const id = await sandbox.payment();
    const refund = { provider: 'razorpay', reference: id, amount: myr('250.00') };
    const { body } = await sandbox.control('POST', '/control/console-refund', refund);
    await sandbox.refund(id, 100, { receipt: 'R-1' }, 'key-0000000001');
    await sandbox.refund(id, 100, { notes: { refund_id: 'R-2' } });
    expect((await sandbox.ledger(id)).refunds).toMatchObject([
      {
        id: body['refundId'],
        amountMinor: '25000',
        origin: 'console',
        providerKey: null,
        ourReference: null,
      },
      {
        origin: 'api',
        providerKey: 'key-0000000001',
        ourReference: 'R-1',
        status: 'processed',
        sources: [{ account: 'razorpay-demo', amountMinor: '100', feeMinor: '0' }],
      },
      { providerKey: null, ourReference: 'R-2' },
    ]);
    expect(await read(id)).toMatchObject({ amount_refunded: 25_200 });
  });
});
