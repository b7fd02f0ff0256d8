import { describe, expect, test } from 'vitest';
import {
  buildYandexPayDelivery,
  yandexPayJwks,
  type YandexPaySigningKey,
} from '../../../src/testing/yandex-pay-delivery.ts';
import { yandexPayProvider } from '../../../src/providers/yandex-pay/index.ts';
import type { Script } from '../../support/scripted-provider.ts';
import { MERCHANT_ID } from './account.ts';
import { ec, openReceiver, refunded, SIGNED_AT } from './signed.ts';

const [first, second] = [ec('1-merchant-api'), ec('2-merchant-api')];

/** Signed a while after the others. */
const by = (key: YandexPaySigningKey, afterSeconds = 0): string =>
  buildYandexPayDelivery({
    merchantId: MERCHANT_ID,
    key,
    about: refunded,
    at: new Date(SIGNED_AT.getTime() + afterSeconds * 1000),
  }).body;

describe('the keys of an account', () => {
  test.each([
    ['https://pay.yandex.ru/api/merchant', 'https://pay.yandex.ru/api/'],
    ['https://pay.yandex.uz/api/merchant', 'https://pay.yandex.uz/api/'],
    ['https://sandbox.pay.yandex.ru/api/merchant', 'https://sandbox.pay.yandex.ru/api/'],
    ['http://127.0.0.1:4014/api/merchant', 'http://127.0.0.1:4014/api/'],
    ['http://127.0.0.1:4014', 'http://127.0.0.1:4014/'],
  ])('are beside its API: %s', (baseUrl, keys) => {
    const options = { edition: 'ru', currency: 'RUB' } as const;
    expect(yandexPayProvider.settings.otherBaseUrlsOf!(options, baseUrl)).toEqual({ keys });
  });

  test('are asked for once, without the key of the account, and kept for an hour', async () => {
    const { fate, pass, provider } = await openReceiver([first]);
    const many = await Promise.all(Array.from({ length: 20 }, () => fate(by(first))));
    expect(new Set(many)).toEqual(new Set(['taken']));
    expect(provider.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /api/jwks']);
    expect(JSON.stringify(provider.requests[0]!.headers)).not.toContain('the-api-key');
    pass(3599);
    expect(await fate(by(first, 3599))).toBe('taken');
    expect(provider.requests).toHaveLength(1);
    pass(1);
    expect(await fate(by(first, 3600))).toBe('taken');
    expect(provider.requests).toHaveLength(2);
  });

  test('that were withdrawn are good for no longer than an hour', async () => {
    const { fate, pass, publish } = await openReceiver([first]);
    expect(await fate(by(first))).toBe('taken');
    publish([second]);
    pass(3600);
    expect(await fate(by(first, 3600))).toBe('FORGED');
    expect(await fate(by(second, 3600))).toBe('taken');
  });

  test('are asked for again at once when a new one signs, and the old one stays good', async () => {
    const { fate, pass, publish, provider } = await openReceiver([first]);
    expect(await fate(by(first))).toBe('taken');
    publish([first, second]);
    pass(10);
    expect(await fate(by(second, 10))).toBe('taken');
    expect(await fate(by(first, 10))).toBe('taken');
    expect(provider.requests).toHaveLength(2);
  });

  test('are not asked for again by a flood of ids that nobody knows', async () => {
    const { fate, pass, provider } = await openReceiver([first]);
    const flood = (from: number) =>
      Promise.all(
        Array.from({ length: 50 }, (_, n) => fate(by({ ...second, kid: `${from + n}-merchant-api` }))),
      );
    expect(new Set(await flood(100))).toEqual(new Set(['FORGED']));
    pass(9);
    expect(new Set(await flood(200))).toEqual(new Set(['FORGED']));
    expect(provider.requests).toHaveLength(1);
    pass(1);
    expect(new Set(await flood(300))).toEqual(new Set(['FORGED']));
    expect(provider.requests).toHaveLength(2);
    // What is known stays good meanwhile.
    expect(await fate(by(first))).toBe('taken');
    expect(provider.requests).toHaveLength(2);
  });

  test('are not asked for by a signature that is wrong', async () => {
    const { fate, provider, pass } = await openReceiver([first]);
    await fate(by(first));
    pass(60);
    expect(await fate(by({ ...second, kid: first.kid }, 60))).toBe('FORGED');
    expect(provider.requests).toHaveLength(1);
  });

  test('are asked for again when the clock was set back', async () => {
    const { fate, pass, publish } = await openReceiver([first]);
    expect(await fate(by(first))).toBe('taken');
    publish([second]);
    pass(-86_400);
    expect(await fate(by(first, -86_400))).toBe('FORGED');
    expect(await fate(by(second, -86_400))).toBe('taken');
  });

  test('belong to the account, and not to another one of the same provider', async () => {
    const [one, other] = [await openReceiver([first]), await openReceiver([second])];
    expect(await one.fate(by(first))).toBe('taken');
    expect(await other.fate(by(first))).toBe('FORGED');
  });
});

describe('while the keys cannot be had', () => {
  const junk: readonly (readonly [string, Script])[] = [
    ['a refusal', { status: 403 }],
    ['a refusal that has keys', { status: 404, body: { keys: [jwk()] } }],
    ['an error page', { status: 200, body: '<html>' }],
    ['no keys', { body: {} }],
    ['an empty list', { body: { keys: [] } }],
    [
      'other keys only',
      { body: { keys: [{ kty: 'RSA', kid: 'k' }, null, 'x', { ...jwk(), crv: 'P-384' }] } },
    ],
    ['a point that is none', { body: { keys: [{ ...jwk(), y: 'A'.repeat(43) }] } }],
    ['a key for something else', { body: { keys: [{ ...jwk(), use: 'enc' }] } }],
    ['a key of another algorithm', { body: { keys: [{ ...jwk(), alg: 'ES384' }] } }],
    ['too many', { body: { keys: Array.from({ length: 51 }, jwk) } }],
    ['too much', { body: { keys: [jwk()], filler: 'x'.repeat(65_536) } }],
  ];
  function jwk() {
    return yandexPayJwks([first]).keys[0]!;
  }

  test.each(junk)('since the answer is %s, nothing is decided', async (_what, script) => {
    const { fate } = await openReceiver(() => script);
    expect(await fate(by(first))).toBe('unavailable');
  });

  test.each<[string, () => Script]>([
    ['nobody answers', () => 'drop'],
    ['the provider fails', () => ({ status: 500 })],
  ])('since %s, tokens wait, and few calls are made', async (_what, broken) => {
    let script = broken;
    const { fate, pass, provider } = await openReceiver(() => script());
    expect(await Promise.all([fate(by(first)), fate(by(first))])).toEqual(['unavailable', 'unavailable']);
    const asked = provider.requests.length;
    expect(await fate(by(first))).toBe('unavailable');
    pass(4);
    expect(await fate(by(first))).toBe('unavailable');
    expect(provider.requests).toHaveLength(asked);
    script = () => ({ body: yandexPayJwks([first]) });
    pass(1);
    expect(await fate(by(first))).toBe('taken');
  });

  test('those that are known are used, and one that is not is no forgery yet', async () => {
    let script = (): Script => ({ body: yandexPayJwks([first]) });
    const { fate, pass } = await openReceiver(() => script());
    expect(await fate(by(first))).toBe('taken');
    script = () => ({ status: 404 });
    pass(10);
    expect(await fate(by(second, 10))).toBe('unavailable');
    expect(await fate(by(first, 10))).toBe('taken');
    script = () => ({ body: yandexPayJwks([first]) });
    pass(5);
    expect(await fate(by(second, 15))).toBe('FORGED');
  });

  test('what is no token of theirs is refused all the same, without a call', async () => {
    const { fate, provider } = await openReceiver(() => ({ status: 404 }));
    expect(await fate('hello')).toBe('MALFORMED');
    const [, payload, signature] = by(first).split('.');
    for (const alg of ['none', 'HS256']) {
      const header = Buffer.from(JSON.stringify({ alg, kid: first.kid })).toString('base64url');
      expect(await fate(`${header}.${payload}.${signature}`)).toBe('FORGED');
    }
    expect(provider.requests).toHaveLength(0);
  });

  test('a key that is odd does not hide the others', async () => {
    const { fate } = await openReceiver(() => ({
      body: { keys: [{ ...jwk(), x: 'short', kid: 'odd' }, ...yandexPayJwks([first]).keys] },
    }));
    expect(await fate(by(first))).toBe('taken');
  });
});
