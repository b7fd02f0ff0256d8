import { describe, expect, it } from 'vitest';
import { account, loadFile, merchant, wheresOf } from './settings.ts';

const withAccount = (more: object) => ({ merchants: [merchant({ accounts: [account(more)] })] });
const at = (path: string) => `ACCOUNTS_FILE: merchants[0].${path}`;

describe('the base URL of an account', () => {
  it.each([
    'https://api.example.com',
    'https://192.0.2.1/v3',
    'https://[2001:db8::1]:8443/v3',
    'http://127.0.0.1:4011/v3',
    'http://127.200.0.9',
    'http://localhost:1/v3',
    'http://[::1]:4011',
    'http://[::ffff:127.0.0.1]/v3',
    'http://127.1/v3',
    'http://2130706434',
  ])('may be %s', (baseUrl) => {
    expect(() => loadFile(withAccount({ baseUrl }))).not.toThrow();
  });

  it.each([
    'http://api.example.com',
    'http://10.0.0.1/v3',
    'http://0.0.0.0',
    'http://[::]',
    'http://128.0.0.1',
    'http://[::2]',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
    'http://localhost@example.com',
    'http://[::ffff:10.0.0.1]',
    'https://user:pw@api.example.com',
    'https://user@api.example.com',
    'http://127.0.0.1@example.com/v3',
    'api.example.com',
    'ftp://127.0.0.1',
    'https://',
    '',
    'https://api.example.com?x=1',
    'https://api.example.com/v3#x',
    ' https://api.example.com',
    'https://api.example\n.com',
    'https:\\\\api.example.com',
    'file:///etc/passwd',
  ])('may not be %j', (baseUrl) => {
    expect(wheresOf(() => loadFile(withAccount({ baseUrl })))).toEqual([at('accounts[0].baseUrl')]);
  });

  it('depends on the options where the provider has several, and wrong options are reported once', () => {
    const pay = (options?: object) =>
      withAccount({
        provider: 'yandex-pay',
        credentials: { apiKey: 'key', merchantId: 'id' },
        ...(options && { options }),
      });
    const baseUrlOf = (options?: object) => loadFile(pay(options)).merchants[0]?.accounts[0]?.baseUrl;
    expect(baseUrlOf()).toBe('https://pay.yandex.ru/api/merchant');
    expect(baseUrlOf({ edition: 'uz' })).toBe('https://pay.yandex.uz/api/merchant');
    expect(wheresOf(() => loadFile(pay({ edition: 'kz' })))).toEqual([at('accounts[0].options.edition')]);
  });
});
