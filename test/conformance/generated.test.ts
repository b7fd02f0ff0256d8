import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { wayOf } from '../../src/providers/claims.ts';
import { providers, usualAdapterOf } from '../../src/providers/registry.ts';
import { columns, knownResults } from './known-results.ts';
import { renderPage } from './render-page.ts';
import { renderProofs } from './render-proofs.ts';
import { scenarios } from './scenarios/all.ts';
import { subjects } from './subjects.ts';

const PAGE = '../../docs/providers.md';
const page = readFileSync(new URL(PAGE, import.meta.url), 'utf8');

test.each([...knownResults])('the results of %s are of the scenarios that there are', (_way, results) => {
  expect(Object.keys(results.scenarios)).toEqual(scenarios.map(({ name }) => name));
});

test('every result is of an adapter that is registered', () => {
  const ways = new Set(columns.map(({ adapter }) => wayOf(adapter)));
  expect([...knownResults.keys()].filter((way) => !ways.has(way))).toEqual([]);
});

test('every provider that is tried here has results', () => {
  const tried = [...knownResults.values()].filter(({ suite }) => suite === 'test/conformance');
  expect(tried).toHaveLength(Object.keys(subjects).length);
});

test('scenarios have names of their own', () => {
  expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
});

test('what may be claimed is what the results prove', async () => {
  const proofs = await renderProofs(knownResults.values());
  await expect(proofs).toMatchFileSnapshot('../../src/providers/proven-capabilities.ts');
});

test('docs/providers.md shows what was declared and proven', async () => {
  const shown = page.replace(
    /(<!-- conformance: begin -->\n).*(<!-- conformance: end -->)/s,
    (_all, begin: string, end: string) => `${begin}${renderPage(columns)}${end}`,
  );
  expect(shown).toContain('<!-- conformance: begin -->\n|');
  await expect(shown).toMatchFileSnapshot(PAGE);
});

test.each(providers.map((provider) => [provider.code, provider] as const))(
  '%s is registered under its own code and described',
  (code, provider) => {
    expect(usualAdapterOf(code).code).toBe(code);
    const names = [provider.displayName, usualAdapterOf(code).displayName];
    expect(names.some((name) => page.includes(`\n## ${name}\n`))).toBe(true);
  },
);

test.each(providers.map(({ code }) => code))(
  '%s stops replaying before its provider forgets the key',
  (code) => {
    const { recovery, capabilities } = usualAdapterOf(code);
    if (recovery.replayForMs === 0) return;
    expect(recovery.replayForMs).toBeLessThan(capabilities.idempotencyHours * 3_600_000);
  },
);
