import { access, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { guarantees } from './guarantees.ts';
import { removals } from './experiments.ts';
import { missing } from './named-tests.ts';
import { renderGuarantees } from './render-guarantees.ts';

test('docs/guarantees.md is made from the maps of guarantees, faults and experiments', async () => {
  await expect(renderGuarantees()).toMatchFileSnapshot('../docs/guarantees.md');
});

test('every invariant is there, once', () => {
  expect(guarantees.map(({ name }) => name)).toEqual(
    Array.from({ length: 11 }, (_, index) => `I${index + 1}`),
  );
});

test.each(guarantees)('$name is shown by tests that exist, and held by what exists', async (guarantee) => {
  expect(await missing(guarantee.shownBy)).toEqual([]);
  expect(guarantee.shownBy.length).toBeGreaterThan(0);
  const schema = await readFile(new URL('../docs/schema.sql', import.meta.url), 'utf8');
  const words = new Set(schema.split(/[^\w]+/));
  expect(guarantee.database.filter((name) => !words.has(name))).toEqual([]);
  for (const { file } of guarantee.code) await access(new URL(`../${file}`, import.meta.url));
});

test('what failed when a part was taken out exists', async () => {
  expect(await missing(removals.map((removal) => removal.test))).toEqual([]);
});
