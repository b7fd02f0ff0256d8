import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, test } from 'vitest';

/** Imports point one way (DESIGN, section 9): a layer may use itself where it is one folder, and every lower one. */
const LAYERS: readonly (readonly string[])[] = [
  ['kernel'],
  // `testing` is for users: what is tested with it must not share its code.
  ['providers', 'db', 'testing'],
  ['access', 'refunds'],
  ['resolvers', 'events'],
  ['schema'],
  ['server'],
  ['top'],
];
const TOP_FILES = new Set(['app.ts', 'main.ts', 'worker.ts']);
const TOP_FOLDERS = new Set(['commands', 'demo', 'processes', 'startup']);

/** Packages that a folder must not know. */
const FORBIDDEN_PACKAGES: Readonly<Record<string, RegExp>> = {
  kernel: /^(graphql|@pothos|kysely|pg$|undici|node:http)/,
  db: /^(graphql|@pothos|undici|node:http)/,
  providers: /^(graphql|@pothos|kysely|pg$)/,
  refunds: /^(graphql|@pothos|undici|node:http)/,
  testing: /^(graphql|@pothos|kysely|pg$|undici|node:http)/,
  access: /^(graphql|@pothos|undici|node:http)/,
  events: /^(graphql|@pothos|pg$|node:http)/,
  resolvers: /^(undici|node:http|graphql-yoga)/,
  schema: /^(kysely|pg$|undici|node:http|graphql-yoga)/,
};

const root = path.resolve(import.meta.dirname, '..');

function filesIn(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.posix.join(folder, file.replaceAll(path.sep, '/')));
}

const withoutComments = (source: string): string =>
  source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');

