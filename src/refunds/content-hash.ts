import { createHash } from 'node:crypto';

/** The version in which a hash is made now; stored beside it, and a replay is compared in the stored one. */
export const contentHashVersion = 1;

/**
 * A fingerprint of a mutation's input as the caller sent it: the payment as our id, `remaining` unresolved,
 * absent fields absent, `waitMs` left out. Two inputs are "the same content" when their hashes are equal.
 */
export function contentHash(content: Readonly<Record<string, unknown>>): Buffer {
  return createHash('sha256').update(canonicalJson(content)).digest();
}

/** JSON with sorted keys; null and undefined fields are absent, bigints are digit strings. */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'bigint') return JSON.stringify(value.toString());
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null);
  const entries = Object.entries(value)
    .filter(([, field]) => field !== null && field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`);
  return `{${entries.join(',')}}`;
}
