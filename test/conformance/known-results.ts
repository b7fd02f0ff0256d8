import { readdirSync, readFileSync } from 'node:fs';
import { wayOf } from '../../src/providers/claims.ts';
import type { ProviderAdapter } from '../../src/providers/provider.ts';
import { allAdapters } from '../../src/providers/registry.ts';
import type { Results } from './results.ts';

const folder = new URL('results/', import.meta.url);

/** The evidence that is checked in, by the name of its adapter. */
export const knownResults: ReadonlyMap<string, Results> = new Map(
  readdirSync(folder)
    .toSorted()
    .map((file) => {
      // What the suite wrote.
      const results = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Results;
      return [results.way, results];
    }),
);

/** An adapter as it is registered, and what is known of it; a substitute and what it stands for are two. */
export interface Column {
  readonly title: string;
  readonly adapter: ProviderAdapter;
  readonly results: Results | undefined;
}

export const columns: readonly Column[] = allAdapters.flatMap((adapter): Column[] => {
  const way = wayOf(adapter);
  const { availability: _, ...itself } = adapter;
  const isSubstitute = adapter.availability?.kind === 'substituted';
  const own = { adapter, results: knownResults.get(way) };
  if (!isSubstitute) return [{ title: adapter.displayName, ...own }];
  const original = { adapter: itself, results: knownResults.get(wayOf(itself)) };
  return [
    { title: `${adapter.displayName}, native`, ...original },
    { title: `${adapter.displayName}, substituted`, ...own },
  ];
});
