import { createHmac, createPrivateKey, createPublicKey, sign, type JsonWebKey } from 'node:crypto';
import { fc, test as property } from '@fast-check/vitest';
import { CompactSign, importJWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { yandexPay, yandexSplit } from '../../../src/providers/yandex-pay/index.ts';
import { buildYandexPayDelivery } from '../../../src/testing/yandex-pay-delivery.ts';
import { KEY, MERCHANT_ID, ORDER_ID } from './account.ts';
import { ec, event, openReceiver, refunded, SIGNED_AT, startReceiver } from './signed.ts';

const key = ec('1-merchant-api');
const iat = SIGNED_AT.getTime() / 1000;
const header = { alg: 'ES256', exp: iat + 300, iat, kid: key.kid, typ: 'JWT' };

/** Signed by the library that the provider's users have, with any header. */
async function token(payload: unknown = event(), more: object = {}, by: JsonWebKey = key.privateKey) {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return new CompactSign(new TextEncoder().encode(text))
    .setProtectedHeader({ ...header, ...more } as typeof header)
    .sign(await importJWK(by, 'ES256'));
}
const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const fateOf = async (body: string | Buffer): Promise<string> => (await openReceiver([key])).fate(body);

describe('a webhook of Yandex Pay', () => {
  test('is taken in both editions at the path that the provider appends', () => {
    for (const { webhooks } of [yandexPay, yandexSplit]) {
      expect(webhooks).toMatchObject({ path: '/v1/webhook', methods: ['POST'], verifiedBy: 'SIGNATURE' });
      expect(webhooks!.events).toEqual(['ORDER_STATUS_UPDATED', 'OPERATION_STATUS_UPDATED']);
    }
  });

  test('is about a refund by its operation, its order and our reference', async () => {
    const { read } = await openReceiver([key]);
    expect(await read(await token())).toEqual({
      kind: 'taken',
      messages: [
        {
          event: 'OPERATION_STATUS_UPDATED',
          deduplicationKey: `operation ${refunded.operationId} SUCCESS`,
          subject: {
            providerRefundId: refunded.operationId,
            providerPaymentId: ORDER_ID,
            ourReference: KEY,
          },
        },
      ],
      answer: { status: 200, contentType: 'application/json', body: '{"status":"success"}' },
    });
  });

  test.each(['CAPTURE', 'VOID', 'AUTHORIZE'])(
    'about a %s is about its order alone',
    async (operationType) => {
      const { read } = await openReceiver([key]);
      const reading = await read(await token(event({ operation: { ...refunded, operationType } })));
      expect(reading).toMatchObject({
        messages: [{ subject: { providerRefundId: null, providerPaymentId: ORDER_ID, ourReference: null } }],
      });
    },
  );

  test.each([undefined, null, '', 'rf-2026-000017', 'é\u0000', `${KEY}0`, 'x'.repeat(2048)])(
    'with the external id %j has no reference of ours',
    async (externalOperationId) => {
      const { read } = await openReceiver([key]);
      const reading = await read(await token(event({ operation: { ...refunded, externalOperationId } })));
      expect(reading).toMatchObject({
        kind: 'taken',
        messages: [{ subject: { providerRefundId: refunded.operationId, ourReference: null } }],
      });
    },
  );

  test('about an order says so, once for each change', async () => {
    const { read } = await openReceiver([key]);
    const about = (paymentStatus: string | null, eventTime = '2026-11-23T00:00:00.000001+00:00') =>
      event({ event: 'ORDER_STATUS_UPDATED', eventTime, order: { orderId: ORDER_ID, paymentStatus } });
    const reading = await read(await token(about('PARTIALLY_REFUNDED')));
    expect(reading).toMatchObject({
      messages: [
        {
          event: 'ORDER_STATUS_UPDATED',
          deduplicationKey: `order ${ORDER_ID} PARTIALLY_REFUNDED 2026-11-23T00:00:00.000001+00:00`,
          subject: { providerRefundId: null, providerPaymentId: ORDER_ID, ourReference: null },
        },
      ],
    });
    const keys = await Promise.all(
      [about('PARTIALLY_REFUNDED', '2026-11-23T00:00:01Z'), about('REFUNDED'), about(null)].map(
        async (payload) => {
          const again = await read(await token(payload));
          return again.kind === 'taken' ? again.messages[0]!.deduplicationKey : again.kind;
        },
      ),
    );
    expect(new Set(keys).size).toBe(3);
  });

  test('that comes again is signed anew and is the same message', async () => {
    const { read } = await openReceiver([key]);
    const [first, again] = [await token(), await token(event(), { iat: iat - 30 })];
    expect(first).not.toBe(again);
    expect(await read(first)).toEqual(await read(again));
  });

  test.each([
    ['of a subscription', event({ event: 'SUBSCRIPTION_STATUS_UPDATED', subscription: { id: 1 } })],
    ['of a kind that nobody knows', event({ event: 'NOVELTY' })],
    [
      'of an operation of an order with another kind of id',
      event({ operation: { ...refunded, orderId: 'заказ №1' } }),
    ],
    [
      'of an order with another kind of id',
      event({ event: 'ORDER_STATUS_UPDATED', order: { orderId: 'заказ №1', paymentStatus: 'REFUNDED' } }),
    ],
  ])('%s is acknowledged and forgotten', async (_what, payload) => {
    const { read } = await openReceiver([key]);
    expect(await read(await token(payload))).toMatchObject({
      kind: 'taken',
      messages: [],
      answer: { status: 200 },
    });
  });

  test.each([
    ['no JSON', 'hello'],
    ['no object', '[]'],
    ['no merchant', JSON.stringify(event({ merchantId: undefined }))],
    ['no operation', JSON.stringify(event({ operation: undefined }))],
    ['an odd status', JSON.stringify(event({ operation: { ...refunded, status: 'A\u0000B' } }))],
    [
      'an id without end',
      JSON.stringify(event({ operation: { ...refunded, operationId: 'x'.repeat(129) } })),
    ],
    [
      'no time',
      JSON.stringify(event({ event: 'ORDER_STATUS_UPDATED', order: { orderId: 'a' }, eventTime: 1 })),
    ],
  ])('that is signed and says %s cannot be read', async (_what, payload) => {
    const { read } = await openReceiver([key]);
    expect(await read(await token(payload))).toMatchObject({
      kind: 'refused',
      reason: 'MALFORMED',
      answer: { status: 400, body: expect.stringContaining('"reasonCode":"OTHER"') },
    });
  });
});

describe('a token is refused', () => {
  test('that another key has signed under the right id', async () => {
    expect(await fateOf(await token(event(), {}, ec('other').privateKey))).toBe('FORGED');
  });

  test('whose key nobody has published', async () => {
    expect(await fateOf(await token(event(), { kid: '0-merchant-api' }))).toBe('FORGED');
  });

  test.each([undefined, 1, '', 'x'.repeat(129)])('with the key id %j', async (kid) => {
    expect(await fateOf(await token(event(), { kid }))).toBe('FORGED');
  });

  test.each(['none', 'None', 'HS256', 'RS256', 'ES384', 'es256'])(
    'that names %s, with and without the true signature',
    async (alg) => {
      const signed = `${encode({ ...header, alg })}.${encode(event())}`;
      const [, , signature] = (await token()).split('.');
      for (const last of ['', signature]) expect(await fateOf(`${signed}.${last}`)).toBe('FORGED');
    },
  );

  test('that has the public key as the secret of a symmetric signature', async () => {
    const signed = `${encode({ ...header, alg: 'HS256' })}.${encode(event())}`;
    const pem = createPublicKey({ key: key.privateKey, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    });
    const { kty, crv, x, y } = key.privateKey;
    for (const secret of [pem, JSON.stringify({ kty, crv, x, y }), `${x}`]) {
      const hmac = createHmac('sha256', secret).update(signed).digest('base64url');
      expect(await fateOf(`${signed}.${hmac}`)).toBe('FORGED');
      // The same under the header that is asked for.
      expect(await fateOf(`${encode(header)}.${encode(event())}.${hmac}`)).toBe('FORGED');
    }
  });

  test('that brings its own key', async () => {
    const other = ec(key.kid);
    const { kty, crv, x, y } = other.privateKey;
    const own = { jwk: { kty, crv, x, y }, jku: 'http://127.0.0.1:1/jwks', x5u: 'http://127.0.0.1:1/' };
    expect(await fateOf(await token(event(), own, other.privateKey))).toBe('FORGED');
  });

  test('whose signature is the DER of r and s, cut or longer', async () => {
    const whole = await token();
    const [head, payload, signature = ''] = whole.split('.');
    const der = sign('sha256', Buffer.from(`${head}.${payload}`), {
      key: key.privateKey,
      format: 'jwk',
      dsaEncoding: 'der',
    }).toString('base64url');
    for (const other of [der, signature.slice(0, -3), signature.slice(0, 43), `${signature}AAAA`, ''])
      expect(await fateOf(`${head}.${payload}.${other}`)).toMatch(/^(FORGED|MALFORMED)$/);
    expect(await fateOf(whole)).toBe('taken');
  });

  test.each([
    ['without its header', (t: string) => t.slice(t.indexOf('.'))],
    ['of two parts', (t: string) => t.slice(0, t.lastIndexOf('.'))],
    ['of four parts', (t: string) => `${t}.AAAA`],
    ['with a line break behind it', (t: string) => `${t}\n`],
    ['in quotes', (t: string) => `"${t}"`],
    ['as JSON', (t: string) => JSON.stringify({ token: t })],
    ['that is empty', () => ''],
    ['that is long', (t: string) => t.replace('.', `.${'A'.repeat(20_000)}`)],
    ['whose header is no JSON', (t: string) => `AAAA${t.slice(t.indexOf('.'))}`],
  ])('%s', async (_what, change) => {
    expect(await fateOf(change(await token()))).toBe('MALFORMED');
  });

  test('for another merchant', async () => {
    const { read } = await openReceiver([key]);
    const merchantId = '99999999-9999-4999-8999-999999999999';
    expect(await read(await token(event({ merchantId })))).toMatchObject({
      reason: 'FOREIGN',
      answer: { status: 400, body: expect.stringContaining('"status":"fail","reasonCode":"FORBIDDEN"') },
    });
  });
});

describe('the times of a token', () => {
  test.each([
    ['texts', { iat: String(iat), exp: String(iat + 300) }, 'taken'],
    ['a minute old', { exp: iat - 59 }, 'taken'],
    ['over', { exp: iat - 60 }, 'STALE'],
    ['over, as texts', { iat: String(iat - 400), exp: String(iat - 60) }, 'STALE'],
    ['a minute ahead', { iat: iat + 60 }, 'taken'],
    ['in the future', { iat: iat + 61 }, 'STALE'],
    ['in the future, as texts', { iat: String(iat + 61) }, 'STALE'],
    ['missing at the end', { exp: undefined }, 'MALFORMED'],
    ['missing at the beginning', { iat: undefined }, 'MALFORMED'],
    ['endless', { exp: '9'.repeat(13) }, 'MALFORMED'],
    ['fractions', { exp: iat + 0.5 }, 'MALFORMED'],
    ['words', { exp: 'never' }, 'MALFORMED'],
    ['hexadecimal', { exp: '0x7fffffff' }, 'MALFORMED'],
  ])('%s', async (_what, more, fate) => {
    expect(await fateOf(await token(event(), more))).toBe(fate);
  });

  test('in the payload count for nothing', async () => {
    expect(await fateOf(await token(event({ exp: iat - 86_400 })))).toBe('taken');
    expect(await fateOf(await token(event({ iat, exp: iat + 9_000 }), { exp: iat - 60 }))).toBe('STALE');
  });
});

describe('any change', () => {
  let account: Awaited<ReturnType<typeof startReceiver>>;
  let genuine: string;
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ "\u00e9'.split('');

  beforeAll(async () => {
    account = await startReceiver([key]);
    genuine = await token();
    expect(await account.fate(genuine)).toBe('taken');
  });
  afterAll(() => account.close());

  property.prop([fc.nat(), fc.constantFrom(...letters)], { numRuns: 400 })(
    'of one character is refused',
    async (at, letter) => {
      const index = at % genuine.length;
      fc.pre(genuine[index] !== letter);
      const fate = await account.fate(genuine.slice(0, index) + letter + genuine.slice(index + 1));
      expect(['FORGED', 'MALFORMED']).toContain(fate);
    },
  );

  property.prop([fc.uint8Array({ maxLength: 400 })])('of everything throws nothing', async (bytes) => {
    expect(['FORGED', 'MALFORMED']).toContain(await account.fate(Buffer.from(bytes)));
  });

  property.prop([fc.json()])('that is signed throws nothing', async (payload) => {
    expect(['taken', 'MALFORMED', 'FOREIGN']).toContain(await account.fate(await token(payload)));
  });

  property.prop([
    fc.object({ key: fc.constantFrom('alg', 'kid', 'iat', 'exp', 'b64', 'crit', 'zip', 'jwk') }),
  ])('of the header throws nothing', async (other) => {
    const [, payload, signature] = genuine.split('.');
    const fate = await account.fate(`${encode({ ...header, ...other })}.${payload}.${signature}`);
    expect(['FORGED', 'MALFORMED', 'unavailable', 'taken']).toContain(fate);
  });
});

describe('the published form of a webhook', () => {
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: 'ERYyFLRw1rUiFxtTqxPLtUW6AK1VQFWQzoy9i5g8o-4',
    y: 'matPccQ3ymP0ZPGZJznbYVA5Xe24r_p2m_WDooQnpUM',
    alg: 'ES256',
    use: 'sig',
    kid: 'sim-key-1',
  };
  const known =
    'eyJhbGciOiJFUzI1NiIsImV4cCI6MTc5NTM5MjMwMCwiaWF0IjoxNzk1MzkyMDAwLCJraWQiOiJzaW0ta2V5LTEiLCJ0eXAiOiJKV1QifQ.eyJtZXJjaGFudElkIjoiMGI2ZjJjMWUtNmYwYS01ZDNlLTlhNTQtM2Y2ZDJhN2M4ZTEwIiwiZXZlbnQiOiJPUEVSQVRJT05fU1RBVFVTX1VQREFURUQiLCJldmVudFRpbWUiOiIyMDI2LTExLTIzVDAwOjAwOjAwLjAwMDAwMCswMDowMCIsIm9wZXJhdGlvbiI6eyJvcGVyYXRpb25JZCI6IjZmMWI5YTUyLTNjNTUtNGEzZS04YTBkLTFmMmUzZDRjNWI2YSIsImV4dGVybmFsT3BlcmF0aW9uSWQiOiJyZi0yMDI2LTAwMDAxNyIsIm9wZXJhdGlvblR5cGUiOiJSRUZVTkQiLCJvcmRlcklkIjoib3JkZXItNzc4MSIsInN0YXR1cyI6IlNVQ0NFU1MifX0.KYGWoA2Dtgt_t0y7-ISTtfsleWxJ-Uf1oiIKvrPjvFiu7KlPosIiNNQuRJV5ESg1FwVpNKFeV9ZaD3ozNFuoLw';
  const open = () => openReceiver(() => ({ body: { keys: [jwk] } }));

  test('is taken until it has expired', async () => {
    const { fate, pass } = await open();
    expect(await fate(known)).toBe('taken');
    pass(359);
    expect(await fate(known)).toBe('taken');
    pass(1);
    expect(await fate(known)).toBe('STALE');
  });

  test('is refused with any of its characters changed', async () => {
    const { fate } = await open();
    const taken: number[] = [];
    for (let index = 0; index < known.length; index += 1) {
      const other = known[index] === 'A' ? 'B' : 'A';
      const changed = known.slice(0, index) + other + known.slice(index + 1);
      if (!['FORGED', 'MALFORMED'].includes(await fate(changed))) taken.push(index);
    }
    expect(taken).toEqual([]);
  });
});

