import { expect, test } from 'vitest';
import { deriveProviderKey } from '../../src/refunds/provider-key.ts';

/**
 * Computed with another implementation (Python's hashlib): SHA-256 over, for each part, its UTF-8 length as
 * four bytes, big-endian, and its bytes; the first 40 hex digits. They must never change: a key that changes is a
 * second refund.
 */
const vectors: readonly [string, string, string, number, string][] = [
  ['demo', 'order-4711', 'all', 1, 'ecc94b9ed778f3288bbd737ab3d0975214ffd08c'],
  ['demo', 'order-4711', 'all', 2, 'd1ec860d5154d66b267220b155d2a4c6c37088bf'],
  ['demo', 'order-4711', 'all', 11, '198640fe42e7506865c54cb1e50e7a476015e694'],
  ['demo', 'order-4711', 'all1', 1, '5c25e5f5b6f96c69f8da726dbbfda6577d523480'],
  ['demo', 'order-4711', '200601', 1, 'ffe1e36dbabffe6db114e1ba1bb6f91a26066aba'],
  ['other', 'order-4711', 'all', 1, 'dad8611a8b2d1cc20e437cb08e173604462dc6cb'],
  ['магазин', 'возврат №1 — 🧾', 'all', 1, '380fb8f9877408bb0e57d2dc982e81f56f847895'],
  ['a', 'bc', 'all', 1, '61cef1b573e5a14d844456b8055cecab2fb22963'],
  ['ab', 'c', 'all', 1, 'd229aaa9383755c0669bda11f3bee485bd09fd4b'],
  ['demo', '', 'all', 1, '4561b275bd97c3c8a08f0524e7ed6bd20bc676a6'],
];

test.each(vectors)('%s, %s, %s, attempt %i', (merchantCode, idempotencyKey, legName, attempt, key) => {
  expect(deriveProviderKey({ merchantCode, idempotencyKey, legName, attempt })).toBe(key);
});

test('different intentions have different keys', () => {
  expect(new Set(vectors.map(([, , , , key]) => key)).size).toBe(vectors.length);
});