/** What a source text imports, exports from, or loads later; types count. */
function importsOf(source: string): string[] {
  const code = withoutComments(source);
  const patterns = [
    /^\s*(?:import|export)\b[^;'"`]*?\bfrom\s*['"]([^'"]+)['"]/gm,
    /^\s*import\s*['"]([^'"]+)['"]/gm,
    /\bimport\s*\(\s*['"`]([^'"`]+)['"`]/g,
  ];
  return patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1]!));
}

/** The folder of a file of src, in the words of LAYERS. */
function folderOf(file: string): string {
  const [, first = '', second] = file.split('/');
  if (second === undefined) return TOP_FILES.has(first) ? 'top' : 'kernel';
  if (first === 'config') return 'kernel';
  return TOP_FOLDERS.has(first) ? 'top' : first;
}

const rankOf = (folder: string): number => LAYERS.findIndex((layer) => layer.includes(folder));

/** Why this file must not import that; undefined when it may. */
function objection(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) {
    if (!file.startsWith('src/')) return undefined;
    const folder = folderOf(file);
    return FORBIDDEN_PACKAGES[folder]?.test(specifier) === true
      ? `${folder} must not know ${specifier}`
      : undefined;
  }
  const target = path.posix.join(path.posix.dirname(file), specifier);
  const [world] = file.split('/');
  if (!target.startsWith(`${world}/`)) return `${world}/ must not import ${target}`;
  if (world !== 'src') return undefined;

  const [from, to] = [folderOf(file), folderOf(target)];
  if (rankOf(to) < 0) return `${to} is no known layer`;
  if (from === 'providers' && to === 'providers') return objectionAmongProviders(file, target);
  if (from === to) return undefined;
  return rankOf(to) < rankOf(from) ? undefined : `${from} must not import ${to}`;
}

/** Only the registry knows the providers; they know what they have in common, and not each other. */
function objectionAmongProviders(file: string, target: string): string | undefined {
  const providerOf = (name: string): string | undefined => {
    const [, , folder, rest] = name.split('/');
    return rest === undefined || folder === 'http' ? undefined : folder;
  };
  const [from, to] = [providerOf(file), providerOf(target)];
  if (to === undefined || from === to || file === 'src/providers/registry.ts') return undefined;
  return `${from ?? file} must not import ${to}`;
}

const objections = (file: string, source: string): string[] =>
  importsOf(source).flatMap((specifier) => {
    const reason = objection(file, specifier);
    return reason === undefined ? [] : [`${file}: ${reason} ("${specifier}")`];
  });

describe('the directions of imports', () => {
  it.each(['src', 'sandbox'])('hold in every file of %s', (folder) => {
    const files = filesIn(folder);
    expect(files.length).toBeGreaterThan(20);
    const found = files.flatMap((file) => objections(file, readFileSync(path.join(root, file), 'utf8')));
    expect(found).toEqual([]);
  });

  it('hold in the examples, which know nothing of the service but its API', () => {
    const files = filesIn('examples');
    expect(files.length).toBeGreaterThanOrEqual(4);
    const found = files.flatMap((file) => objections(file, readFileSync(path.join(root, file), 'utf8')));
    expect(found).toEqual([]);
  });

  it('are known for every folder of src', () => {
    const unknown = filesIn('src').filter((file) => rankOf(folderOf(file)) < 0);
    expect(unknown).toEqual([]);
  });

  it.each([
    ['src/refunds/reserve.ts', "import { builder } from '../schema/builder.ts';"],
    ['src/refunds/reserve.ts', "import type { Viewer } from '../access/principal.ts';"],
    ['src/refunds/reserve.ts', "import { GraphQLError } from 'graphql';"],
    ['src/db/legs.ts', "import {\n  a,\n  b,\n} from '../providers/http.ts';"],
    ['src/db/legs.ts', "export * from '../refunds/world.ts';"],
    ['src/money.ts', "import './db/connect.ts';"],
    ['src/money.ts', "const later = await import('./app.ts');"],
    ['src/config/demo.ts', "import { a } from '../access/api-key.ts';"],
    ['src/resolvers/context.ts', "import { a } from '../server/answer.ts';"],
    ['src/schema/index.ts', "import { a } from '../main.ts';"],
    ['src/providers/stripe/index.ts', "import { a } from '../yookassa/wire.ts';"],
    ['src/providers/connections.ts', "import { yookassa } from './yookassa/index.ts';"],
    ['src/demo/banner.ts', "import { startSandbox } from '../../sandbox/sandbox.ts';"],
    ['examples/polling/ask.ts', "import { a } from '../../src/money.ts';"],
    ['sandbox/clock.ts', "import type { Clock } from '../src/clock.ts';"],
    ['src/novelty/a.ts', "import { a } from '../another/b.ts';"],
  ])('would be found broken: %s with %s', (file, source) => {
    expect(objections(file, source)).toHaveLength(1);
  });

  it.each([
    ['src/refunds/reserve.ts', "import { a } from '../db/payments.ts';\nimport { b } from './plan-legs.ts';"],
    [
      'src/providers/yookassa/index.ts',
      "import { a } from '../http/lanes.ts';\nimport { b } from './wire.ts';",
    ],
    ['src/providers/registry.ts', "import { yookassa } from './yookassa/index.ts';"],
    ['src/money.ts', "// import { a } from './app.ts';\n/* import './app.ts' */"],
  ])('allow %s with %s', (file, source) => {
    expect(objections(file, source)).toEqual([]);
  });
});

/** The folders of the providers are named after their codes. */
const providerCodes = readdirSync(path.join(root, 'src/providers'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'http')
  .map(({ name }) => name);
const providerName = new RegExp(providerCodes.map((code) => code.replaceAll('-', '[-_ ]?')).join('|'), 'i');

/** A text of five words or more: a description, which decides nothing. */
const PROSE = /(['"`])(?:\\.|(?!\1)[^\\\n])*(?: (?:\\.|(?!\1)[^\\\n ])+){4}(?:\\.|(?!\1)[^\\\n])*\1/g;

/** Lines of code in which a provider's name stands, in whatever spelling. */
const namesIn = (source: string): string[] =>
  withoutComments(source)
    .replaceAll(PROSE, '')
    .split('\n')
    .filter((line) => providerName.test(line))
    .map((line) => line.trim());

/** Who may name providers: their own folders, and the accounts of the demo. */
const mayName = (file: string): boolean =>
  file.startsWith('src/providers/') || file.startsWith('src/testing/') || file === 'src/config/demo.ts';

/** The list of providers, and what a suite has proven of each. */
const listsProviders = new Set(['src/providers/registry.ts', 'src/providers/proven-capabilities.ts']);

describe('no provider is named outside its folder', () => {
  test('there are providers to look for', () => {
    expect(providerCodes.length).toBeGreaterThanOrEqual(4);
  });

  test('in any other file of src', () => {
    const found = filesIn('src')
      .filter((file) => !mayName(file))
      .flatMap((file) =>
        namesIn(readFileSync(path.join(root, file), 'utf8')).map((line) => `${file}: ${line}`),
      );
    expect(found).toEqual([]);
  });

  test('and in what all providers share, but for the registry', () => {
    const shared = filesIn('src/providers').filter(
      (file) => file.split('/').length === 3 && !listsProviders.has(file),
    );
    expect(shared).toContain('src/providers/provider.ts');
    const found = [...shared, ...filesIn('src/providers/http')].flatMap((file) =>
      namesIn(readFileSync(path.join(root, file), 'utf8')).map((line) => `${file}: ${line}`),
    );
    expect(found).toEqual([]);
  });

  test.each([
    "if (account.provider === 'stripe') return 1;",
    "switch (adapter.code) { case 'yandex-pay': return 1; }",
    'const isYandexPay = code.startsWith(prefix);',
    "if (displayName === 'Razorpay / Curlec') return 1;",
    "import { yookassa } from './registry.ts';",
    'const YANDEX_PAY = providers[3];',
  ])('would be found: %s', (line) => {
    expect(namesIn(line)).toEqual([line]);
  });

  test.each([
    "  description: 'The rate of the value added tax, as it is counted at YooKassa.',",
    '// At Stripe it is the other way round.',
    '/** RoboKassa has none. */',
    'const providerOf = (account) => providers.find(({ code }) => code === account.provider);',
  ])('would be allowed: %s', (line) => {
    expect(namesIn(line)).toEqual([]);
  });
});
