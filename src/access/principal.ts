import type { MerchantConfig } from '../config.ts';
import type { Scope } from '../context.ts';
import { hashApiKey } from './api-key.ts';

/** Who presented a valid key, and what it may do. */
export interface Principal {
  readonly merchantCode: string;
  readonly keyName: string;
  readonly scopes: ReadonlySet<Scope>;
}

export interface KeyDirectory {
  /**
   * The owner of the key in an `Authorization` header, or undefined when there is no header, it is not
   * `Bearer KEY`, or nobody has this key: the three must not be told apart in an answer.
   */
  authenticate(authorizationHeader: string | undefined): Principal | undefined;
}

// RFC 6750 section 2.1; the scheme is case-insensitive (RFC 9110 section 11.1). Bounded, so that nothing long is hashed.
const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]{1,200}={0,2})$/i;

/**
 * Keys are looked up by their SHA-256. The time of a look-up may tell something about the hash that was asked for, but
 * nobody can choose keys by the beginning of their hash or compute a key from it, so there is nothing to compare in
 * constant time: the key itself is never compared.
 */
export function createKeyDirectory(merchants: readonly MerchantConfig[]): KeyDirectory {
  const byHash = new Map<string, Principal>();
  for (const merchant of merchants) {
    for (const { name, sha256, scopes } of merchant.keys) {
      byHash.set(sha256, { merchantCode: merchant.code, keyName: name, scopes: new Set(scopes) });
    }
  }
  return {
    authenticate: (header) => {
      const key = header === undefined ? undefined : BEARER.exec(header)?.[1];
      return key === undefined ? undefined : byHash.get(hashApiKey(key));
    },
  };
}
