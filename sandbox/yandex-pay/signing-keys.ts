import { createPrivateKey, generateKeyPairSync, type JsonWebKey, sign } from 'node:crypto';
import type { Journal } from '../journal.ts';
import type { Settings } from './settings.ts';

const KIND = 'yandex-pay.signing-key';

/** What stands before the payload of a token. */
export type TokenHeader = Record<string, unknown>;

/** The provider's keys, made when they are first needed and the same ever after, also over a reset. */
export class SigningKeys {
  readonly #journal: Journal;
  readonly #keys: Map<string, JsonWebKey>;

  constructor(journal: Journal) {
    this.#journal = journal;
    this.#keys = new Map(
      [...journal.take(KIND)].map(([kid, key]) => [kid, key as JsonWebKey]), // our own file
    );
  }

  /** After the journal was emptied: writes the keys down again, since merchants may have them in a cache. */
  keep(): void {
    this.#journal.append([...this.#keys].map(([kid, value]) => ({ kind: KIND, id: kid, value })));
  }

  /** What `GET /api/jwks` answers. */
  jwks({ signingKey, retiredKeys }: Settings): { keys: Record<string, unknown>[] } {
    const first = retiredKeys === 'published' ? 1 : signingKey;
    const numbers = Array.from({ length: signingKey - first + 1 }, (_, index) => first + index);
    return {
      keys: numbers.map((number) => {
        const { kty, crv, x, y } = this.#key(kidOf(number));
        return { kty, crv, x, y, alg: 'ES256', use: 'sig', kid: kidOf(number) };
      }),
    };
  }

  /** The private key of a number. */
  key(number: number): JsonWebKey {
    return this.#key(kidOf(number));
  }

  #key(kid: string): JsonWebKey {
    const known = this.#keys.get(kid);
    if (known !== undefined) return known;
    const fresh = newKey();
    this.#keys.set(kid, fresh);
    this.#journal.append([{ kind: KIND, id: kid, value: fresh }]);
    return fresh;
  }
}

/** The key id of a number, in the form of the documentation's sample. */
export function kidOf(number: number): string {
  return `${number}-merchant-api`;
}

/** A key that no JWKS knows. */
export function newKey(): JsonWebKey {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
}

/** A compact JWS with ES256: the signature is r and s, 64 bytes. */
export function signToken(header: TokenHeader, payload: object, key: JsonWebKey): string {
  const signed = unsigned(header, payload);
  const signature = sign('sha256', Buffer.from(signed), {
    key: createPrivateKey({ key, format: 'jwk' }),
    dsaEncoding: 'ieee-p1363',
  });
  return `${signed}.${signature.toString('base64url')}`;
}

/** Header and payload of a token, as they are signed. */
export function unsigned(header: TokenHeader, payload: object): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode(header)}.${encode(payload)}`;
}
