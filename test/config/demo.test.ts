import { describe, expect, it } from 'vitest';
import { hashApiKey } from '../../src/access/api-key.ts';
import { createKeyDirectory } from '../../src/access/principal.ts';
import { key, load, loadFile, merchant, problemsOf, wheresOf } from './settings.ts';

const DEMO_KEY = 'rf_demo_00000000000000000000000000000000';
const OTHER_KEY = 'rf_demo_11111111111111111111111111111111';

describe('demo mode', () => {
  it('has two merchants with public keys and accounts in the sandbox', () => {
    const config = load({ DEMO: '1' });
    expect(config.demo).toBe(true);
    expect(config.database.kind).toBe('embedded');
    expect(config.merchants.map(({ code }) => code)).toEqual(['demo', 'other']);
    const [demo, other] = config.merchants.map(({ accounts }) => accounts[0]);
    const limits = { requestsPerSecond: 1000, maxInFlight: 8, minLookIntervalMs: 2000 };
    const baseUrl = 'http://127.0.0.1:4011/v3';
    expect(demo).toMatchObject({
      code: 'yookassa-demo',
      provider: 'yookassa',
      identity: '100500',
      baseUrl,
      ...limits,
    });
    expect(other).toMatchObject({
      code: 'yookassa-other',
      provider: 'yookassa',
      identity: '100501',
      baseUrl,
      ...limits,
    });
    expect(demo?.credentials).toHaveProperty('secretKey', 'test_demo_yookassa_secret_key');
    expect(other?.credentials).toHaveProperty('secretKey', 'test_other_yookassa_secret_key');
    const razorpay = config.merchants[0]?.accounts[1];
    expect(razorpay).toMatchObject({
      code: 'razorpay-demo',
      provider: 'razorpay',
      identity: 'acc_SimSub00000001',
      baseUrl: 'http://127.0.0.1:4013/v1',
      ...limits,
    });
    expect(razorpay?.credentials).toHaveProperty('clientSecret', 's3cr3t-Part/ner');
    const stripe = config.merchants[0]?.accounts.find(({ code }) => code === 'stripe-demo');
    expect(stripe).toMatchObject({
      provider: 'stripe',
      baseUrl: 'http://127.0.0.1:4015/v1',
      arrivalDays: { min: 5, max: 10 },
      ...limits,
    });
    expect(stripe?.credentials).toHaveProperty('apiKey', 'sk_test_SimStripeDemo000000000001');
    const yandexPay = config.merchants[0]?.accounts.find(({ code }) => code === 'yandex-pay-demo');
    expect(yandexPay).toMatchObject({
      code: 'yandex-pay-demo',
      provider: 'yandex-pay',
      identity: '0b6f2c1e-6f0a-5d3e-9a54-3f6d2a7c8e10',
      baseUrl: 'http://127.0.0.1:4014/api/merchant',
      ...limits,
    });
    expect(config.merchants[1]?.accounts).toHaveLength(1);
    expect(demo?.arrivalDays).toEqual({ min: 0, max: 3 });
    expect(razorpay?.arrivalDays).toEqual({ min: 5, max: 7 });
    expect(other?.arrivalDays).toBeUndefined();
  });

  it('knows its two keys, with all scopes', () => {
    const directory = createKeyDirectory(load({ DEMO: '1' }).merchants);
    expect(directory.authenticate(`Bearer ${DEMO_KEY}`)).toMatchObject({ merchantCode: 'demo' });
    const other = directory.authenticate(`Bearer ${OTHER_KEY}`);
    expect(other?.merchantCode).toBe('other');
    expect([...(other?.scopes ?? [])]).toEqual(['read', 'write', 'debug']);
  });

  it('follows the port of the sandbox', () => {
    const config = load({ DEMO: '1', SANDBOX_PORT: '5500' });
    expect(config.merchants[0]?.accounts[0]?.baseUrl).toBe('http://127.0.0.1:5501/v3');
    expect(config.merchants[0]?.accounts[1]?.baseUrl).toBe('http://127.0.0.1:5503/v1');
  });

  it.each([
    ['DATABASE_URL', 'postgres://db/refunds'],
    ['ACCOUNTS_FILE', '/etc/accounts.json'],
    ['NODE_ENV', 'production'],
    ['HOST', '0.0.0.0'],
    ['HOST', '::'],
    ['HOST', '192.168.1.4'],
    ['HOST', 'example.com'],
    ['HOST', '127.0.0.1.example.com'],
    ['PORT', '4011'],
    ['SHUTDOWN_GRACE_MS', '-1'],
  ])('refuses %s=%s', (name, value) => {
    expect(wheresOf(() => load({ DEMO: '1', [name]: value }))).toEqual([name]);
  });

  it('names everything that it refuses at once', () => {
    const env = {
      DATABASE_URL: 'postgres://u:canary@db/x',
      ACCOUNTS_FILE: 'x',
      NODE_ENV: 'production',
      HOST: '0.0.0.0',
    };
    const problems = problemsOf(() => load({ DEMO: '1', ...env, PORT: 'x' }));
    expect(problems).toHaveLength(5);
    expect(problems.join()).not.toContain('canary');
  });

  it.each(['127.0.0.1', '127.8.9.1', '::1', 'localhost', '::ffff:127.0.0.1'])('may listen on %s', (HOST) => {
    expect(load({ DEMO: '1', HOST }).host).toBe(HOST);
  });

  it('is off with DEMO=0, and its keys are refused then', () => {
    const keys = [key({ sha256: hashApiKey(DEMO_KEY) }), key({ name: 'b', sha256: hashApiKey(OTHER_KEY) })];
    expect(problemsOf(() => loadFile({ merchants: [merchant({ keys })] }, { DEMO: '0' }))).toEqual([
      expect.stringMatching(/^ACCOUNTS_FILE: merchants\[0\]\.keys\[0\]\.sha256: is a key of the demo/),
      expect.stringMatching(/^ACCOUNTS_FILE: merchants\[0\]\.keys\[1\]\.sha256: is a key of the demo/),
    ]);
  });

  it('is never inferred: a word that is not 0 or 1 is the only problem reported about the mode', () => {
    expect(wheresOf(() => load({ DEMO: 'yes' }))).toEqual(['DEMO']);
  });
});
