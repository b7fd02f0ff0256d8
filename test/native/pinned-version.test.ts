import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (file: string): Record<string, Record<string, unknown>> =>
  JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as Record<string, Record<string, unknown>>;

it('the native suite installs exactly the version that the project supports', () => {
  const supported = read('../../package.json')['peerDependencies']?.['hyperswitch-prism'];
  expect(supported).toMatch(/^\d+\.\d+\.\d+$/);
  expect(read('prism-package/package.json')['dependencies']?.['hyperswitch-prism']).toBe(supported);
  const locked = read('prism-package/package-lock.json')['packages']?.['node_modules/hyperswitch-prism'];
  expect(locked).toMatchObject({ version: supported });
});
