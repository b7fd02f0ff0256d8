import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { claimsOf, wayOf, type Claim } from '../../src/providers/claims.ts';
import { Impossible, Untried, fits, sideBySide, type Observed } from './observed.ts';
import { render, type Verdict } from './results.ts';
import type { Outcome, Scenario } from './scenario.ts';
import { scenarios } from './scenarios/all.ts';
import { Stage } from './stage.ts';
import type { Subject } from './subjects.ts';

/** Declares the whole suite for one provider, and compares what it has proven with the results that are checked in. */
export function conform(name: string, subject: Subject, suite = 'test/conformance'): void {
  const { verdicts, stage } = declareScenarios(subject, () => Stage.open(name, subject));

  test('the results that are checked in are those of this run', async () => {
    const { adapter } = stage();
    const results = render({ way: wayOf(adapter), suite }, adapter.capabilities, scenarios, verdicts);
    await expect(results).toMatchFileSnapshot(path.join(import.meta.dirname, 'results', `${name}.json`));
  });
}

/** Declares every scenario for one provider, on a stage of its own. */
export function declareScenarios(
  subject: Subject,
  open: () => Promise<Stage>,
): { readonly verdicts: ReadonlyMap<string, Verdict>; readonly stage: () => Stage } {
  const verdicts = new Map<string, Verdict>();
  let stage: Stage;
  beforeAll(async () => {
    stage = await open();
  });
  afterAll(() => stage.close());

  test.each(scenarios)('$name', { timeout: 180_000 }, async (scenario) => {
    const { capabilities, deviations = {} } = stage.adapter;
    const claims = claimsOf(capabilities);
    const has = (claim: Claim | undefined) => claim === undefined || claims.includes(claim);
    const declared = has(scenario.needs);
    const deviation = deviations[scenario.name];
    if (!declared) {
      expect(deviation, 'what is not declared cannot deviate').toBeUndefined();
      if (scenario.without !== undefined && has(scenario.requires))
        expectRefusal(await observed(stage, scenario), scenario.without);
      verdicts.set(scenario.name, 'not declared');
      return;
    }
    const found = await observed(stage, scenario);
    if (found instanceof Untried) {
      verdicts.set(scenario.name, 'not tried');
      return;
    }
    if (deviation === undefined) expectOutcome(found, scenario.expects);
    else if (deviation.instead === 'IMPOSSIBLE') expect(found).toBeInstanceOf(Impossible);
    else {
      const instead = scenario.instead?.[deviation.instead];
      expect(instead, `${scenario.name} allows no ${deviation.instead}`).toBeDefined();
      expectOutcome(found, instead!);
    }
    verdicts.set(scenario.name, deviation?.instead ?? 'as expected');
  });

  function expectOutcome(found: Found, outcome: Outcome): void {
    if (found instanceof Error) throw found;
    if (fits(found, outcome, subject)) return;
    const { got, wanted } = sideBySide(found, outcome, subject);
    expect(got).toEqual(wanted);
  }

  /** Where there is no such thing at all, there is nothing to refuse. */
  function expectRefusal(found: Found, outcome: Outcome): void {
    if (!(found instanceof Impossible)) expectOutcome(found, outcome);
  }

  test('every deviation that is declared is one of a scenario', () => {
    const names = new Set(scenarios.map((scenario) => scenario.name));
    expect(Object.keys(stage.adapter.deviations ?? {}).filter((known) => !names.has(known))).toEqual([]);
  });

  return { verdicts, stage: () => stage };
}

type Found = Observed | Impossible | Untried;

async function observed(stage: Stage, scenario: Scenario): Promise<Found> {
  await stage.begin();
  try {
    await scenario.does(stage);
    return await stage.observe();
  } catch (error) {
    if (error instanceof Impossible || error instanceof Untried) return error;
    throw error;
  }
}
