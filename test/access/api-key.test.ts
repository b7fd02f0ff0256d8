import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { generateApiKey, hashApiKey, printNewKey } from '../../src/access/api-key.ts';
import { createKeyDirectory } from '../../src/access/principal.ts';
import { loadFile, merchant, problemsOf } from '../config/settings.ts';

describe('a new API key', () => {
  it('is rf_live_ and 40 letters and digits, different every time', () => {
    const keys = Array.from({ length: 200 }, () => generateApiKey().key);
    for (const key of keys) expect(key).toMatch(/^rf_live_[0-9A-Za-z]{40}$/);
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(keys.join('').replaceAll('rf_live_', '')).size).toBe(62);
  });

  it('comes with the SHA-256 that the accounts file holds', () => {
    const { key, sha256 } = generateApiKey();
    expect(sha256).toBe(createHash('sha256').update(key).digest('hex'));
    // FIPS 180-2, appendix B.1
    expect(hashApiKey('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});

describe('the key command', () => {
  it('prints the key once and an entry that works when it is pasted', () => {
    const text = printNewKey(['--merchant', 'acme', '--name', 'backend', '--scopes', 'write,read']);
    const [key = '', ...others] = text.match(/rf_live_\w+/g) ?? [];
    expect(others).toEqual([]);

    const entry: unknown = JSON.parse(text.slice(text.indexOf('{')));
    expect(entry).toEqual({ name: 'backend', sha256: hashApiKey(key), scopes: ['read', 'write'] });
    const { merchants } = loadFile({ merchants: [merchant({ keys: [entry] })] });
    expect(createKeyDirectory(merchants).authenticate(`Bearer ${key}`)).toMatchObject({ keyName: 'backend' });
  });

  it('refuses everything that is wrong with its arguments at once', () => {
    const problems = problemsOf(() =>
      printNewKey(['--merchant', 'ACME', '--name', '', '--scopes', 'read,admin']),
    );
    expect(problems.map((line) => line.split(':')[0])).toEqual(['--merchant', '--name', '--scopes']);
  });

  it.each([
    [[]],
    [['--merchant', 'acme', '--name', 'x']],
    [['--unknown', 'x']],
    [['acme']],
    [['--merchant']],
  ])('shows its usage for %j', (args) => {
    expect(problemsOf(() => printNewKey(args)).join('\n')).toContain(
      'Usage: key --merchant CODE --name WHO --scopes read,write',
    );
  });
});
