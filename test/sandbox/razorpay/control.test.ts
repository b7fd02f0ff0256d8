import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEMO_PAYMENTS } from '../../../sandbox/razorpay/demo-payments.ts';
import { DEFAULT_SETTINGS } from '../../../sandbox/razorpay/settings.ts';
import { myr, type RazorpayHarness, startRazorpay } from './harness.ts';

const [READY] = DEMO_PAYMENTS;

describe('control API for razorpay', () => {
  let sandbox: RazorpayHarness;
  beforeEach(async () => {
    sandbox = await startRazorpay({});
  });
  afterEach(() => sandbox.close());

  const post = (path: string, body: object) =>
    sandbox.control('POST', `/control/${path}`, { provider: 'razorpay', ...body });
  const get = (path: string) => sandbox.control('GET', `/control/${path}`);

  it('tells the credentials of both sub-merchants', async () => {
    const common = {
      clientId: 'PartnerClient01',
      clientSecret: 's3cr3t-Part/ner',
      baseUrl: sandbox.razorpayUrl,
    };
    expect((await get('credentials?provider=razorpay')).body).toEqual({
      razorpay: [
        {
          ...common,
          account: 'razorpay-demo',
          accountId: 'acc_SimSub00000001',
          keyId: 'rzp_test_SimKey00000001',
          keySecret: 'SimKeySecret0001',
          webhookSecret: 'whsec-curlec-test-1',
        },
        {
          ...common,
          account: 'razorpay-other',
          accountId: 'acc_SimSub00000002',
          keyId: 'rzp_test_SimKey00000002',
          keySecret: 'SimKeySecret0002',
          webhookSecret: 'whsec-curlec-test-2',
        },
      ],
    });
    expect((await get('credentials')).body).toMatchObject({ yookassa: [{}, {}], razorpay: [{}, {}] });
  });

  it.each([
    ['payments', { amount: { value: '1.001', currency: 'MYR' } }, 'amount.value'],
    ['payments', { amount: { value: '1.1', currency: 'JPY' } }, 'amount.value'],
    ['payments', { amount: { value: '90071992547410.00', currency: 'MYR' } }, 'amount.value'],
    ['payments', { amount: myr('1.00'), account: 'nobody' }, 'account'],
    ['payments', { amount: myr('1.00'), reference: 'pay_short' }, 'reference'],
    ['payments', { amount: myr('1.00'), reference: READY?.reference }, 'reference'],
    ['payments', { amount: myr('1.00'), method: 'gold' }, 'method'],
    ['payments', { amount: myr('2.00'), captured: myr('1.00') }, 'captured.value'],
    ['payments', { amount: myr('1.00'), sources: [{ account: 'a', amount: myr('1.00') }] }, 'sources'],
    ['payments', { amount: myr('1.00'), connector: 'adyen' }, 'connector'],
    ['payments', { amount: myr('1.00'), createdAt: '2999-01-01T00:00:00Z' }, 'createdAt'],
    ['mode', { refunds: 'sometimes' }, 'refunds'],
    ['mode', { balanceMinor: '-1' }, 'balanceMinor'],
    ['mode', { texts: { nonsense: 'x' } }, 'texts.nonsense'],
    ['mode', { surprise: 1 }, 'surprise'],
    ['console-refund', { reference: 'pay_AAAAAAAAAAAAAA', amount: myr('1.00') }, 'reference'],
    ['console-refund', { reference: READY?.reference, amount: myr('9999.00') }, 'amount'],
    [
      'console-refund',
      { reference: READY?.reference, amount: myr('1.00'), source: { account: 'a' } },
      'source',
    ],
  ])('refuses %s %j naming %s and changes nothing', async (path, body, field) => {
    const before = (await get('ledger')).text;
    expect(await post(path, body)).toMatchObject({ status: 400, body: { error: { field } } });
    expect((await get('ledger')).text).toBe(before);
  });

  it('answers a mode with all of it', async () => {
    const { body } = await post('mode', { traceAfterSeconds: 60, balanceMinor: 500 });
    expect(body).toEqual({
      provider: 'razorpay',
      ...DEFAULT_SETTINGS,
      traceAfterSeconds: 60,
      balanceMinor: '500',
    });
  });

  it('finds accounts by their id too, and keeps a payment as asked', async () => {
    const reference = 'pay_SimPayment0009';
    const createdAt = '2026-01-02T03:04:05.000Z';
    const account = 'acc_SimSub00000002';
    await sandbox.payment({ account, reference, createdAt, amount: { value: '99.990', currency: 'KWD' } });
    expect(await sandbox.ledger(reference)).toMatchObject({
      account: 'razorpay-other',
      capturedMinor: '99990',
      status: 'captured',
      voided: false,
      releasedMinor: '0',
    });
    const { body } = await sandbox.api('GET', `/payments/${reference}`, { account });
    expect(body['created_at']).toBe(Date.parse(createdAt) / 1_000);
  });

  it('resets everything to the beginning', async () => {
    const id = await sandbox.payment();
    await post('mode', { refunds: 'pending', balanceMinor: '0' });
    const url = 'http://127.0.0.1:9/hook';
    await post('webhooks', { mode: 'on', url, secret: 'whsec-new' });
    await sandbox.control('POST', '/control/reset', {});
    expect((await sandbox.api('GET', `/payments/${id}`)).status).toBe(400);
    expect((await get('mode?provider=razorpay')).body).toEqual({
      modes: [{ provider: 'razorpay', ...DEFAULT_SETTINGS }],
    });
    expect((await get('webhooks?provider=razorpay')).body['webhooks']).toMatchObject([{ mode: 'off' }]);
    expect((await get('credentials?provider=razorpay')).body['razorpay']).toMatchObject([
      { webhookSecret: 'whsec-curlec-test-1' },
      {},
    ]);
    expect((await get('payments?provider=razorpay')).body['payments']).toHaveLength(DEMO_PAYMENTS.length);
  });
});
