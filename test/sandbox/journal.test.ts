import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal } from '../../sandbox/journal.ts';

describe('journal', () => {
  let directory: string;
  let file: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sandbox-journal-'));
    file = join(directory, 'state.jsonl');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function reopened(kind: string): [string, unknown][] {
    const journal = Journal.open(file);
    journal.close();
    return [...journal.take(kind)];
  }

  it('keeps the newest value of each id, removals included', () => {
    const journal = Journal.open(file);
    journal.append([{ kind: 'a', id: '1', value: { minor: 2n ** 70n } }]);
    journal.append([{ kind: 'a', id: '2', value: 'gone' }]);
    journal.append([
      { kind: 'a', id: '1', value: { minor: -5n } },
      { kind: 'a', id: '2', value: null },
      { kind: 'b', id: '1', value: 'other kind' },
    ]);
    journal.close();
    expect(reopened('a')).toEqual([['1', { minor: -5n }]]);
    expect(reopened('b')).toEqual([['1', 'other kind']]);
  });

  it('treats a torn last line as a transaction that never happened and goes on writing behind it', () => {
    const journal = Journal.open(file);
    journal.append([{ kind: 'a', id: '1', value: 1 }]);
    journal.close();
    appendFileSync(file, '{"put":[{"kind":"a","id":"1","val');
    const second = Journal.open(file);
    expect([...second.take('a')]).toEqual([['1', 1]]);
    second.append([{ kind: 'a', id: '2', value: 2 }]);
    second.close();
    expect(reopened('a')).toEqual([
      ['1', 1],
      ['2', 2],
    ]);
  });

  it('refuses a file that is damaged in the middle', () => {
    writeFileSync(file, '{"put":[]}\nnonsense\n{"put":[]}\n');
    expect(() => Journal.open(file)).toThrow(/damaged at line 2/);
  });

  it('shrinks to the living values when it is opened', () => {
    const journal = Journal.open(file);
    for (let round = 0; round < 100; round += 1) journal.append([{ kind: 'a', id: '1', value: round }]);
    journal.close();
    expect(reopened('a')).toEqual([['1', 99]]);
    expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(1);
  });

  it('forgets everything on reset', () => {
    const journal = Journal.open(file);
    journal.append([{ kind: 'a', id: '1', value: 1 }]);
    journal.reset();
    journal.append([{ kind: 'a', id: '2', value: 2 }]);
    journal.close();
    expect(reopened('a')).toEqual([['2', 2]]);
  });
});
