import {
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  importJWK,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call, type Json } from '../harness.ts';
import { startReceiver, type WebhookReceiver } from '../webhook-receiver.ts';
import { KEY, MUGS, operationOf, startYandex, type YandexHarness } from './harness.ts';

const SKEW_SECONDS = 60;

/** What a merchant has to check by itself: JWT libraries do not look at `exp` in the header. */
function isExpired(token: string, nowSeconds: number): boolean {
  const { exp } = decodeProtectedHeader(token) as { exp?: string | number };
  return !(Number(exp) + SKEW_SECONDS > nowSeconds);
}

describe('the test vector of a webhook token', () => {
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: 'ERYyFLRw1rUiFxtTqxPLtUW6AK1VQFWQzoy9i5g8o-4',
    y: 'matPccQ3ymP0ZPGZJznbYVA5Xe24r_p2m_WDooQnpUM',
    alg: 'ES256',
    use: 'sig',
    kid: 'sim-key-1',
  };
  const token =
    'eyJhbGciOiJFUzI1NiIsImV4cCI6MTc5NTM5MjMwMCwiaWF0IjoxNzk1MzkyMDAwLCJraWQiOiJzaW0ta2V5LTEiLCJ0eXAiOiJKV1QifQ.eyJtZXJjaGFudElkIjoiMGI2ZjJjMWUtNmYwYS01ZDNlLTlhNTQtM2Y2ZDJhN2M4ZTEwIiwiZXZlbnQiOiJPUEVSQVRJT05fU1RBVFVTX1VQREFURUQiLCJldmVudFRpbWUiOiIyMDI2LTExLTIzVDAwOjAwOjAwLjAwMDAwMCswMDowMCIsIm9wZXJhdGlvbiI6eyJvcGVyYXRpb25JZCI6IjZmMWI5YTUyLTNjNTUtNGEzZS04YTBkLTFmMmUzZDRjNWI2YSIsImV4dGVybmFsT3BlcmF0aW9uSWQiOiJyZi0yMDI2LTAwMDAxNyIsIm9wZXJhdGlvblR5cGUiOiJSRUZVTkQiLCJvcmRlcklkIjoib3JkZXItNzc4MSIsInN0YXR1cyI6IlNVQ0NFU1MifX0.KYGWoA2Dtgt_t0y7-ISTtfsleWxJ-Uf1oiIKvrPjvFiu7KlPosIiNNQuRJV5ESg1FwVpNKFeV9ZaD3ozNFuoLw';
  const verify = async (text: string) =>
    jwtVerify(text, await importJWK(jwk, 'ES256'), { algorithms: ['ES256'] });

  it('verifies', async () => {
    expect((await verify(token)).payload).toMatchObject({
      merchantId: KEY,
      event: 'OPERATION_STATUS_UPDATED',
      operation: { externalOperationId: 'rf-2026-000017', status: 'SUCCESS' },
    });
  });

  it('is expired after the header’s exp and skew, which the library does not notice', async () => {
    expect(isExpired(token, 1_795_392_300 + 59)).toBe(false);
    expect(isExpired(token, 1_795_392_300 + 60)).toBe(true);
    const currentDate = new Date((1_795_392_300 + 86_400) * 1_000);
    const verified = await jwtVerify(token, await importJWK(jwk, 'ES256'), { currentDate });
    expect(verified.payload['merchantId']).toBe(KEY);
  });

  it('fails with any character flipped', async () => {
    const accepted: number[] = [];
    for (let index = 0; index < token.length; index += 1) {
      const flipped = token[index] === 'A' ? 'B' : 'A';
      const changed = token.slice(0, index) + flipped + token.slice(index + 1);
      await verify(changed).then(
        () => accepted.push(index),
        () => undefined,
      );
    }
    expect(accepted).toEqual([]);
  });
});

