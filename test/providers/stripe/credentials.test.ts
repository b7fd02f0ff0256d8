import { expect, test } from 'vitest';
import { authorization, credentials, identityOf } from '../../../src/providers/stripe/credentials.ts';
import { stripeProvider } from '../../../src/providers/stripe/index.ts';
import { credentials as given } from './account.ts';

test('the key is a bearer token, and the identity is the account whatever its key', () => {
  expect(authorization(credentials.parse(given))).toEqual({
    authorization: 'Bearer sk_test_SimStripeDemo000000000001',
  });
  expect(identityOf(given)).toBe('acct_SimStripe000001');
  expect(identityOf({ ...given, apiKey: 'rk_live_another1' })).toBe(identityOf(given));
});

test('webhook secrets may be set besides', () => {
  const webhookSecrets = ['whsec_next', 'whsec_SimStripeDemo000000000001'];
  expect(credentials.parse({ ...given, webhookSecrets })).toEqual({ ...given, webhookSecrets });
});

test('there is nothing else to set', () => {
  expect(stripeProvider.settings.options.safeParse({}).success).toBe(true);
  expect(stripeProvider.settings.options.safeParse({ apiVersion: '2022-11-15' }).success).toBe(false);
});

test.each<[string, object, string]>([
  ['nothing', {}, 'apiKey'],
  ['no account', { apiKey: given.apiKey }, 'accountId'],
  ['no key', { accountId: given.accountId }, 'apiKey'],
  ['an empty key', { ...given, apiKey: '' }, 'apiKey'],
  ['a publishable key', { ...given, apiKey: 'pk_test_canary000' }, 'apiKey'],
  ['a webhook secret', { ...given, apiKey: 'whsec_canary000' }, 'apiKey'],
  ['a line break in the key', { ...given, apiKey: 'sk_test_canary000\n' }, 'apiKey'],
  ['a space in the key', { ...given, apiKey: 'sk_test_canary 000' }, 'apiKey'],
  ['another id', { ...given, accountId: 'canary' }, 'accountId'],
  ['an unknown field', { ...given, token: 'canary' }, ''],
  ['no webhook secret in the list', { ...given, webhookSecrets: [] }, 'webhookSecrets'],
  ['one that is no list', { ...given, webhookSecrets: 'whsec_canary' }, 'webhookSecrets'],
  ['the key as one', { ...given, webhookSecrets: ['whsec_1', 'sk_test_canary000'] }, 'webhookSecrets.1'],
  ['a line break in one', { ...given, webhookSecrets: ['whsec_canary\n'] }, 'webhookSecrets.0'],
])('%s is refused at its place, without quoting values', (_name, wrong, place) => {
  const read = credentials.safeParse(wrong);
  expect(read.error?.issues.map(({ path }) => path.join('.'))[0]).toBe(place);
  expect(JSON.stringify(read.error?.issues)).not.toContain('canary');
});
