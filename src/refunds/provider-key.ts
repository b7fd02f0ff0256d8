import { createHash } from 'node:crypto';

const version = 'v1';

/**
 * The provider's key of one attempt, derived so that the same intention always has the same key, whatever
 * was lost in between (rule 6, MONEY section 3).
 *
 * The first 40 hex digits of SHA-256 over length-prefixed UTF-8 (a 32-bit big-endian byte count, then the
 * bytes) of `v1`, the merchant's code, the caller's key, the leg's name and the attempt as decimal digits.
 */
export function deriveProviderKey(intention: {
  readonly merchantCode: string;
  readonly idempotencyKey: string;
  readonly legName: string;
  readonly attempt: number;
}): string {
  const hash = createHash('sha256');
  const { merchantCode, idempotencyKey, legName, attempt } = intention;
  for (const part of [version, merchantCode, idempotencyKey, legName, String(attempt)]) {
    const bytes = Buffer.from(part, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  }
  return hash.digest('hex').slice(0, 40);
}
