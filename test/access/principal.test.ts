import { describe, expect, it } from 'vitest';
import { hashApiKey } from '../../src/access/api-key.ts';
import { createKeyDirectory } from '../../src/access/principal.ts';
import { account, key, loadFile, merchant } from '../config/settings.ts';

const KEY = 'rf_live_0123456789abcdefghijklmnopqrstuvwxyzABCD';
const READER = 'rf_live_reader';
const acme = merchant({
  keys: [
    key({ sha256: hashApiKey(KEY) }),
    key({ name: 'reports', sha256: hashApiKey(READER), scopes: ['read'] }),
  ],
});
const globex = merchant({
  code: 'globex',
  keys: [key({ sha256: hashApiKey('rf_live_globex') })],
  accounts: [account({ code: 'globex-main', credentials: { shopId: '200', secretKey: 'k' } })],
});
const directory = createKeyDirectory(loadFile({ merchants: [acme, globex] }).merchants);

describe('authentication', () => {
  it('finds the merchant, the name and the scopes of a key', () => {
    const full = directory.authenticate(`Bearer ${KEY}`);
    expect(full).toEqual({ merchantCode: 'acme', keyName: 'backend', scopes: new Set(['read', 'write']) });
    const reader = directory.authenticate(`Bearer ${READER}`);
    expect(reader).toEqual({ merchantCode: 'acme', keyName: 'reports', scopes: new Set(['read']) });
    expect(directory.authenticate('Bearer rf_live_globex')?.merchantCode).toBe('globex');
  });

  it.each([`bearer ${KEY}`, `BEARER ${KEY}`, `Bearer   ${KEY}`])('takes the header %s', (header) => {
    expect(directory.authenticate(header)?.merchantCode).toBe('acme');
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    KEY,
    `Basic ${KEY}`,
    `Bearer${KEY}`,
    ` Bearer ${KEY}`,
    `Bearer ${KEY} `,
    `Bearer ${KEY}\n`,
    `Bearer ${KEY},${KEY}`,
    `Bearer ${KEY} ${KEY}`,
    `Bearer\t${KEY}`,
    `Bearer "${KEY}"`,
    `Bearer ${KEY}=`,
    `Bearer ${KEY.toLowerCase()}`,
    `Bearer ${KEY.slice(0, -1)}`,
    `Bearer ${hashApiKey(KEY)}`,
    'Bearer rf_demo_00000000000000000000000000000000',
    'Bearer constructor',
    `Bearer ${'x'.repeat(1_000_000)}`,
  ])('knows nobody for the header %.60j', (header) => {
    expect(directory.authenticate(header)).toBeUndefined();
  });

  it('knows nobody without merchants', () => {
    expect(createKeyDirectory([]).authenticate(`Bearer ${KEY}`)).toBeUndefined();
  });
});
