import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SandboxClock } from '../../../sandbox/clock.ts';
import { Journal } from '../../../sandbox/journal.ts';
import { DEMO_PAYMENTS } from '../../../sandbox/stripe/demo-payments.ts';
import { DEFAULT_SETTINGS } from '../../../sandbox/stripe/settings.ts';
import { StripeSimulator } from '../../../sandbox/stripe/simulator.ts';
import { errorOf, OTHER_KEY, PRISM_KEY, startStripe, type StripeHarness, usd } from './harness.ts';

describe('control API for stripe', () => {
  let sandbox: StripeHarness;
  beforeEach(async () => {
    sandbox = await startStripe({});
  });
  afterEach(() => sandbox.close());

  const post = (path: string, body: object) =>
    sandbox.control('POST', `/control/${path}`, { provider: 'stripe', ...body });
  const get = (path: string) => sandbox.control('GET', `/control/${path}`);

  it('tells the credentials of three accounts and where clients find them', async () => {
    const { body } = await get('credentials?provider=stripe');
    const { hostname: host, port, origin } = new URL(sandbox.stripeUrl);
    const where = { host, port, protocol: 'http', baseUrl: `${origin}/v1`, prismBaseUrl: `${origin}/` };
    expect(body['stripe']).toEqual(
      [
        ['stripe-demo', 'sk_test_SimStripeDemo000000000001', 'acct_SimStripe000001', 'Demo000000000001'],
        ['stripe-other', OTHER_KEY, 'acct_SimStripe000002', 'Other00000000002'],
        ['prism-demo', PRISM_KEY, 'acct_SimStripe000003', 'Prism00000000003'],
      ].map(([account, apiKey, accountId, secret]) => ({
        account,
        apiKey,
        accountId,
        webhookSecret: `whsec_SimStripe${secret}`,
        ...where,
      })),
    );
  });

  it('starts with ready payments of every kind in both demo accounts', async () => {
    const { body } = await get('payments?provider=stripe');
    expect(body['payments']).toHaveLength(DEMO_PAYMENTS.length);
    expect(new Set(DEMO_PAYMENTS.map(({ reference }) => reference)).size).toBe(DEMO_PAYMENTS.length);
    const keys: Record<string, string> = {
      'stripe-demo': '',
      'prism-demo': PRISM_KEY,
      'stripe-other': OTHER_KEY,
    };
    const codes: Record<string, unknown[]> = {};
    for (const { reference, account, status } of DEMO_PAYMENTS) {
      expect(reference).toMatch(/^pi_[A-Za-z0-9]{24}$/);
      expect(await sandbox.ledger(reference)).toMatchObject({ status, account });
      const reply = await sandbox.api('POST', '/refunds', {
        body: { payment_intent: reference },
        ...(keys[account] !== '' && { apiKey: keys[account] ?? '' }),
      });
      codes[account] = [
        ...(codes[account] ?? []),
        reply.body['amount'] ?? errorOf(reply)['code'] ?? 'no code',
      ];
    }
    const kinds = [
      15_000,
      11_000,
      'payment_intent_unexpected_state',
      5_000,
      99_990,
      'charge_already_refunded',
      'payment_intent_unexpected_state',
      'charge_disputed',
      'no code',
    ];
    expect(codes).toEqual({ 'stripe-demo': kinds, 'prism-demo': kinds, 'stripe-other': [5_000] });
    const declined = await sandbox.api('GET', '/payment_intents/pi_3DemoStripe0000000000007');
    expect(declined.body).toMatchObject({ last_payment_error: { code: 'card_declined' } });
  });

  it('keeps a payment as asked: account by id, reference, age, smaller capture', async () => {
    const createdAt = '2026-01-02T03:04:05.000Z';
    const reference = await sandbox.payment({
      account: 'acct_SimStripe000002',
      reference: 'pi_mine',
      captured: usd('100.00'),
      createdAt,
    });
    expect(reference).toBe('pi_mine');
    const { body } = await sandbox.api('GET', '/payment_intents/pi_mine', { apiKey: OTHER_KEY });
    expect(body).toMatchObject({
      amount: 15_000,
      amount_received: 10_000,
      created: Date.parse(createdAt) / 1_000,
    });
  });

  it.each([
    [{ account: 'nobody' }, 'account'],
    [{ reference: 'ch_1' }, 'reference'],
    [{ reference: 'pi_3DemoStripe0000000000001' }, 'reference'],
    [{ method: 'cash' }, 'method'],
    [{ connector: 'adyen' }, 'connector'],
    [{ sources: [{ account: 'a', amount: usd('150.00') }] }, 'sources'],
    [{ items: [] }, 'items'],
    [{ amount: { value: '1.5', currency: 'JPY' } }, 'amount.value'],
    [{ amount: { value: '1.005', currency: 'KWD' } }, 'amount.value'],
    [{ amount: { value: '1.50', currency: 'ISK' } }, 'amount.value'],
    [{ captured: usd('150.01') }, 'captured.value'],
  ])('refuses the payment %j because of %s', async (input, field) => {
    const reply = await post('payments', { amount: usd('150.00'), ...input });
    expect(reply).toMatchObject({ status: 400, body: { error: { field } } });
  });

  it('makes refunds of the dashboard by the same rules, without key and metadata', async () => {
    const id = await sandbox.payment();
    const console = (value: string) => post('console-refund', { reference: id, amount: usd(value) });
    const { body } = await console('50.00');
    expect((await sandbox.ledger(id)).refunds).toMatchObject([
      { id: body['refundId'], origin: 'console', providerKey: null, ourReference: null, amountMinor: '5000' },
    ]);
    expect((await sandbox.api('GET', `/refunds/${String(body['refundId'])}`)).body['metadata']).toEqual({});
    expect(await console('100.01')).toMatchObject({ status: 400, body: { error: { field: 'amount' } } });
  });

  it('tells our reference and the key in the ledger', async () => {
    const id = await sandbox.payment();
    await sandbox.refund(id, 100, { 'metadata[order_id]': 'RF-1' }, 'key-1');
    expect((await sandbox.ledger(id)).refunds).toMatchObject([
      { ourReference: 'RF-1', providerKey: 'key-1', origin: 'api', sources: [{ account: 'stripe-demo' }] },
    ]);
  });

  it('changes and refuses modes', async () => {
    expect((await post('mode', {})).body).toEqual({ provider: 'stripe', ...DEFAULT_SETTINGS });
    expect((await post('mode', { refunds: 'never' })).status).toBe(400);
    await sandbox.mode({ apiVersion: '2025-03-31.basil', refunds: 'pending' });
    const id = await sandbox.payment();
    const { body, headers } = await sandbox.refund(id, 100);
    expect(headers.get('stripe-version')).toBe('2025-03-31.basil');
    expect(body).not.toHaveProperty('pending_reason');
  });

  it('goes back to the ready payments', async () => {
    const id = await sandbox.payment();
    await sandbox.refund('pi_3DemoStripe0000000000001', 100);
    await sandbox.mode({ refunds: 'pending' });
    await sandbox.control('POST', '/control/reset');
    expect((await get(`ledger?reference=${id}`)).body['payments']).toEqual([]);
    expect((await sandbox.ledger('pi_3DemoStripe0000000000001')).refunds).toEqual([]);
    expect((await post('mode', {})).body['refunds']).toBe('instant');
  });
});

