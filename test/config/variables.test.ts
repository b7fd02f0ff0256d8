import { describe, expect, it } from 'vitest';
import { account, key, loadFile, merchant, problemsOf, wheresOf } from './settings.ts';

const one = (more: object) => ({ merchants: [merchant(more)] });
const withAccount = (more: object) => one({ accounts: [account(more)] });
const at = (path: string) => `ACCOUNTS_FILE: merchants[0].${path}`;

describe('variables in the accounts file', () => {
  const secretOf = (secretKey: string, env: Record<string, string>) =>
    loadFile(withAccount({ credentials: { shopId: '100', secretKey } }), env).merchants[0]?.accounts[0]
      ?.credentials;

  it.each([
    ['${KEY}', 'value'],
    ['live_${KEY}-${OTHER_2}', 'live_value-${KEY} $& $1'],
    ['$${KEY}', '${KEY}'],
    ['$${KEY}${KEY}', '${KEY}value'],
    ['a$b $ {KEY} }', 'a$b $ {KEY} }'],
  ])('make of %s the text %s', (text, expected) => {
    expect(secretOf(text, { KEY: 'value', OTHER_2: '${KEY} $& $1' })).toHaveProperty('secretKey', expected);
  });

  it('are each named when they are missing or empty, without the problems that follow from it', () => {
    const document = one({
      code: '${CODE}',
      keys: [key({ sha256: '${HASH}' })],
      accounts: [
        account({ credentials: { shopId: '${SHOP}', secretKey: '${EMPTY}${ALSO}' }, baseUrl: '${URL}' }),
        account({ code: 'second', credentials: { shopId: '${SHOP}', secretKey: 'k' } }),
      ],
    });
    const problems = problemsOf(() => loadFile(document, { EMPTY: '' }));
    expect(problems).toEqual([
      `${at('code')}: needs the environment variable CODE, which is unset or empty`,
      `${at('keys[0].sha256')}: needs the environment variable HASH, which is unset or empty`,
      `${at('accounts[0].credentials.shopId')}: needs the environment variable SHOP, which is unset or empty`,
      `${at('accounts[0].credentials.secretKey')}: needs the environment variable EMPTY, which is unset or empty`,
      `${at('accounts[0].credentials.secretKey')}: needs the environment variable ALSO, which is unset or empty`,
      `${at('accounts[0].baseUrl')}: needs the environment variable URL, which is unset or empty`,
      `${at('accounts[1].credentials.shopId')}: needs the environment variable SHOP, which is unset or empty`,
    ]);
  });

  it.each(['${}', '${', 'x${KEY', '${KEY-default}', '${1KEY}', '${ KEY }'])(
    'may not be written as %s',
    (name) => {
      expect(wheresOf(() => loadFile(one({ name }), { KEY: 'v' }))).toEqual([at('name')]);
    },
  );

  it('are not looked for in the names of keys', () => {
    expect(wheresOf(() => loadFile(one({ '${KEY}': 1 }), { KEY: 'name' }))).toEqual([at('${KEY}')]);
  });
});
