import { createHash, createPrivateKey, type JsonWebKey, sign } from 'node:crypto';
import type { ProviderDelivery } from './delivery.ts';

/** ResultURL: a payment was credited. */
export interface RoboKassaResultUrl {
  readonly invoiceId: string;
  /** As it is written and signed, such as `1500.000000`. */
  readonly outSum: string;
  readonly password2: string;
  /** As the cabinet of the shop has it: `md5` (absent), `ripemd160`, `sha1`, `sha256`, `sha384` or `sha512`. */
  readonly hashAlgorithm?: string;
  /** What the shop gave along at the checkout, by names that begin with `Shp_`. */
  readonly shopFields?: Readonly<Record<string, string>>;
  /** As the cabinet of the shop has it; absent: POST. A GET is to be sent without a body. */
  readonly method?: 'POST' | 'GET';
}

/** ResultUrl2: a payment was credited or is held. */
export interface RoboKassaResultUrl2 {
  readonly invoiceId: string;
  readonly merchantLogin: string;
  readonly opKey: string;
  readonly state: 'OK' | 'HOLD';
  /** What the buyer paid, such as `1500.00`. */
  readonly incSum: string;
  /** Signs in place of RoboKassa: RSA, as a PEM of PKCS #8 or as a JWK. Its public part is what the account has as `resultUrl2Certificate`. */
  readonly privateKey: string | JsonWebKey;
  /** When it is sent; absent: now. */
  readonly at?: Date;
}

/**
 * A notification as RoboKassa sends it (docs.robokassa.ru/ru/notifications-and-redirects): ResultURL, a form that is
 * signed with Password2, or ResultUrl2, a JWS.
 *
 * ```ts
 * const delivery = buildRoboKassaDelivery({ invoiceId: '12345', outSum: '1500.000000', password2 });
 * await fetch(webhookUrl + delivery.path, delivery);
 * ```
 */
export const buildRoboKassaDelivery = (
  notification: RoboKassaResultUrl | RoboKassaResultUrl2,
): ProviderDelivery => ('opKey' in notification ? resultUrl2(notification) : resultUrl(notification));

function resultUrl(notification: RoboKassaResultUrl): ProviderDelivery {
  const { invoiceId, outSum, password2, hashAlgorithm = 'md5', method = 'POST' } = notification;
  const shopFields = Object.entries(notification.shopFields ?? {}).toSorted(([left], [right]) =>
    left < right ? -1 : 1,
  );
  const signed = [outSum, invoiceId, password2, ...shopFields.map(([name, value]) => `${name}=${value}`)];
  const form = new URLSearchParams([
    ['OutSum', outSum],
    ['InvId', invoiceId],
    ['Fee', '0.000000'],
    ['EMail', 'buyer@example.com'],
    ['SignatureValue', createHash(hashAlgorithm).update(signed.join(':')).digest('hex').toUpperCase()],
    ['PaymentMethod', 'BankCard'],
    ['IncCurrLabel', 'BankCard'],
    ...shopFields,
  ]).toString();
  if (method === 'GET') return { method, path: `?${form}`, headers: {}, body: '' };
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  return { method, path: '', headers, body: form };
}

function resultUrl2(notification: RoboKassaResultUrl2): ProviderDelivery {
  const { invoiceId, merchantLogin, opKey, state, incSum, privateKey, at = new Date() } = notification;
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const payload = {
    header: { type: 'PaymentStateNotification', version: '1.0.0', timestamp },
    data: { shop: merchantLogin, opKey, invId: invoiceId, paymentMethod: 'BankCard', incSum, state },
  };
  const signed = [{ typ: 'JWT', alg: 'RS256' }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const key =
    typeof privateKey === 'string'
      ? createPrivateKey(privateKey)
      : createPrivateKey({ key: privateKey, format: 'jwk' });
  const signature = sign('sha256', Buffer.from(signed), key).toString('base64url');
  const headers = { 'content-type': 'application/jwt' };
  return { method: 'POST', path: '', headers, body: `${signed}.${signature}` };
}
