import { createHmac, timingSafeEqual } from 'node:crypto';
import { isObject, parseJson } from '../json.ts';

/** A JWT as it arrived; nothing about it is proven yet. */
export interface Jwt {
  algorithm: unknown;
  payload: unknown;
  signed: string;
  signature: Buffer;
}

const PART = /^[\w-]+$/;
const DIGESTS: ReadonlyMap<unknown, string> = new Map([
  ['HS256', 'sha256'],
  ['HS384', 'sha384'],
  ['HS512', 'sha512'],
]);
// Not registered names of RFC 7518; one published client writes them into its header.
const ALIASES: ReadonlyMap<unknown, string> = new Map([
  ['SHA256', 'sha256'],
  ['SHA384', 'sha384'],
  ['SHA512', 'sha512'],
]);

/** Takes a compact JWT apart; undefined when the text is none. */
export function parseJwt(text: string): Jwt | undefined {
  const parts = text.split('.');
  const [header = '', payload = '', signature = ''] = parts;
  if (parts.length !== 3 || !PART.test(header) || !PART.test(payload)) return undefined;
  const head = decoded(header);
  if (!isObject(head)) return undefined;
  return {
    algorithm: head['alg'],
    payload: decoded(payload),
    signed: `${header}.${payload}`,
    signature: Buffer.from(signature, 'base64url'),
  };
}

/** Whether the JWT was signed with this key by HS256, HS384 or HS512; any other `alg` proves nothing. */
export function isSignedWith(jwt: Jwt, key: string, acceptAliases: boolean): boolean {
  const digest = DIGESTS.get(jwt.algorithm) ?? (acceptAliases ? ALIASES.get(jwt.algorithm) : undefined);
  if (digest === undefined) return false;
  const expected = createHmac(digest, Buffer.from(key, 'utf8')).update(jwt.signed).digest();
  return jwt.signature.length === expected.length && timingSafeEqual(jwt.signature, expected);
}

function decoded(part: string): unknown {
  return parseJson(Buffer.from(part, 'base64url'));
}
