import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { isSigned, webhookSecrets } from '../../src/providers/webhook-signature.ts';

const sign = (text: string, secret: string): string =>
  createHmac('sha256', secret).update(text).digest('hex');
const good = sign('a.body', 'one');

test.each<[string, string[], string[], boolean]>([
  ['the signature of the only secret', [good], ['one'], true],
  ['of the first of two secrets', [good], ['one', 'two'], true],
  ['of the last of two secrets', [good], ['two', 'one'], true],
  ['the good one among several', [sign('a.body', 'three'), good, sign('a.body', 'four')], ['one'], true],
  ['the good one before another', [good, sign('a.body', 'four')], ['one'], true],
  ['twice the good one', [good, good], ['one', 'one'], true],
  ['of another secret', [sign('a.body', 'two')], ['one'], false],
  ['of other bytes', [sign('a.body ', 'one')], ['one'], false],
  ['in upper case', [good.toUpperCase()], ['one'], false],
  ['cut off', [good.slice(0, 62)], ['one'], false],
  ['with more behind it', [`${good}00`], ['one'], false],
  ['with a line break', [`${good}\n`], ['one'], false],
  ['an empty one', [''], ['one'], false],
  ['none', [], ['one'], false],
  ['without a secret', [good], [], false],
])('%s', (_name, signatures, secrets, expected) => {
  expect(isSigned(['a.', Buffer.from('body')], signatures, secrets)).toBe(expected);
});

test('an account may have up to five secrets, or none at all', () => {
  const schema = webhookSecrets(z.string().min(3));
  expect(schema.safeParse(undefined).success).toBe(true);
  expect(schema.safeParse(['one', 'two', 'three', 'four', 'five']).success).toBe(true);
  for (const wrong of [[], Array.from({ length: 6 }, () => 'six'), 'one', ['ok'], null])
    expect(schema.safeParse(wrong).success).toBe(false);
});
