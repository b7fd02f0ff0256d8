import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { credentials } from '../../../src/commands/credentials.ts';
import { type AccountConfig, loadConfig } from '../../../src/config.ts';
import { robokassaProvider, robokassaV1, robokassaV2 } from '../../../src/providers/robokassa/index.ts';
import type { RoboKassaCredentials, RoboKassaOptions } from '../../../src/providers/robokassa/settings.ts';
import { PUBLIC_KEY } from '../../../sandbox/robokassa/signing-key.ts';
import { merchant, problemsOf } from '../../config/settings.ts';
import { CERTIFICATE } from './certificate.ts';

const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
const spki = { type: 'spki', format: 'pem' } as const;
const privatePem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pkcs8).toString();
const shortPem = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export(spki).toString();
const pssPem = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey.export(spki).toString();
const ecPem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export(spki).toString();

const passwords = { merchantLogin: 'shop', password1: 'p1', password2: 'p2', password3: 'canary-3' };
const { password3: _none, ...two } = passwords;

/** The account as the service configures it, from a file with this account alone. */
function configured(more: object = {}): AccountConfig {
  const account = { code: 'robo', provider: 'robokassa', displayName: 'R', credentials: passwords, ...more };
  const directory = mkdtempSync(join(tmpdir(), 'refund-robokassa-'));
  try {
    const file = join(directory, 'accounts.json');
    writeFileSync(file, JSON.stringify({ merchants: [merchant({ accounts: [account] })] }));
    return loadConfig({ ACCOUNTS_FILE: file }, { credentials }).merchants[0]!.accounts[0]!;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
const complaintsOf = (more: object): string => problemsOf(() => configured(more)).join('\n');
const hostsOf = (account: AccountConfig) =>
  robokassaProvider.settings.otherBaseUrlsOf!(account.options as RoboKassaOptions, account.baseUrl);

const adapterOf = ({ options, credentials: secrets }: AccountConfig) =>
  robokassaProvider.adapterOf(options as RoboKassaOptions, secrets as RoboKassaCredentials);

describe('an account of RoboKassa', () => {
  test('needs its passwords only: production, MD5, HS256 and the refund API are usual', () => {
    const account = configured();
    expect(account).toMatchObject({ identity: 'shop', baseUrl: 'https://auth.robokassa.ru' });
    expect(account.options).toEqual({ refundApi: 'v2', hashAlgorithm: 'md5', jwtAlgorithm: 'HS256' });
    expect(hostsOf(account)).toEqual({ refunds: 'https://services.robokassa.ru/RefundService' });
    expect(adapterOf(account)).toBe(robokassaV2);
  });

  test('is reached by v1 where it says so, without a third password', () => {
    const account = configured({ credentials: two, options: { refundApi: 'v1' } });
    expect(adapterOf(account)).toBe(robokassaV1);
  });

  test('has its own second host, without a slash at the end', () => {
    const refundBaseUrl = 'http://127.0.0.1:4012/RefundService/';
    const account = configured({ baseUrl: 'http://127.0.0.1:4012', options: { refundBaseUrl } });
    expect(hostsOf(account)).toEqual({ refunds: 'http://127.0.0.1:4012/RefundService' });
  });

  test.each([CERTIFICATE, PUBLIC_KEY, `\n${PUBLIC_KEY}\n`, [PUBLIC_KEY, CERTIFICATE]])(
    'has one or several certificates of its notifications, or public keys',
    (resultUrl2Certificate) => {
      const account = configured({ options: { resultUrl2Certificate } });
      const expected = [resultUrl2Certificate].flat().map((pem) => pem.trim());
      expect(account.options).toHaveProperty('resultUrl2Certificate', expected);
    },
  );

  test.each([
    ['nothing', ''],
    ['a word', 'canary'],
    ['a private key', privatePem],
    ['a private key beside a public one', `${PUBLIC_KEY}${privatePem}`],
    ['two in one', `${PUBLIC_KEY}${PUBLIC_KEY}`],
    ['a short key', shortPem],
    ['a key of another kind', ecPem],
    ['a key for other signatures', pssPem],
    ['a damaged one', PUBLIC_KEY.replace('MIIB', 'MIIC')],
    ['an empty list', []],
    ['a long list', Array.from({ length: 6 }, () => PUBLIC_KEY)],
    ['a number', 7],
  ])('with %s as a certificate is refused', (_what, resultUrl2Certificate) => {
    const said = complaintsOf({ options: { resultUrl2Certificate } });
    expect(said).toContain('options.resultUrl2Certificate');
    expect(said).not.toMatch(/canary|PRIVATE|MII/);
    expect(said).toMatch(/must be/);
    expect(said).not.toMatch(/missing|Too (big|small)/);
  });

  test('with one certificate that is none the complaint is about the field, and not about a list', () => {
    expect(complaintsOf({ options: { resultUrl2Certificate: 'none' } })).toContain(
      'options.resultUrl2Certificate: must be one certificate or public key in PEM',
    );
  });

  test.each([
    [{ credentials: two }, 'credentials.password3: is missing'],
    [{ credentials: { ...passwords, password2: '' } }, 'credentials.password2'],
    [{ credentials: { ...passwords, merchantLogin: 'a:b' } }, 'credentials.merchantLogin'],
    [{ credentials: { ...passwords, password4: 'x' } }, 'credentials'],
    [{ options: { refundApi: 'v3' } }, 'options.refundApi'],
    [{ options: { hashAlgorithm: 'MD4' } }, 'options.hashAlgorithm'],
    [{ options: { jwtAlgorithm: 'none' } }, 'options.jwtAlgorithm'],
    [{ options: { refundWindowDays: 0 } }, 'options.refundWindowDays'],
    [{ options: { refundBaseUrl: 'http://services.robokassa.ru' } }, 'options.refundBaseUrl: must be https'],
    [{ options: { unknown: 1 } }, 'options'],
    // Look-ups there and refunds in production.
    [{ baseUrl: 'http://127.0.0.1:4012' }, 'options.refundBaseUrl: is missing'],
  ])('with %o is refused: %s', (more, complaint) => {
    const said = complaintsOf(more);
    expect(said).toContain(complaint);
    expect(said).not.toContain('canary');
  });
});
