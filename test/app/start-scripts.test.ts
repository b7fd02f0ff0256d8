import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { heapFlags } from '../../src/processes/heap-flags.ts';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

test.each(['start', 'serve', 'worker'])('npm run %s has the flags that keep the memory small', (name) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  expect(scripts[name]).toContain(`node ${heapFlags.join(' ')} src/main.ts`);
});

test('docs/operations.md has them for whoever starts the build', () => {
  expect(read('docs/operations.md')).toContain(`node ${heapFlags.join(' ')} dist/main.js serve`);
});
