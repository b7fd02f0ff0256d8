import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadFile, merchant, problemsOf, type Env } from './settings.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'refund-operations-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** What is configured with a file of this text, or this document as JSON. */
function loadWith(content: unknown, env: Env = {}) {
  const file = path.join(directory, 'operations.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return loadFile({ merchants: [merchant()] }, { PERSISTED_OPERATIONS_FILE: file, ...env })
    .persistedOperations;
}

const problemsWith = (content: unknown): string[] => problemsOf(() => loadWith(content));

const TEXT = '{ viewer { merchant { code } } }';
const HASH = createHash('sha256').update(TEXT).digest('hex');
const MD5 = createHash('md5').update(TEXT).digest('hex');

describe('the file of persisted operations', () => {
  it('is read as the compilers of clients write it', () => {
    expect(loadWith({ [HASH]: TEXT, [MD5]: TEXT })).toEqual({
      documents: new Map([
        [HASH, TEXT],
        [MD5, TEXT],
      ]),
      only: false,
    });
  });

  it('may have the prefix of the method before a hash', () => {
    expect(loadWith({ [`sha256:${HASH}`]: TEXT, 'x-mine:7': TEXT })?.documents).toEqual(
      new Map([
        [HASH, TEXT],
        ['x-mine:7', TEXT],
      ]),
    );
  });

  it('may be all that is executed', () => {
    expect(loadWith({ [HASH]: TEXT }, { PERSISTED_OPERATIONS: 'only' })?.only).toBe(true);
    expect(loadWith({ [HASH]: TEXT }, { PERSISTED_OPERATIONS: 'any' })?.only).toBe(false);
  });

  it('is not needed; then nothing is configured', () => {
    expect(loadFile({ merchants: [merchant()] })).not.toHaveProperty('persistedOperations');
  });

  it('is refused with everything that is wrong in it', () => {
    const wrong = {
      [HASH]: '{ another }',
      [`sha256:${MD5}`]: TEXT,
      'with space': TEXT,
      'x-:7': TEXT,
      'a:b': TEXT,
      number: 7,
    };
    const place = (id: string): string => `PERSISTED_OPERATIONS_FILE: ${JSON.stringify(id)}`;
    const noIdentifier =
      'is no identifier: use the SHA-256 of the text in lower case, or letters, digits and - . _ ~';
    expect(problemsWith(wrong)).toEqual([
      `${place(HASH)}: is not the SHA-256 of its text`,
      `${place(`sha256:${MD5}`)}: ${noIdentifier}`,
      `${place('with space')}: ${noIdentifier}`,
      `${place('x-:7')}: ${noIdentifier}`,
      `${place('a:b')}: ${noIdentifier}`,
      `${place('number')}: must be the text of a document`,
    ]);
  });

  it('has no operation twice', () => {
    expect(problemsWith({ [HASH]: TEXT, [`sha256:${HASH}`]: TEXT })).toEqual([
      `PERSISTED_OPERATIONS_FILE: "sha256:${HASH}": stands there twice, with and without its prefix`,
    ]);
  });

  it.each([
    ['no JSON', '{"a": ', 'is not JSON: something is wrong at line 1'],
    ['a list', '[]', 'must be an object of identifiers and documents'],
    ['null', 'null', 'must be an object of identifiers and documents'],
    ['nothing in it', '{}', 'has no operation'],
  ])('is refused when it is %s', (_what, content, message) => {
    expect(problemsWith(content)).toEqual([expect.stringContaining(message)]);
  });

  it('must be there, and must be named where nothing else is executed', () => {
    const load = (env: Env) => () => loadFile({ merchants: [merchant()] }, env);
    expect(problemsOf(load({ PERSISTED_OPERATIONS_FILE: '/nowhere/o.json' }))).toEqual([
      'PERSISTED_OPERATIONS_FILE: cannot read "/nowhere/o.json": there is no such file',
    ]);
    expect(problemsOf(load({ PERSISTED_OPERATIONS: 'only' }))).toEqual([
      'PERSISTED_OPERATIONS: is "only", so PERSISTED_OPERATIONS_FILE must name them',
    ]);
  });
});