describe('a delivery that is built for a test', () => {
  const pem = createPrivateKey({ key: key.privateKey, format: 'jwk' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();

  test.each([
    ['a JWK', key.privateKey],
    ['a PEM', pem],
  ])('with %s is taken', async (_what, privateKey) => {
    const signing = { kid: 'k', privateKey };
    const { read } = await openReceiver([signing]);
    const delivery = buildYandexPayDelivery({
      merchantId: MERCHANT_ID,
      key: signing,
      about: refunded,
      at: SIGNED_AT,
    });
    expect(delivery).toMatchObject({ method: 'POST', path: '/v1/webhook' });
    expect(await read(delivery.body)).toMatchObject({
      kind: 'taken',
      messages: [{ subject: { ourReference: KEY } }],
    });
    const ofOrder = buildYandexPayDelivery({
      merchantId: MERCHANT_ID,
      key: signing,
      about: { orderId: ORDER_ID, paymentStatus: 'REFUNDED' },
      at: SIGNED_AT,
    });
    expect(await read(ofOrder.body)).toMatchObject({ messages: [{ event: 'ORDER_STATUS_UPDATED' }] });
  });

  test('is of now unless it says when', async () => {
    const { fate } = await openReceiver([key]);
    const { body } = buildYandexPayDelivery({ merchantId: MERCHANT_ID, key, about: refunded });
    const { iat: signedAt } = JSON.parse(Buffer.from(body.split('.')[0]!, 'base64url').toString()) as {
      iat: number;
    };
    expect(Math.abs(signedAt - Date.now() / 1000)).toBeLessThan(60);
    expect(await fate(body)).not.toBe('FORGED');
  });
});
