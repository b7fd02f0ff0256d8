import { createHmac, type JsonWebKey } from 'node:crypto';
import { newKey, signToken, type TokenHeader, unsigned } from './signing-keys.ts';

const OTHER_MERCHANT = '99999999-9999-4999-8999-999999999999';
const LONG_AGO_SECONDS = 7 * 86_400;

/** What true tokens are made of. */
export interface Genuine {
  header: TokenHeader & { iat: number; exp: number };
  payload: Record<string, unknown>;
  key: JsonWebKey;
}

/**
 * Tokens that a merchant must refuse. All but the expired one and that of another merchant have no signature of the
 * provider; those two have one, and lie about nothing but their time and their addressee.
 */
export const FORGERIES: Record<string, (genuine: Genuine) => string> = {
  'unknown-kid': ({ header, payload }) => signToken({ ...header, kid: '0-merchant-api' }, payload, newKey()),
  'other-key': ({ header, payload }) => signToken(header, payload, newKey()),
  'other-merchant': ({ header, payload, key }) =>
    signToken(header, { ...payload, merchantId: OTHER_MERCHANT }, key),
  expired: ({ header, payload, key }) => {
    const { iat, exp } = header;
    return signToken({ ...header, iat: iat - LONG_AGO_SECONDS, exp: exp - LONG_AGO_SECONDS }, payload, key);
  },
  none: ({ header, payload }) => `${unsigned({ ...header, alg: 'none' }, payload)}.`,
  // The public key, which everybody knows, as the secret of a symmetric signature.
  hs256: ({ header, payload, key }) => {
    const signed = unsigned({ ...header, alg: 'HS256' }, payload);
    const secret = JSON.stringify({ kty: key.kty, crv: key.crv, x: key.x, y: key.y });
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  },
};
