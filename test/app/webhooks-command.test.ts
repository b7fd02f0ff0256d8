import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/tables.ts';
import { syncTenants } from '../../src/db/tenants.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { run } from './service.ts';

let folder: string;
let database: TestDatabase<Database>;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'webhooks-'));
  database = await createTestDatabase('webhooks_command');
  const account = (code: string, provider: string, credentials: object) => ({
    code,
    provider,
    displayName: code,
    credentials,
  });
  const document = {
    merchants: [
      {
        code: 'acme',
        name: 'Acme',
        keys: [],
        accounts: [
          account('shop', 'yookassa', { shopId: '1', secretKey: 'canary-secret-key-of-the-shop' }),
          account('pay', 'yandex-pay', { apiKey: 'canary-api-key', merchantId: 'm-1' }),
        ],
      },
    ],
  };
  await writeFile(path.join(folder, 'accounts.json'), JSON.stringify(document));
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

/** Runs the command; what it printed, and its exit code. */
async function webhooks(...args: string[]) {
  const command = run(['webhooks', ...args], {
    DATABASE_URL: database.connectionString,
    ACCOUNTS_FILE: path.join(folder, 'accounts.json'),
    LOG_LEVEL: 'silent',
  });
  const exit = await command.exit;
  return { exit, out: command.stdout(), err: command.stderr() };
}

async function ids(): Promise<Record<string, string>> {
  const rows = await database.db.selectFrom('accounts').select(['code', 'webhook_id']).execute();
  return Object.fromEntries(rows.map((row) => [row.code, row.webhook_id]));
}

describe('the command webhooks', () => {
  it('says of accounts that no service has seen yet that they have no URL', async () => {
    const { exit, out } = await webhooks();
    expect(exit).toBe(0);
    expect(out).toContain('shop (yookassa)\n  has its URL from the first start of a service on\n');
  });

  it('prints what is to be entered at each provider, and no secret', async () => {
    await known();
    const { shop, pay } = await ids();
    const { exit, out } = await webhooks('--base', 'https://refunds.shop.example/');
    expect(exit).toBe(0);
    expect(out).toContain(`  POST https://refunds.shop.example/webhooks/${shop}\n`);
    expect(out).toContain('  events: payment.waiting_for_capture, payment.succeeded');
    expect(out).toContain(
      `  POST https://refunds.shop.example/webhooks/${pay}\n  the provider adds /v1/webhook by itself\n`,
    );
    expect(out).not.toContain('canary');
    expect((await webhooks()).out).toContain(`  POST /webhooks/${shop}\n`);
  });

  it('gives one account another URL, which nobody can guess', async () => {
    await known();
    const before = await ids();
    const { exit, out } = await webhooks('--renew', 'shop');
    const after = await ids();
    expect(exit).toBe(0);
    expect(after['shop']).toMatch(/^[0-9a-f]{32}$/);
    expect(after['shop']).not.toBe(before['shop']);
    expect(after['pay']).toBe(before['pay']);
    expect(out).toContain(after['shop']);
    expect(out).not.toContain(after['pay']);
  });

  it.each([
    [['--renew', 'nobody'], 1, 'The database knows no account nobody.'],
    [['--base', 'nonsense'], 2, 'Usage:'],
    [['--base', 'file:///etc'], 2, 'Usage:'],
    [['--base', 'https://refunds.shop.example/?a=b'], 2, 'Usage:'],
    [['--base', 'https://refunds.shop.example/#top'], 2, 'Usage:'],
    [['--base', 'https://somebody@refunds.shop.example'], 2, 'Usage:'],
    [['--what'], 2, 'Usage:'],
  ])('%j ends with %i and says why', async (args, code, said) => {
    await known();
    const { exit, err } = await webhooks(...args);
    expect(exit).toBe(code);
    expect(err).toContain(said);
  });
});

/** As the first start of a service does it. */
async function known(): Promise<void> {
  const account = (code: string, provider: string, identity: string) => ({
    code,
    provider,
    identity,
    displayName: code,
    baseUrl: '',
    credentials: {},
    options: {},
    maxInFlight: 1,
    requestsPerSecond: undefined,
    minLookIntervalMs: 0,
  });
  const accounts = [account('shop', 'yookassa', '1'), account('pay', 'yandex-pay', 'm-1')];
  await syncTenants(database.db, [{ code: 'acme', name: 'Acme', keys: [], accounts }]);
}
