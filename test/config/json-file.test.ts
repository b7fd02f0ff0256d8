import { describe, expect, it } from 'vitest';
import { load, loadFile, merchant, problemsOf } from './settings.ts';

describe('the accounts file as a file', () => {
  it.each([
    ['{"merchants": [\n  {"code": "acme",}\n]}', 'line 2, column 19'],
    ['{"merchants": [1,]}', 'line 1, column 18'],
    ['{"merchants": nothing}', 'line 1, column 16'],
    ['', 'line 1, column 1'],
    ['{"merchants": [', 'line 1, column 16'],
  ])('is JSON, and %j is wrong at %s', (text, place) => {
    expect(problemsOf(() => loadFile(text))).toEqual([
      expect.stringContaining(`is not JSON: something is wrong at ${place}`),
    ]);
  });

  it.each(['null', '[]', '"x"', '5'])('is an object and not %s', (text) => {
    expect(problemsOf(() => loadFile(text))).toEqual(['ACCOUNTS_FILE: the file: must be an object { … }']);
  });

  it('may begin with a byte order mark', () => {
    expect(loadFile(`\uFEFF${JSON.stringify({ merchants: [merchant()] })}`).merchants).toHaveLength(1);
  });

  it('must be there and be a file', () => {
    expect(problemsOf(() => load({ ACCOUNTS_FILE: '/nowhere/a.json' }))).toEqual([
      'ACCOUNTS_FILE: cannot read "/nowhere/a.json": there is no such file',
    ]);
    expect(problemsOf(() => load({ ACCOUNTS_FILE: '/' }))[0]).toContain('it is a directory');
  });
});
