import { createHash, timingSafeEqual } from 'node:crypto';

/** The hash algorithms that a shop can choose in its cabinet. */
export const HASH_ALGORITHMS = ['MD5', 'RIPEMD160', 'SHA1', 'SHA256', 'SHA384', 'SHA512'] as const;
export type HashAlgorithm = (typeof HASH_ALGORITHMS)[number];

/** Upper-case hex of the hash over the values joined by colons: how RoboKassa itself writes its signatures. */
export function signatureOf(algorithm: HashAlgorithm, values: readonly string[]): string {
  return createHash(algorithm.toLowerCase()).update(values.join(':'), 'utf8').digest('hex').toUpperCase();
}

/** Whether this is the signature of these values, in either case of the hex digits. */
export function isSignature(
  given: string | null | undefined,
  algorithm: HashAlgorithm,
  values: readonly string[],
): boolean {
  const expected = Buffer.from(signatureOf(algorithm, values));
  const actual = Buffer.from((given ?? '').toUpperCase());
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
