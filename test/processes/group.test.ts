import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const GROUP = path.join(import.meta.dirname, 'group-that-loses-one.ts');

test('a process that ends while others are still starting is replaced, too', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [GROUP, 'serve'], { timeout: 60_000 });
  expect(stdout).toBe('1 1 2');
}, 60_000);
