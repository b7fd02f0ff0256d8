import { inspect } from 'node:util';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { withHidden } from '../../src/config/hidden.ts';
import { account, loadFile, merchant, providers } from './settings.ts';

const CANARIES = ['canary-secret-key', 'canary-password'];
const env = { DATABASE_URL: 'postgres://user:canary-password@db/refunds', SECRET: 'canary-secret-key' };
const accounts = [account({ credentials: { shopId: '100', secretKey: '${SECRET}' } })];
const config = loadFile({ merchants: [merchant({ accounts })] }, env);

function logged(value: object): string {
  let output = '';
  pino({ level: 'trace' }, { write: (line: string) => void (output += line) }).info(
    { value, ...value },
    'configured',
  );
  return output;
}

describe('secrets of the configuration', () => {
  it('can be read by name, also by the schema that made them', () => {
    const credentials = config.merchants[0]?.accounts[0]?.credentials;
    expect(credentials).toHaveProperty('secretKey', 'canary-secret-key');
    expect(providers['yookassa']?.schema.safeParse(credentials).success).toBe(true);
    expect(config.database).toHaveProperty('url', 'postgres://user:canary-password@db/refunds');
  });

  it.each([
    ['the configuration', config],
    ['an account', config.merchants[0]?.accounts[0] ?? {}],
    ['credentials', Object(config.merchants[0]?.accounts[0]?.credentials) as object],
    ['the database', config.database],
    [
      'a nested secret',
      withHidden({ visible: 1 }, { outer: { list: [{ inner: 'canary-password' }] } }).outer,
    ],
  ])('are not printed with %s', (_name, value) => {
    const printed = [
      inspect(value, { depth: null }),
      inspect(value, { depth: null, showHidden: true }),
      inspect(value, { depth: null, customInspect: false }),
      JSON.stringify(value),
      JSON.stringify({ ...value }),
      JSON.stringify(Object.entries(value)),
      logged(value),
    ].join('\n');
    for (const canary of CANARIES) expect(printed).not.toContain(canary);
  });

  it('are printed as hidden, so that a reader sees that they are there', () => {
    expect(inspect(config.database)).toBe("{ kind: 'url', url: '[hidden]' }");
    expect(JSON.stringify(config.merchants[0]?.accounts[0])).toContain('"credentials":"[hidden]"');
  });

  it.each([
    [
      'a value of the wrong kind',
      {
        merchants: [
          merchant({
            accounts: [
              account({ credentials: { shopId: 'canary-password', secretKey: ['canary-secret-key'] } }),
            ],
          }),
        ],
      },
    ],
    [
      'a secret in the wrong place',
      {
        merchants: [
          merchant({
            code: 'canary-password ',
            accounts: [
              account({ baseUrl: 'http://user:canary-password@h.example', maxInFlight: 'canary-secret-key' }),
            ],
          }),
        ],
      },
    ],
    ['a reference with a secret in it', { merchants: [merchant({ name: '${canary-secret-key}' })] }],
    ['broken JSON', '{"merchants": [{"secretKey": canary-secret-key "canary-password"]}'],
  ])('are not repeated in a problem: %s', (_name, document) => {
    let message = '';
    try {
      loadFile(document);
    } catch (error) {
      message = inspect(error, { depth: null });
    }
    expect(message).toContain('ConfigError');
    for (const canary of CANARIES) expect(message).not.toContain(canary);
  });
});