describe('yandex-pay webhooks', () => {
  let sandbox: YandexHarness;
  let receiver: WebhookReceiver;
  let id: string;
  let jwks: JWTVerifyGetKey;
  let jwksUrl: string;
  beforeEach(async () => {
    sandbox = await startYandex();
    receiver = await startReceiver();
    id = await sandbox.payment(MUGS);
    const { body } = await sandbox.control('GET', '/control/credentials?provider=yandex-pay');
    jwksUrl = String((body['yandex-pay'] as Json[])[0]?.['jwksUrl']);
    jwks = createRemoteJWKSet(new URL(jwksUrl));
  });
  afterEach(async () => {
    await sandbox.close();
    receiver.close();
  });

  const mode = (name: string) =>
    sandbox.control('POST', '/control/webhooks', { provider: 'yandex-pay', mode: name, url: receiver.url });
  const payloads = (): Json[] => receiver.received.map(({ raw }) => decodeJwt(raw));
  const events = () => payloads().map(({ event }) => event);
  const verify = (raw: string) => jwtVerify(raw, jwks, { algorithms: ['ES256'] });
  const nowSeconds = () => Math.floor(Date.now() / 1_000);

  it('are off by default', async () => {
    await sandbox.refund(id, '300.00');
    await sandbox.order(id);
    const { body } = await sandbox.control('GET', '/control/webhooks?provider=yandex-pay');
    expect(body['webhooks']).toMatchObject([{ mode: 'off', deliveries: [] }]);
  });

  it('tell of the end of a refund and of its order, without anybody asking, as bare tokens', async () => {
    await mode('on');
    const { operationId } = operationOf(await sandbox.refund(id, '300.00', { externalOperationId: 'rf-1' }));
    await expect
      .poll(() =>
        events()
          .map(String)
          .toSorted((a, b) => a.localeCompare(b)),
      )
      .toEqual(['OPERATION_STATUS_UPDATED', 'ORDER_STATUS_UPDATED']);
    for (const { raw, path, headers } of receiver.received) {
      expect(path).toBe('/webhooks/yandex-pay-demo/v1/webhook');
      expect(headers).toMatchObject({
        'content-type': 'application/octet-stream',
        'user-agent': 'YandexPay/1.0',
        'x-request-id': expect.stringMatching(/^[0-9a-f]+_[0-9a-f]+$/),
      });
      const { protectedHeader, payload } = await verify(raw);
      expect(protectedHeader).toMatchObject({ alg: 'ES256', kid: '1-merchant-api', typ: 'JWT' });
      const { iat, exp } = protectedHeader as unknown as { iat: number; exp: number };
      expect(exp - iat).toBe(300);
      expect(Math.abs(iat - nowSeconds())).toBeLessThan(60);
      expect(payload).not.toHaveProperty('exp');
      expect(payload['merchantId']).toBe(KEY);
      expect(payload['eventTime']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
      expect(isExpired(raw, nowSeconds())).toBe(false);
    }
    const byEvent = new Map(payloads().map((payload) => [payload['event'], payload]));
    expect(byEvent.get('OPERATION_STATUS_UPDATED')?.['operation']).toEqual({
      operationId,
      externalOperationId: 'rf-1',
      operationType: 'REFUND',
      orderId: id,
      status: 'SUCCESS',
    });
    expect(byEvent.get('ORDER_STATUS_UPDATED')?.['order']).toEqual({
      orderId: id,
      paymentStatus: 'REFUNDED',
      cartUpdated: true,
    });
  });

  it('tell of a failed refund by its operation alone', async () => {
    await sandbox.mode({ refunds: 'pending' });
    await mode('on');
    await sandbox.refund(id, '300.00');
    await sandbox.settle({ all: true, status: 'failed' });
    const other = await sandbox.payment(MUGS);
    await expect.poll(() => events().length).toBe(3);
    const ofRefund = payloads().filter((payload) => !JSON.stringify(payload).includes(other));
    expect(ofRefund).toMatchObject([{ operation: { operationType: 'REFUND', status: 'FAIL' } }]);
  });

  it('are signed anew at every attempt until HTTP 200 is answered', async () => {
    await sandbox.mode({ refunds: 'pending' });
    receiver.statuses.push(500, 204);
    await mode('on');
    await sandbox.refund(id, '300.00');
    await sandbox.settle({ all: true, status: 'failed' });
    await expect.poll(() => receiver.received.length, { timeout: 10_000 }).toBe(3);
    const tokens = receiver.received.map(({ raw }) => raw);
    expect(new Set(tokens).size).toBe(3);
    expect(new Set(tokens.map((token) => token.split('.')[1])).size).toBe(1);
    for (const token of tokens) await verify(token);
  });

  it('can come twice', async () => {
    await sandbox.mode({ refunds: 'pending' });
    await mode('duplicate');
    await sandbox.refund(id, '300.00');
    await sandbox.settle({ all: true, status: 'failed' });
    await expect.poll(() => receiver.received.length).toBe(2);
    expect(payloads()[0]).toEqual(payloads()[1]);
  });

  it('can come in the wrong order', async () => {
    await mode('reorder');
    await sandbox.refund(id, '300.00');
    await expect.poll(events).toEqual(['ORDER_STATUS_UPDATED', 'OPERATION_STATUS_UPDATED']);
  });

  it('write their times as texts when so configured', async () => {
    await sandbox.mode({ tokenTimes: 'strings', tokenLifeSeconds: 21_600 });
    await mode('on');
    await sandbox.refund(id, '300.00');
    await expect.poll(() => receiver.received.length).toBe(2);
    for (const { raw } of receiver.received) {
      await verify(raw);
      expect(decodeProtectedHeader(raw)).toMatchObject({
        exp: expect.stringMatching(/^\d+$/),
        iat: expect.stringMatching(/^\d+$/),
      });
      expect(isExpired(raw, nowSeconds() + 21_000)).toBe(false);
    }
  });

  it('go to the URL itself when so configured', async () => {
    await sandbox.mode({ callbackPath: '' });
    await mode('on');
    await sandbox.refund(id, '300.00');
    await expect.poll(() => receiver.received.length).toBe(2);
    expect(receiver.received[0]?.path).toBe('/webhooks/yandex-pay-demo');
  });

  it('are signed with the next key after a rotation', async () => {
    const kids = async () => ((await call(jwksUrl, {})).body['keys'] as Json[]).map(({ kid, d }) => [kid, d]);
    expect(await kids()).toEqual([['1-merchant-api', undefined]]);
    await sandbox.mode({ signingKey: 2 });
    expect(await kids()).toEqual([
      ['1-merchant-api', undefined],
      ['2-merchant-api', undefined],
    ]);
    await sandbox.mode({ retiredKeys: 'withdrawn' });
    expect(await kids()).toEqual([['2-merchant-api', undefined]]);
    await mode('on');
    await sandbox.refund(id, '300.00');
    await expect.poll(() => receiver.received.length).toBe(2);
    const raw = receiver.received[0]?.raw ?? '';
    expect((await verify(raw)).protectedHeader.kid).toBe('2-merchant-api');
  });

  it('can be lies, each of which one of the checks finds', async () => {
    await sandbox.mode({ refunds: 'pending' });
    await mode('forge');
    await sandbox.refund(id, '300.00', { externalOperationId: 'rf-1' });
    await sandbox.settle({ all: true, status: 'failed' });
    await expect.poll(() => receiver.received.length).toBe(6);
    const found = await Promise.all(
      receiver.received.map(async ({ raw }) => {
        expect(decodeJwt(raw)).toMatchObject({
          operation: { externalOperationId: 'rf-1', status: 'SUCCESS' },
        });
        try {
          const { payload } = await verify(raw);
          if (payload['merchantId'] !== KEY) return 'other merchant';
          return isExpired(raw, nowSeconds()) ? 'expired' : 'none';
        } catch (error) {
          const { code } = error as { code?: string };
          return `${String(decodeProtectedHeader(raw).alg)} ${String(code)}`;
        }
      }),
    );
    expect(found.toSorted()).toEqual([
      'ES256 ERR_JWKS_NO_MATCHING_KEY',
      'ES256 ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
      'HS256 ERR_JOSE_ALG_NOT_ALLOWED',
      'expired',
      'none ERR_JOSE_ALG_NOT_ALLOWED',
      'other merchant',
    ]);
  });

  it('have no secret', async () => {
    const input = { provider: 'yandex-pay', mode: 'on', url: receiver.url };
    for (const extra of [{ secret: 'x' }, { account: 'yandex-pay-demo' }]) {
      const reply = await sandbox.control('POST', '/control/webhooks', { ...input, ...extra });
      expect(reply).toMatchObject({ status: 400, body: { error: { field: Object.keys(extra)[0] } } });
    }
  });

  it('keep their keys over a reset, since merchants have them in a cache', async () => {
    const { body } = await call(jwksUrl, {});
    await sandbox.control('POST', '/control/reset', {});
    expect((await call(jwksUrl, {})).body).toEqual(body);
  });
});
