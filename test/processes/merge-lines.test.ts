import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { mergeLines } from '../../src/processes/merge-lines.ts';

test('lines of several processes are passed on whole, however they arrive', async () => {
  const written: string[] = [];
  const [left, right] = [new PassThrough(), new PassThrough()];
  for (const from of [left, right]) mergeLines(from, { write: (lines) => void written.push(lines) });
  const cyrillic = Buffer.from('деньги\n');
  left.write('one\ntw');
  right.write(cyrillic.subarray(0, 3));
  await turn();
  left.write('o\n');
  right.write(cyrillic.subarray(3));
  await turn();
  expect(written).toEqual(['one\n', 'two\n', 'деньги\n']);
  left.end('cut');
  await turn();
  await turn();
  expect(written.at(-1)).toBe('cut\n');
});

test('a line without an end does not fill the memory', async () => {
  const written: string[] = [];
  const from = new PassThrough();
  mergeLines(from, { write: (lines) => void written.push(lines) });
  for (let n = 0; n < 40; n += 1) {
    from.write('x'.repeat(64 * 1024));
    await turn();
  }
  expect(written.join('').length).toBeGreaterThan(1024 * 1024);
});
