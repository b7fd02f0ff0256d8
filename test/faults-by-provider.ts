import { claimsOf } from '../src/providers/claims.ts';
import type { Deviation } from '../src/providers/provider.ts';
import type { Column } from './conformance/known-results.ts';
import type { Scenario } from './conformance/scenario.ts';
import { scenarios } from './conformance/scenarios/all.ts';

/** What the conformance suite has shown of one row of the catalogue for one way to a provider. */
export interface ShownThere {
  /** Scenarios that came out as they do everywhere. */
  readonly asExpected: readonly string[];
  /** Those that came out in another way, which the adapter declares with the provider's document. */
  readonly deviating: readonly Deviation[];
  /** Those that the sandbox cannot play there. */
  readonly untried: readonly string[];
  /** What came out otherwise, and nobody has declared: the row is lost there. Empty: it is not. */
  readonly lost: readonly string[];
}

export const scenariosOf = (row: string): readonly Scenario[] =>
  scenarios.filter(({ rows = [] }) => rows.some((each) => each === row));

/** Undefined where the suite does not run. A row of which all is empty cannot happen there: it needs what is not declared. */
export function shownThere(
  row: string,
  { adapter, results }: Column,
  all: readonly Scenario[] = scenariosOf(row),
): ShownThere | undefined {
  if (results === undefined) return undefined;
  const claims = claimsOf(adapter.capabilities);
  const there = {
    asExpected: [] as string[],
    deviating: [] as Deviation[],
    untried: [] as string[],
    lost: [] as string[],
  };
  for (const { name, needs } of all) {
    const verdict = results.scenarios[name];
    const deviation = adapter.deviations?.[name];
    if (verdict === 'not declared' && needs !== undefined && !claims.includes(needs)) continue;
    if (verdict === 'as expected' && deviation === undefined) there.asExpected.push(name);
    else if (deviation !== undefined && deviation.instead === verdict) there.deviating.push(deviation);
    else if (verdict === 'not tried' && results.suite === 'test/native') there.untried.push(name);
    else there.lost.push(`${name}: ${verdict ?? 'no result'}`);
  }
  return there;
}
