import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { credentials } from '../../src/commands/credentials.ts';
import { accountsFileJsonSchema } from '../../src/config.ts';
import { loadFile, secretOf } from './settings.ts';

const guide = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

describe('the documentation of the configuration', () => {
  it('has the current JSON Schema of the accounts file (renew it with `npx vitest run test/config -u`)', async () => {
    const schema = `${JSON.stringify(accountsFileJsonSchema(), undefined, 2)}\n`;
    await expect(schema).toMatchFileSnapshot('../../docs/accounts.schema.json');
  });

  it('has an example that works', () => {
    const example = /```json\n(.*?)```/s.exec(guide)?.[1] ?? '';
    const { merchants } = loadFile(example, { YOOKASSA_SECRET_KEY: 'live_key' });
    expect(merchants[0]?.keys.map(({ name }) => name)).toEqual(['backend', 'reports']);
    expect(merchants[0]?.accounts[0]).toMatchObject({ code: 'acme-yookassa', identity: '506751' });
    expect(merchants[0]?.accounts[0]?.credentials).toHaveProperty('secretKey', 'live_key');
  });

  it('has an example of endpoints that works', () => {
    const example = /```json\n(\{\n {2}"merchants".*?)```/s.exec(guide)?.[1] ?? '';
    const secrets = {
      ACME_ORDERS_SECRET: secretOf(24),
      PAGER_SECRET: secretOf(32),
      PAGER_SECRET_OLD: secretOf(64),
    };
    const { merchants, operatorEndpoints } = loadFile(example, {
      YOOKASSA_SECRET_KEY: 'live_key',
      ...secrets,
    });
    expect(merchants[0]?.eventEndpoints).toMatchObject([
      { code: 'acme-orders', events: ['refund.finalized'] },
    ]);
    expect(operatorEndpoints).toMatchObject([{ code: 'pager', events: [], allowPrivateNetwork: true }]);
  });

  it('has examples of accounts that the providers take', () => {
    const accounts = [...guide.matchAll(/```json\n(\{\n {2}"code".*?)```/gs)].map(([, text = '']) => text);
    const env = {
      RAZORPAY_CLIENT_SECRET: 's',
      ROBOKASSA_PASSWORD1: 'p1',
      ROBOKASSA_PASSWORD2: 'p2',
      ROBOKASSA_PASSWORD3: 'p3',
      STRIPE_API_KEY: 'sk_test_12345678',
      STRIPE_WEBHOOK_SECRET: 'whsec_12345678',
      YANDEX_PAY_API_KEY: 'k',
    };
    const file = `{"merchants": [{"code": "acme", "name": "Acme", "keys": [], "accounts": [${accounts.join()}]}]}`;
    const [merchant] = loadFile(file, env, credentials).merchants;
    expect(merchant?.accounts.map(({ provider }) => provider)).toEqual([
      'razorpay',
      'robokassa',
      'stripe',
      'yandex-pay',
      'prism',
    ]);
  });

  it('lists every variable that is read', () => {
    const source = readFileSync(new URL('../../src/config/environment.ts', import.meta.url), 'utf8');
    const read = new Set([...source.matchAll(/read\.\w+\('([A-Z_]+)'/g)].map(([, name]) => name));
    expect(read.size).toBeGreaterThanOrEqual(12);
    for (const name of read) expect(guide).toContain(`\n| \`${name}\` |`);
  });
});
