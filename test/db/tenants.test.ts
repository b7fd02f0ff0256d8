import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config.ts';
import type { AccountConfig, KeyConfig, MerchantConfig } from '../../src/config.ts';
import { connectDatabase } from '../../src/db/connect.ts';
import { listAccounts } from '../../src/db/list-accounts.ts';
import { syncTenants } from '../../src/db/tenants.ts';
import type { Database } from '../../src/db/tables.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { silentLog } from '../support/silent-log.ts';

let database: TestDatabase<Database>;
beforeEach(async () => {
  database = await createTestDatabase('tenants');
});
afterEach(() => database.drop());

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const key = (name: string, change: Partial<KeyConfig> = {}): KeyConfig => ({
  name,
  sha256: sha256(name),
  scopes: ['read', 'write'],
  ...change,
});

const account = (code: string, identity: string, change: Partial<AccountConfig> = {}): AccountConfig => ({
  code,
  provider: 'yookassa',
  displayName: code,
  baseUrl: 'https://provider.test',
  credentials: {},
  options: {},
  identity,
  maxInFlight: 8,
  requestsPerSecond: undefined,
  minLookIntervalMs: 2_000,
  ...change,
});

const merchant = (
  code: string,
  accounts: AccountConfig[],
  keys: KeyConfig[] = [],
  name = code,
): MerchantConfig => ({ code, name, keys, accounts });

const acme = merchant('acme', [account('acme-shop', '1')], [key('backend'), key('console')]);

const revoked = async (): Promise<Record<string, boolean>> => {
  const rows = await database.db.selectFrom('api_keys').select(['name', 'revoked_at']).execute();
  return Object.fromEntries(rows.map((row) => [row.name, row.revoked_at !== null]));
};

const problemsOf = async (merchants: MerchantConfig[]): Promise<string[]> => {
  const error = await syncTenants(database.db, merchants).catch((caught: unknown) => caught);
  if (!(error instanceof ConfigError)) throw new Error('was not refused');
  return error.problems.map(({ where, message }) => `${where} ${message}`);
};

describe('syncTenants', () => {
  it('gives each merchant, account and key a row, the same one the next time', async () => {
    const first = await syncTenants(database.db, [acme, merchant('other', [account('other-shop', '2')])]);
    expect([...first.merchants.keys()].toSorted()).toEqual(['acme', 'other']);
    expect([...first.accounts.keys()].toSorted()).toEqual(['acme-shop', 'other-shop']);
    expect([...first.keys.keys()].toSorted()).toEqual([sha256('backend'), sha256('console')].toSorted());
    const again = await syncTenants(database.db, [acme, merchant('other', [account('other-shop', '2')])]);
    expect(again).toEqual(first);
    const rows = await database.db
      .selectFrom('accounts')
      .select(['code', 'merchant_id', 'identity'])
      .execute();
    expect(rows).toContainEqual({
      code: 'acme-shop',
      merchant_id: first.merchants.get('acme'),
      identity: '1',
    });
  });

  it('lists accounts that are new together in the order of the configuration', async () => {
    const codes = ['h', 'c', 'f', 'a', 'g', 'b', 'e', 'd'].map((letter) => `shop-${letter}`);
    const accounts = codes.map((code, index) => account(code, String(index)));
    const { merchants } = await syncTenants(database.db, [merchant('acme', accounts)]);
    const page = { limit: 100, ascending: true, backward: false, after: undefined, before: undefined };
    const listed = await listAccounts(database.db, merchants.get('acme')!, page);
    expect(listed.rows.map(({ code }) => code)).toEqual(codes);
  });

  it('follows new names and scopes', async () => {
    await syncTenants(database.db, [acme]);
    const renamed = [account('acme-shop', '1', { displayName: 'The shop' })];
    const keys = [key('renamed', { sha256: sha256('backend'), scopes: ['read'] })];
    await syncTenants(database.db, [merchant('acme', renamed, keys, 'Acme Ltd')]);
    expect(await database.db.selectFrom('merchants').select('name').execute()).toEqual([
      { name: 'Acme Ltd' },
    ]);
    expect(await database.db.selectFrom('accounts').select('display_name').execute()).toEqual([
      { display_name: 'The shop' },
    ]);
    expect(
      await database.db.selectFrom('api_keys').select('scopes').where('name', '=', 'renamed').execute(),
    ).toEqual([{ scopes: ['read'] }]);
  });

  it('revokes a key that is gone, and revives one that returns', async () => {
    await syncTenants(database.db, [acme]);
    await syncTenants(database.db, [merchant('acme', [...acme.accounts], [key('backend')])]);
    expect(await revoked()).toEqual({ backend: false, console: true });
    await syncTenants(database.db, [acme]);
    expect(await revoked()).toEqual({ backend: false, console: false });
    await syncTenants(database.db, []);
    expect(await revoked()).toEqual({ backend: true, console: true });
  });

  it('keeps the rows of what is not configured any more', async () => {
    const first = await syncTenants(database.db, [acme]);
    await syncTenants(database.db, [merchant('other', [account('other-shop', '2')])]);
    const again = await syncTenants(database.db, [acme]);
    expect(again.accounts.get('acme-shop')).toBe(first.accounts.get('acme-shop'));
  });

  it('refuses an account at the provider under another code, also where another provider leads to it', async () => {
    const card = { provider: 'cardbank', identitySpace: 'cardbank' };
    await syncTenants(database.db, [merchant('acme', [account('acme-card', 'acct_1', card)])]);
    const behind = { provider: 'switch', identitySpace: 'cardbank' };
    expect(await problemsOf([merchant('acme', [account('acme-switch', 'acct_1', behind)])])).toEqual([
      expect.stringMatching(
        /^account acme-switch is switch acct_1, which this database knows as the account acme-card/,
      ),
    ]);
    await syncTenants(database.db, [merchant('acme', [account('acme-switch', 'acct_2', behind)])]);
  });

  it('refuses what refunds depend on, all of it at once, and changes nothing', async () => {
    await syncTenants(database.db, [
      acme,
      merchant('other', [account('other-shop', '2'), account('third', '3')]),
    ]);
    const problems = await problemsOf([
      merchant('acme', [account('acme-shop', '9'), account('other-shop', '2'), account('new', '3')]),
      merchant('other', [], [key('moved', { sha256: sha256('backend') })], 'Renamed'),
    ]);
    expect(problems).toEqual([
      expect.stringMatching(/^account acme-shop was first configured as yookassa 1 and is now yookassa 9/),
      expect.stringMatching(/^account other-shop belongs to the merchant other/),
      expect.stringMatching(/^account new is yookassa 3, which this database knows as the account third/),
      expect.stringMatching(/^key "moved" of the merchant other belonged to the merchant acme/),
    ]);
    expect(await revoked()).toEqual({ backend: false, console: false });
    expect(
      await database.db.selectFrom('merchants').select('name').where('code', '=', 'other').execute(),
    ).toEqual([{ name: 'other' }]);
  });

  it('gives five processes that start at once the same rows', async () => {
    const pools = Array.from({ length: 5 }, () =>
      connectDatabase<Database>({ config: database.config, log: silentLog, max: 2 }),
    );
    try {
      const all = await Promise.all(pools.map(({ db }) => syncTenants(db, [acme])));
      expect(new Set(all.map(({ accounts }) => accounts.get('acme-shop'))).size).toBe(1);
      expect(await database.db.selectFrom('api_keys').selectAll().execute()).toHaveLength(2);
    } finally {
      await Promise.all(pools.map((pool) => pool.close()));
    }
  });
});
