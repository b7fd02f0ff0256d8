import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { HashAlgorithm, JwtAlgorithm } from './settings.ts';

/**
 * The hash, in lower-case hex, of parts joined by colons, a password among them (docs.robokassa.ru/ru/xml-interfaces
 * and /holding). RoboKassa takes hex in either case.
 */
export const signatureOf = (algorithm: HashAlgorithm, parts: readonly string[]): string =>
  createHash(algorithm).update(parts.join(':'), 'utf8').digest('hex');

/** Whether hex, in either case, is the signature of these parts; as long for any digits. */
export function isSignature(hex: string, algorithm: HashAlgorithm, parts: readonly string[]): boolean {
  const expected = Buffer.from(signatureOf(algorithm, parts), 'hex');
  const isHex = hex.length === 2 * expected.length && /^[0-9a-f]+$/i.test(hex);
  return isHex && timingSafeEqual(Buffer.from(hex, 'hex'), expected);
}

const hmacs: Readonly<Record<JwtAlgorithm, string>> = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };

/**
 * A JWT over exactly these bytes of a payload; the key is Password3 alone (docs.robokassa.ru/ru/refund-api). Our own
 * HMAC, since a library is asynchronous and chooses the order of the header's keys.
 */
export function signJwt(payload: string, password3: string, algorithm: JwtAlgorithm): string {
  const signed = `${base64url(`{"alg":"${algorithm}","typ":"JWT"}`)}.${base64url(payload)}`;
  return `${signed}.${createHmac(hmacs[algorithm], password3).update(signed, 'utf8').digest('base64url')}`;
}

const base64url = (text: string): string => Buffer.from(text, 'utf8').toString('base64url');
