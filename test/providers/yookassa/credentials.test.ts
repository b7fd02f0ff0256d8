import { expect, test } from 'vitest';
import { authorization, credentials } from '../../../src/providers/yookassa/credentials.ts';

test.each([
  ['test_N0tARealKey_000', 'Basic MTAwNTAwOnRlc3RfTjB0QVJlYWxLZXlfMDAw'],
  ['test_key', 'Basic MTAwNTAwOnRlc3Rfa2V5'],
])('the header for shop 100500 and %s', (secretKey, expected) => {
  expect(authorization({ shopId: '100500', secretKey })).toEqual({ authorization: expected });
});

test.each([
  ['a colon in the shop id', { shopId: '1:2', secretKey: 'k' }],
  ['an empty key', { shopId: '1', secretKey: '' }],
  ['a line break in the key', { shopId: '1', secretKey: 'canary\nkey' }],
  ['a missing key', { shopId: '1' }],
  ['a number', { shopId: 100500, secretKey: 'k' }],
  ['an unknown field', { shopId: '1', secretKey: 'k', token: 'canary' }],
])('%s is refused, without quoting values', (_name, given) => {
  const read = credentials.safeParse(given);
  expect(read.success).toBe(false);
  expect(JSON.stringify(read.error?.issues)).not.toContain('canary');
});
