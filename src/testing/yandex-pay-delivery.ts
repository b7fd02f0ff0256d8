import { createPrivateKey, createPublicKey, type JsonWebKey, sign } from 'node:crypto';
import type { ProviderDelivery } from './delivery.ts';

/** Signs in place of Yandex Pay: a key of curve P-256, as a PEM of PKCS #8 or as a JWK. */
export interface YandexPaySigningKey {
  /** As the JWKS names it, such as `1-merchant-api`. */
  readonly kid: string;
  readonly privateKey: string | JsonWebKey;
}

export interface YandexPayDeliveryOptions {
  /** Whose Merchant ID it is for. */
  readonly merchantId: string;
  readonly key: YandexPaySigningKey;
  /** An operation that has ended, or an order whose status has changed. */
  readonly about:
    | {
        readonly operationId: string;
        /** What was given when the operation was made; absent for one that was made in the console. */
        readonly externalOperationId?: string;
        /** Usually `REFUND`, `CAPTURE` or `VOID`. */
        readonly operationType: string;
        readonly orderId: string;
        /** Usually `SUCCESS` or `FAIL`. */
        readonly status: string;
      }
    | { readonly orderId: string; readonly paymentStatus: string; readonly cartUpdated?: boolean };
  /** When it happened, and when it is signed; absent: now. */
  readonly at?: Date;
}

const LIFE_SECONDS = 300;

/**
 * A webhook as Yandex Pay and Yandex Split send it (pay.yandex.ru/docs, "Merchant API", webhook): a bare JWT whose
 * header has `iat` and `exp`. The service asks the API at the account's `baseUrl` for the keys: what answers there has to
 * answer `GET /api/jwks` by `yandexPayJwks`.
 *
 * ```ts
 * const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
 * const key = { kid: '1-merchant-api', privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
 * const delivery = buildYandexPayDelivery({
 *   merchantId,
 *   key,
 *   about: { operationId, externalOperationId, operationType: 'REFUND', orderId, status: 'SUCCESS' },
 * });
 * await fetch(webhookUrl + delivery.path, delivery);
 * ```
 */
export function buildYandexPayDelivery(options: YandexPayDeliveryOptions): ProviderDelivery {
  const { merchantId, key, about, at = new Date() } = options;
  const iat = Math.floor(at.getTime() / 1000);
  const header = { alg: 'ES256', exp: iat + LIFE_SECONDS, iat, kid: key.kid, typ: 'JWT' };
  const eventTime = at.toISOString().replace('Z', '000+00:00');
  const payload =
    'operationId' in about
      ? { merchantId, event: 'OPERATION_STATUS_UPDATED', eventTime, operation: about }
      : { merchantId, event: 'ORDER_STATUS_UPDATED', eventTime, order: about };
  const signed = `${encode(header)}.${encode(payload)}`;
  const signature = sign('sha256', Buffer.from(signed), {
    key: readPrivateKey(key),
    dsaEncoding: 'ieee-p1363',
  });
  return {
    method: 'POST',
    path: '/v1/webhook',
    headers: { 'content-type': 'application/octet-stream', 'user-agent': 'YandexPay/1.0', accept: '*/*' },
    body: `${signed}.${signature.toString('base64url')}`,
  };
}

/** The body that `GET /api/jwks` answers with, for these keys: their public parts. */
export function yandexPayJwks(keys: readonly YandexPaySigningKey[]): {
  readonly keys: readonly JsonWebKey[];
} {
  return {
    keys: keys.map((key) => ({
      ...createPublicKey(readPrivateKey(key)).export({ format: 'jwk' }),
      alg: 'ES256',
      use: 'sig',
      kid: key.kid,
    })),
  };
}

const readPrivateKey = ({ privateKey }: YandexPaySigningKey) =>
  typeof privateKey === 'string'
    ? createPrivateKey(privateKey)
    : createPrivateKey({ key: privateKey, format: 'jwk' });

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
