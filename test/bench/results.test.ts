import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { withResults, type Measured } from '../../bench/results.ts';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string): Promise<string> => readFile(path.join(root, file), 'utf8');

const result: Measured = {
  title: 'Polling',
  at: '2026-01-01T00:00Z',
  machine: '2 cores',
  load: 0.5,
  finding: {
    bars: [{ what: 'polling', against: 'x', bar: '>= 1', measured: '0.50', isMet: false, reason: 'slow' }],
    details: 'Slow.',
  },
};

test('a document keeps what is written by hand, and gets the bars with the reasons of those that are not met', () => {
  const [byHand] = withResults('# Performance\n\n', []).split('<!--');
  const document = withResults(
    `${byHand}<!-- Below this line everything is printed by \`npm run bench -- --write\`. -->\n\nold`,
    [result],
  );
  expect(document).toContain('# Performance\n\n<!--');
  expect(document).not.toContain('old');
  expect(document).toContain('| polling | x | >= 1 | 0.50 | **no** | slow |');
  expect(document).toContain(
    '## Polling\n\n*2026-01-01T00:00Z, 2 cores; load of the machine before: 0.50.*\n\nSlow.',
  );
});

test('docs/performance.md says what was measured', async () => {
  const [document, results] = await Promise.all([read('docs/performance.md'), read('bench/results.json')]);
  expect(document).toBe(withResults(document, JSON.parse(results) as Measured[]));
});
