import { describe, expect, it } from 'vitest';
import { account, HASH_B, key, loadFile, merchant, problemsOf, wheresOf } from './settings.ts';

const one = (more: object) => ({ merchants: [merchant(more)] });
const withAccount = (more: object) => one({ accounts: [account(more)] });
const at = (path: string) => `ACCOUNTS_FILE: merchants[0].${path}`;

describe('the accounts file', () => {
  it('becomes merchants, keys and accounts with defaults', () => {
    const { merchants } = loadFile({ $schema: './accounts.schema.json', ...one({}) });
    expect(merchants).toEqual([
      {
        code: 'acme',
        name: 'Acme',
        keys: [key()],
        accounts: [
          {
            code: 'shop-main',
            provider: 'yookassa',
            displayName: 'Main shop',
            identity: '100',
            baseUrl: 'https://api.yookassa.ru/v3',
            options: {},
            maxInFlight: 8,
            minLookIntervalMs: 2000,
            requestsPerSecond: undefined,
          },
        ],
      },
    ]);
    expect(merchants[0]?.accounts[0]?.credentials).toHaveProperty('secretKey', 'sk-canary');
  });

  it('keeps what it says', () => {
    const given = {
      maxInFlight: 2,
      requestsPerSecond: 0.5,
      minLookIntervalMs: 0,
      arrivalDays: { min: 0, max: 60 },
      baseUrl: 'https://proxy.example.com/v3/',
    };
    const [read] = loadFile(withAccount(given)).merchants[0]?.accounts ?? [];
    expect(read).toMatchObject({ ...given, baseUrl: 'https://proxy.example.com/v3' });
  });

  it.each([
    ['a missing code', one({ code: undefined }), 'code'],
    ['a code of one character', one({ code: 'a' }), 'code'],
    ['a code of 64 characters', one({ code: 'a'.repeat(64) }), 'code'],
    ['a code with capitals', one({ code: 'Acme' }), 'code'],
    ['a code with a line break', one({ code: 'acme\n' }), 'code'],
    ['an empty name', one({ name: '' }), 'name'],
    ['a name with a line break', one({ name: 'Ac\nme' }), 'name'],
    ['keys that are no list', one({ keys: {} }), 'keys'],
    ['a missing list of accounts', one({ accounts: undefined }), 'accounts'],
    ['a missing list of keys', one({ keys: undefined }), 'keys'],
    ['a key instead of its hash', one({ keys: [key({ sha256: 'rf_live_abc' })] }), 'keys[0].sha256'],
    ['a hash in capitals', one({ keys: [key({ sha256: 'A'.repeat(64) })] }), 'keys[0].sha256'],
    ['no scope', one({ keys: [key({ scopes: [] })] }), 'keys[0].scopes'],
    ['an unknown scope', one({ keys: [key({ scopes: ['admin'] })] }), 'keys[0].scopes[0]'],
    ['an unknown provider', withAccount({ provider: 'constructor' }), 'accounts[0].provider'],
    ['a missing provider', withAccount({ provider: undefined }), 'accounts[0].provider'],
    ['missing credentials', withAccount({ credentials: undefined }), 'accounts[0].credentials'],
    ['credentials that are a list', withAccount({ credentials: [] }), 'accounts[0].credentials'],
    [
      'a wrong credential',
      withAccount({ credentials: { shopId: 'x', secretKey: 'k' } }),
      'accounts[0].credentials.shopId',
    ],
    [
      'a missing credential',
      withAccount({ credentials: { shopId: '1' } }),
      'accounts[0].credentials.secretKey',
    ],
    [
      'an empty credential',
      withAccount({ credentials: { shopId: '1', secretKey: '' } }),
      'accounts[0].credentials.secretKey',
    ],
    ['a number as text', withAccount({ maxInFlight: '8' }), 'accounts[0].maxInFlight'],
    ['no slot', withAccount({ maxInFlight: 0 }), 'accounts[0].maxInFlight'],
    ['half a slot', withAccount({ maxInFlight: 1.5 }), 'accounts[0].maxInFlight'],
    ['no request per second', withAccount({ requestsPerSecond: 0 }), 'accounts[0].requestsPerSecond'],
    ['a negative interval', withAccount({ minLookIntervalMs: -1 }), 'accounts[0].minLookIntervalMs'],
    [
      'arrival in less than no time',
      withAccount({ arrivalDays: { min: -1, max: 1 } }),
      'accounts[0].arrivalDays.min',
    ],
    [
      'arrival after 61 days',
      withAccount({ arrivalDays: { min: 0, max: 61 } }),
      'accounts[0].arrivalDays.max',
    ],
    [
      'arrival in half a day',
      withAccount({ arrivalDays: { min: 0.5, max: 1 } }),
      'accounts[0].arrivalDays.min',
    ],
    [
      'a latest day before the earliest',
      withAccount({ arrivalDays: { min: 3, max: 2 } }),
      'accounts[0].arrivalDays.max',
    ],
    ['arrival without a latest day', withAccount({ arrivalDays: { min: 3 } }), 'accounts[0].arrivalDays.max'],
    ['arrival as one number', withAccount({ arrivalDays: 3 }), 'accounts[0].arrivalDays'],
    ['arrival of a text', withAccount({ arrivalDays: { min: '0', max: 1 } }), 'accounts[0].arrivalDays.min'],
    [
      'a word that arrival does not have',
      withAccount({ arrivalDays: { min: 0, max: 1, typical: 1 } }),
      'accounts[0].arrivalDays.typical',
    ],
    [
      'a provider without a default URL',
      withAccount({ provider: 'homegrown', credentials: { login: 'x' } }),
      'accounts[0].baseUrl',
    ],
  ])('is refused with %s', (_name, document, path) => {
    expect(wheresOf(() => loadFile(document))).toEqual([at(path)]);
  });

  it('is refused with an unknown key anywhere, with the key that was probably meant', () => {
    const document = {
      merchant: [],
      merchants: [
        merchant({
          nmae: 'x',
          zzz: 1,
          keys: [key({ scope: [] })],
          accounts: [account({ baseURL: 'x', credentials: { shopId: '1', secretKey: 'k', shopid: '1' } })],
        }),
      ],
    };
    expect(problemsOf(() => loadFile(document)).toSorted()).toEqual([
      'ACCOUNTS_FILE: merchant: is not known here; did you mean "merchants"?',
      `${at('accounts[0].baseURL')}: is not known here; did you mean "baseUrl"?`,
      `${at('accounts[0].credentials.shopid')}: is not known here; did you mean "shopId"?`,
      `${at('keys[0].scope')}: is not known here; did you mean "scopes"?`,
      `${at('nmae')}: is not known here; did you mean "name"?`,
      `${at('zzz')}: is not known here`,
    ]);
  });

  it('has hints for the fields of credentials that are transformed, too', () => {
    const credentials = { clientId: 'c', clientSecret: 's', account: 'a', clientID: 'c' };
    expect(
      problemsOf(() => loadFile(one({ accounts: [account({ provider: 'razorpay', credentials })] }))),
    ).toEqual([
      expect.stringMatching(/credentials\.clientID: is not known here; did you mean "clientId"\?$/),
    ]);
  });

  it('is refused with a code, a key or an account at the provider that stands in it twice', () => {
    const second = merchant({
      keys: [key(), key({ sha256: HASH_B })],
      accounts: [account({ baseUrl: 'https://a.example' })],
    });
    const [code, accountCode, hash, name, identity, ...others] = problemsOf(() =>
      loadFile({ merchants: [merchant(), second] }),
    );
    expect(others).toEqual([]);
    expect(code).toBe(
      'ACCOUNTS_FILE: merchants[1].code: is the same as merchants[0].code; merchant codes are unique',
    );
    expect(accountCode).toContain(
      'merchants[1].accounts[0].code: is the same as merchants[0].accounts[0].code',
    );
    expect(hash).toContain('merchants[1].keys[0].sha256: is the same as merchants[0].keys[0].sha256');
    expect(name).toContain('merchants[1].keys[1].name: is the same as merchants[1].keys[0].name');
    expect(identity).toContain(
      'merchants[1].accounts[0].credentials: is the same as merchants[0].accounts[0].credentials',
    );
  });

  it('takes the same number at two providers for two identities', () => {
    const other = {
      code: 'other',
      provider: 'homegrown',
      baseUrl: 'https://h.example',
      credentials: { login: 'x' },
    };
    const document = one({ accounts: [account(), account(other)] });
    expect(loadFile(document).merchants[0]?.accounts.map(({ identity }) => identity)).toEqual(['100', '100']);
  });

  it.each([
    ['no merchant', { merchants: [] }],
    ['merchants without accounts', one({ accounts: [] })],
  ])('is refused with %s, with what to do', (_name, document) => {
    expect(problemsOf(() => loadFile(document))).toEqual([
      expect.stringMatching(/the file: names no account.*add one/),
    ]);
  });

  it('reports the mistakes of shape, of providers and between entries in one go', () => {
    const broken = merchant({
      code: 'acme',
      name: 5,
      keys: [key(), 'x'],
      accounts: [
        account({ provider: 'yokassa' }),
        account({ baseUrl: 'http://api.example.com', credentials: {} }),
      ],
    });
    expect(
      wheresOf(() => loadFile({ merchants: [merchant({ accounts: [] }), broken] }, { PORT: 'x' })).toSorted(),
    ).toEqual([
      'ACCOUNTS_FILE: merchants[1].accounts[0].provider',
      'ACCOUNTS_FILE: merchants[1].accounts[1].baseUrl',
      'ACCOUNTS_FILE: merchants[1].accounts[1].code',
      'ACCOUNTS_FILE: merchants[1].accounts[1].credentials.secretKey',
      'ACCOUNTS_FILE: merchants[1].accounts[1].credentials.shopId',
      'ACCOUNTS_FILE: merchants[1].code',
      'ACCOUNTS_FILE: merchants[1].keys[0].sha256',
      'ACCOUNTS_FILE: merchants[1].keys[1]',
      'ACCOUNTS_FILE: merchants[1].name',
      'PORT',
    ]);
  });
});
