import { claimsOf, type Claim } from '../../src/providers/claims.ts';
import type { Capabilities, DeviationKind } from '../../src/providers/provider.ts';
import type { Scenario } from './scenario.ts';

/** What came of a scenario that did not fail. */
export type Verdict = 'as expected' | 'not declared' | 'not tried' | DeviationKind;

/** The evidence of one adapter, as it is checked in. */
export interface Results {
  readonly way: string;
  readonly suite: string;
  readonly scenarios: Readonly<Record<string, Verdict>>;
  /** By claim, the scenarios that proved it. */
  readonly proven: Readonly<Partial<Record<Claim, string>>>;
}

/** Between the scenarios of one claim. */
export const AND = '; ';

/**
 * What an adapter has proven: of the scenarios of a claim none failed and at least one came out as expected. What
 * deviated is no evidence.
 */
export function provenBy(
  capabilities: Capabilities,
  scenarios: readonly Scenario[],
  verdicts: ReadonlyMap<string, Verdict>,
): Results['proven'] {
  return Object.fromEntries(
    claimsOf(capabilities).flatMap((claim) => {
      const own = scenarios.filter(
        ({ needs, proves }) => needs === claim || proves?.includes(claim) === true,
      );
      const good = own.filter(({ name }) => verdicts.get(name) === 'as expected');
      const isProven = good.length > 0 && own.every(({ name }) => verdicts.has(name));
      return isProven ? [[claim, good.map(({ name }) => name).join(AND)]] : [];
    }),
  );
}

/** The text of a file of results. */
export function render(
  about: Pick<Results, 'way' | 'suite'>,
  capabilities: Capabilities,
  scenarios: readonly Scenario[],
  verdicts: ReadonlyMap<string, Verdict>,
): string {
  const inOrder = scenarios.flatMap(({ name }) => {
    const verdict = verdicts.get(name);
    return verdict === undefined ? [] : [[name, verdict] as const];
  });
  const results: Results = {
    ...about,
    scenarios: Object.fromEntries(inOrder),
    proven: provenBy(capabilities, scenarios, verdicts),
  };
  return `${JSON.stringify(results, null, 2)}\n`;
}
