import { expect, test } from 'vitest';
import { authorization, credentials, identityOf } from '../../../src/providers/razorpay/credentials.ts';
import { merchant, partner } from './account.ts';

test('a partner authenticates with its own pair and names the account', () => {
  expect(authorization(credentials.parse(partner))).toEqual({
    authorization: 'Basic UGFydG5lckNsaWVudDAxOnMzY3IzdC1QYXJ0L25lcg==',
    'x-razorpay-account': 'acc_SimSub00000001',
  });
});

test('a merchant authenticates with its key, and no account is named', () => {
  expect(authorization(credentials.parse(merchant))).toEqual({
    authorization: 'Basic cnpwX3Rlc3RfU2ltS2V5MDE6U2ltS2V5U2VjcmV0',
  });
});

test.each([
  ['a partner', partner],
  ['a merchant', merchant],
])('%s may have webhook secrets, whatever was typed into the dashboard', (_name, given) => {
  const webhookSecrets = ['whsec-curlec-test-1', 'ключ ✓ with a space'];
  expect(credentials.parse({ ...given, webhookSecrets })).toEqual({ ...given, webhookSecrets });
  expect(credentials.parse(given)).not.toHaveProperty('webhookSecrets');
});

test('the identity is the account whose payments are seen, not who asks', () => {
  expect(identityOf(partner)).toBe('acc_SimSub00000001');
  expect(identityOf(merchant)).toBe('rzp_test_SimKey01');
});

const { clientId, clientSecret, account } = {
  clientId: 'c',
  clientSecret: 's',
  account: 'acc_SimSub00000001',
};

test.each<[string, object, string]>([
  ['nothing', {}, ''],
  ['both kinds', { ...partner, ...merchant }, ''],
  ['a mixture', { clientId, keySecret: 'k' }, ''],
  ['a partner without an account', { clientId, clientSecret }, 'account'],
  ['a partner without a secret', { clientId, account }, 'clientSecret'],
  ['a merchant without a secret', { keyId: 'k' }, 'keySecret'],
  ['a merchant without a key', { keySecret: 'k' }, 'keyId'],
  ['an account that is none', { clientId, clientSecret, account: 'acc_canary' }, 'account'],
  ['an account with a line break', { clientId, clientSecret, account: `${account}\n` }, 'account'],
  ['a colon in the id', { clientId: 'canary:c', clientSecret, account }, 'clientId'],
  ['a line break in the secret', { keyId: 'k', keySecret: 'canary\nk' }, 'keySecret'],
  ['an empty secret', { keyId: 'k', keySecret: '' }, 'keySecret'],
  ['a number', { keyId: 1, keySecret: 'k' }, 'keyId'],
  ['an unknown field', { ...merchant, token: 'canary' }, ''],
  ['webhook secrets alone', { webhookSecrets: ['canary'] }, ''],
  ['no webhook secret in the list', { ...merchant, webhookSecrets: [] }, 'webhookSecrets'],
  ['too many of them', { ...merchant, webhookSecrets: Array(6).fill('canary') }, 'webhookSecrets'],
  ['an empty one', { ...merchant, webhookSecrets: ['canary', ''] }, 'webhookSecrets.1'],
  ['a line break in one', { ...merchant, webhookSecrets: ['canary\n'] }, 'webhookSecrets.0'],
  ['a space at an end of one', { ...merchant, webhookSecrets: [' canary'] }, 'webhookSecrets.0'],
])('%s is refused at its place, without quoting values', (_name, given, place) => {
  const read = credentials.safeParse(given);
  expect(read.error?.issues.map(({ path }) => path.join('.'))).toEqual([place]);
  expect(JSON.stringify(read.error?.issues)).not.toContain('canary');
});

test.each([
  [0, 'must name a secret, or be left out'],
  [6, 'must name at most 5 secrets'],
])('says how many webhook secrets there may be, not %i', (count, message) => {
  const read = credentials.safeParse({ ...merchant, webhookSecrets: Array(count).fill('canary') });
  expect(read.error?.issues.map((issue) => issue.message)).toEqual([message]);
});
