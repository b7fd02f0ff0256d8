import { describe, expect, test } from 'vitest';
import { columns, type Column } from './conformance/known-results.ts';
import { faults } from './fault-catalogue.ts';
import { scenarios } from './conformance/scenarios/all.ts';
import { scenariosOf, shownThere } from './faults-by-provider.ts';

const rows = faults.filter(({ atProviders }) => atProviders === true).map(({ row }) => row);
const run = columns.filter(({ results }) => results !== undefined);

describe('the catalogue of faults, provider by provider', () => {
  test('has a scenario for every row that depends on the provider, and for no other', () => {
    const shown = new Set<string>(scenarios.flatMap((scenario) => scenario.rows ?? []));
    expect(faults.map(({ row }) => row).filter((row) => shown.has(row))).toEqual(rows);
  });

  test.each(run)('has lost no row for $title', (column) => {
    expect(rows.flatMap((row) => shownThere(row, column)!.lost)).toEqual([]);
  });

  test('is run for every way to a provider but one that tells its results by webhook only', () => {
    const left = columns.filter(({ results }) => results === undefined);
    expect(left.map(({ adapter }) => adapter.variant)).toEqual(['adyen']);
  });
});

describe('a row is lost', () => {
  const column = run.find(({ adapter }) => adapter.code === 'robokassa' && adapter.variant === 'v2')!;
  const [scenario] = scenariosOf('8');
  const withVerdict = (verdict: string | undefined): Column => ({
    ...column,
    results: {
      ...column.results!,
      scenarios: { ...column.results!.scenarios, [scenario!.name]: verdict as never },
    },
  });
  const lost = (other: Column) => shownThere('8', other, [scenario!])!.lost;

  test('not when it came out as the adapter declares', () => {
    expect(lost(column)).toEqual([]);
  });

  test.each([undefined, 'as expected', 'not declared', 'not tried', 'IMPOSSIBLE'])(
    'when it came out as %s, which nobody has declared',
    (verdict) => {
      expect(lost(withVerdict(verdict))).toEqual([`${scenario!.name}: ${verdict ?? 'no result'}`]);
    },
  );
});
