import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

/** Files that run in a process of their own, or, in the last ones, give back what they take. */
const MAY = [
  'test/support/global-setup.ts',
  'test/support/embedded-service.ts',
  'test/fuzz/webhooks.ts',
  'test/sandbox/yookassa/published-clients.test.ts',
  'test/events/post.test.ts',
  'test/providers/http/lanes.test.ts',
];

/** What the next test file of the same worker would still see. */
const LEFT_BEHIND: readonly RegExp[] = [
  /\bvi\s*\.\s*(?:mock|doMock|useFakeTimers|setSystemTime|stubEnv|stubGlobal|resetModules)\b/,
  /\bprocess\.env(?:\.\w+|\[[^\]]+\])?\s*(?:\?\?|\|\|)?=(?!=)/,
  /\bdelete\s+process\.env\b/,
  /\bObject\.assign\(\s*(?:process\.env|globalThis)\b/,
  /\b(?:globalThis|global|console|Math|Date|performance|process)\.\w+\s*=(?![=>])/,
  /\.prototype\.\w+\s*=(?![=>])/,
  /\bprocess\.(?:chdir|umask|setuid|setgid)\b/,
  /\bsetGlobalDispatcher\b|\.setTypeParser\(/,
];

const root = path.resolve(import.meta.dirname, '..');

const leftBehind = (source: string): string[] =>
  source.split('\n').filter((line) => LEFT_BEHIND.some((pattern) => pattern.test(line)));

it('no test changes what the test files of its worker share', () => {
  const files = readdirSync(path.join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .map((file) => path.posix.join('test', file.replaceAll(path.sep, '/')))
    .filter((file) => file.endsWith('.ts') && !file.startsWith('test/native/') && !MAY.includes(file));
  expect(files.length).toBeGreaterThan(300);
  const found = files.flatMap((file) =>
    // This file has such lines as examples.
    file === 'test/shared-process.test.ts'
      ? []
      : leftBehind(readFileSync(path.join(root, file), 'utf8')).map((line) => `${file}: ${line.trim()}`),
  );
  expect(found).toEqual([]);
});

it.each([
  "vi.mock('../src/clock.ts');",
  'vi.useFakeTimers();',
  "vi.stubEnv('DEMO', '1');",
  "process.env['FAILPOINTS'] = 'send.before-call:kill';",
  "process.env.TZ ??= 'UTC';",
  "delete process.env['TZ'];",
  "Object.assign(process.env, { DEMO: '1' });",
  'globalThis.fetch = answer;',
  'Math.random = () => 0.5;',
  'console.log = () => undefined;',
  'process.exitCode = 1;',
  'Map.prototype.get = never;',
  "process.chdir('/');",
  'setGlobalDispatcher(agent);',
])('would be found: %s', (line) => {
  expect(leftBehind(line)).toEqual([line]);
});

it.each(["if (process.env['DEMO'] === '1') run();", 'const now = Date.now();', 'const p = Math.PI;'])(
  'what a test may write: %s',
  (line) => {
    expect(leftBehind(line)).toEqual([]);
  },
);