describe('a stripe simulator narrowed to one account', () => {
  const journal = Journal.open();
  const clock = new SandboxClock(journal, Date.now);
  const simulator = new StripeSimulator({ journal, clock, seed: true, webhookUrl: undefined });
  const [prism, stripe] = ['pi_3DemoPrism00000000000002', 'pi_3DemoStripe0000000000002'];

  it('shows and settles what belongs to it', () => {
    expect(simulator.readyPayments('prism-demo').map(({ account }) => account)).toEqual(
      Array.from({ length: 9 }, () => 'prism-demo'),
    );
    expect(simulator.credentials('http://127.0.0.1:1/v1', 'prism-demo')).toMatchObject([
      { apiKey: PRISM_KEY },
    ]);
    expect(simulator.ledger(stripe, 'prism-demo')).toEqual([]);
    expect(simulator.ledger(prism, 'prism-demo')).toMatchObject([{ reference: prism }]);
    const refundId = stripe.replace('pi_', 're_');
    expect(() => simulator.settle({ refundId, status: 'reversed' }, 'prism-demo')).toThrow('no such refund');
    const settled = simulator.settle({ all: true, status: 'reversed' }, 'prism-demo');
    expect(settled).toContain(prism.replace('pi_', 're_'));
    expect(settled).not.toContain(refundId);
  });
});
