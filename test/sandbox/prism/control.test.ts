import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_PAYMENTS } from '../../../sandbox/prism/demo-payments.ts';
import { DEMO_PAYMENTS as STRIPE_PAYMENTS } from '../../../sandbox/stripe/demo-payments.ts';
import type { Json } from '../harness.ts';
import { eur, type PrismHarness, startPrism } from './harness.ts';

let sandbox: PrismHarness;

beforeAll(async () => {
  sandbox = await startPrism({ seed: true });
});
afterAll(() => sandbox.close());

const errorOf = ({ status, body }: { status: number; body: Json }): unknown[] => [
  status,
  (body['error'] as Json | undefined)?.['field'],
];

describe('the control API of prism', () => {
  it('tells the credentials of every account and connector as the connector takes them', async () => {
    const { body } = await sandbox.control('GET', '/control/credentials?provider=prism');
    const entries = body['prism'] as Record<string, string>[];
    expect(entries.map(({ account, connector }) => `${account} ${connector}`)).toEqual([
      'prism-demo adyen',
      'prism-demo checkout',
      'prism-other adyen',
      'prism-other checkout',
    ]);
    const [adyen, checkout] = entries;
    expect(adyen).toMatchObject({
      baseUrl: `${sandbox.prismUrl}/adyen/`,
      apiKey: expect.any(String),
      merchantAccount: expect.any(String),
      reviewKey: expect.any(String),
      hmacKey: expect.stringMatching(/^[0-9A-F]{64}$/),
    });
    const reply = await fetch(`${checkout?.['baseUrl']}payments/${DEMO_PAYMENTS[4]?.reference}`, {
      headers: { authorization: `Bearer ${checkout?.['apiSecret']}` },
    });
    expect(reply.status).toBe(200);
    expect(Object.keys(checkout ?? {})).toEqual(
      expect.arrayContaining(['apiKey', 'apiSecret', 'processingChannelId']),
    );
  });

  it('makes payments with ids of the connector’s own form', async () => {
    expect(await sandbox.adyenPayment()).toMatch(/^[A-Z0-9]{16}$/);
    expect(await sandbox.checkoutPayment()).toMatch(/^pay_[a-z0-9]{26}$/);
    expect(await sandbox.adyenPayment({ reference: 'MYPSP00000000001' })).toBe('MYPSP00000000001');
  });

  it.each([
    [{ connector: 'paypal' }, 'connector'],
    [{ connector: 'stripe', account: 'prism-other' }, 'account'],
    [{ account: 'prism-other' }, 'account'],
    [{ connector: 'adyen', account: 'nobody' }, 'account'],
    [{ connector: 'adyen', reference: 'pay_x' }, 'reference'],
    [{ connector: 'checkout', reference: 'DEMOPSP000000001' }, 'reference'],
    [{ connector: 'adyen', reference: 'DEMOPSP000000001' }, 'reference'],
    [{ connector: 'adyen', amount: { value: '1.5', currency: 'JPY' } }, 'amount.value'],
    [{ connector: 'adyen', captured: eur('150.01') }, 'captured.value'],
    [{ connector: 'adyen', method: 'card' }, 'method'],
  ])('refuses a payment like %j', async (input, field) => {
    const payment = { provider: 'prism', amount: eur('150.00'), ...input };
    expect(errorOf(await sandbox.control('POST', '/control/payments', payment))).toEqual([400, field]);
  });

  it.each([{ connector: 'stripe' }, {}])(
    'makes a payment like %j at Stripe, as its account prism-demo',
    async (input) => {
      const id = await sandbox.payment({ amount: eur('150.00'), ...input });
      expect(id).toMatch(/^pi_/);
      expect(await sandbox.ledger(id)).toMatchObject({ capturedMinor: '15000', account: 'prism-demo' });
    },
  );

  it('makes refunds in the cabinet within what is left', async () => {
    const id = await sandbox.checkoutPayment();
    const refund = (value: string) =>
      sandbox.control('POST', '/control/console-refund', {
        provider: 'prism',
        reference: id,
        amount: eur(value),
      });
    expect((await refund('100.00')).status).toBe(200);
    expect(errorOf(await refund('50.01'))).toEqual([400, 'amount.value']);
    expect((await sandbox.ledger(id)).refunds).toMatchObject([{ origin: 'console', ourReference: null }]);
  });

  it.each([
    [{ all: true, status: 'canceled' }, 'status'],
    [{ all: true, status: 'reversed' }, 'refundId'],
    [{ refundId: 'nothing', status: 'succeeded' }, 'refundId'],
    [{ all: true, status: 'succeeded', reason: 'x' }, 'reason'],
    [{ all: true, status: 'succeeded', trace: { kind: 'arn' } }, 'trace'],
  ])('refuses to settle like %j', async (input, field) => {
    expect(errorOf(await sandbox.settle(input))).toEqual([400, field]);
  });

  it('does not let a refund at checkout come back', async () => {
    const { body } = await sandbox.checkoutRefund(await sandbox.checkoutPayment(), 100);
    const settled = await sandbox.settle({ refundId: body['action_id'], status: 'reversed' });
    expect(errorOf(settled)).toEqual([400, 'status']);
  });

  it('settles every pending refund of both connectors', async () => {
    await sandbox.mode({ refunds: 'pending' });
    await sandbox.adyenRefund(await sandbox.adyenPayment(), 100);
    await sandbox.checkoutRefund(await sandbox.checkoutPayment(), 100);
    await sandbox.mode({ refunds: 'instant' });
    const { body } = await sandbox.settle({ all: true, status: 'succeeded' });
    expect(body['settled']).toHaveLength(2);
  });

  it('logs requests without the keys of either connector', async () => {
    const id = await sandbox.adyenPayment();
    const { body: before } = await sandbox.control('GET', '/control/requests');
    await sandbox.adyenRefund(id, 100);
    await sandbox.checkout('GET', `/payments/${await sandbox.checkoutPayment()}`);
    const { text, body } = await sandbox.control('GET', `/control/requests?since=${String(before['next'])}`);
    expect(text).not.toMatch(/AQE-sim|sk_sbox/);
    expect(body['requests']).toMatchObject([
      {
        operation: 'createRefund',
        account: 'prism-demo',
        effect: true,
        path: `/adyen/v68/payments/${id}/refunds`,
      },
      { operation: 'getPayment', effect: false },
    ]);
  });

  it('answers unknown connectors like a gateway', async () => {
    expect((await fetch(`${sandbox.prismUrl}/paypal/v2/payments/refunds/1`)).status).toBe(404);
    expect((await fetch(`${sandbox.prismUrl}/`)).status).toBe(404);
  });

  it('keeps everything over a restart with a journal', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'prism-journal-'));
    const journal = path.join(folder, 'journal');
    const first = await startPrism({ seed: false, journal });
    const psp = await first.adyenPayment();
    await first.mode({ adyenReasons: 'accept' });
    await first.fault({ operation: 'createRefund', kind: 'pending' });
    await first.adyenRefund(psp, 100);
    const books = await first.ledger(psp);
    await first.close();
    const second = await startPrism({ seed: false, journal });
    expect(await second.ledger(psp)).toEqual(books);
    const { body } = await second.control('GET', '/control/mode?provider=prism');
    expect(body['modes']).toMatchObject([{ adyenReasons: 'accept' }]);
    expect((await second.settle({ all: true, status: 'succeeded' })).body['settled']).toHaveLength(1);
    await second.close();
    await rm(folder, { recursive: true });
  });

  it('has its ready payments back after a reset', async () => {
    const { body } = await sandbox.control('GET', '/control/payments?provider=prism');
    await sandbox.control('POST', '/control/reset');
    expect((await sandbox.control('GET', '/control/payments?provider=prism')).body).toEqual(body);
    const atStripe = STRIPE_PAYMENTS.filter(({ account }) => account === 'prism-demo');
    const count = DEMO_PAYMENTS.length + atStripe.length;
    expect(body['payments']).toHaveLength(count);
    const { body: ledger } = await sandbox.control('GET', '/control/ledger?provider=prism');
    expect(ledger['payments']).toHaveLength(count);
  });
});
