import { isDeepStrictEqual } from 'node:util';
import { parseDecimal, toCurrency } from '../../src/money.ts';
import type { Outcome, Returned } from './scenario.ts';
import type { Subject } from './subjects.ts';

/** The sandbox says that this cannot happen at its provider. */
export class Impossible extends Error {
  override readonly name = 'Impossible';
}

/** The sandbox cannot make this provider do it, so that nothing is proven. */
export class Untried extends Error {
  override readonly name = 'Untried';
}

/** Everything that came of a scenario; an outcome names what of it counts. */
export interface Observed {
  readonly answers: readonly string[];
  readonly ends: readonly string[];
  readonly errors: readonly string[];
  readonly cancels: readonly string[];
  readonly seen: readonly string[];
  /** Codes, in the order in which they were raised. */
  readonly alerts: readonly string[];
  readonly effects: number;
  readonly sends: number;
  readonly returnedMinor: bigint;
}

/** What an outcome means for a subject: everything but `answers`, `alerts` and `sends` counts also where it is not named. */
const expected = ({ returned, ...named }: Outcome, subject: Subject): Record<string, unknown> => ({
  ends: [],
  errors: [],
  cancels: [],
  seen: [],
  ...named,
  returnedMinor: minorOf(returned, subject),
});

/** The two to be compared, side by side. */
export function sideBySide(observed: Observed, outcome: Outcome, subject: Subject) {
  const wanted = expected(outcome, subject);
  const got = Object.fromEntries(Object.entries(observed).filter(([name]) => name in wanted));
  return { got, wanted };
}

export function fits(observed: Observed, outcome: Outcome, subject: Subject): boolean {
  const { got, wanted } = sideBySide(observed, outcome, subject);
  return isDeepStrictEqual(got, wanted);
}

function minorOf(returned: Returned, { part, whole, currency }: Subject): bigint {
  const minor = (value: string): bigint => {
    const parsed = parseDecimal(value, toCurrency(currency));
    if (!parsed.ok) throw new TypeError(`${value} ${currency}`);
    return parsed.money.minor;
  };
  switch (returned) {
    case 'nothing':
      return 0n;
    case 'part':
      return minor(part);
    case 'hundred parts':
      return 100n * minor(part);
    case 'two parts':
      return 2n * minor(part);
    case 'three parts':
      return 3n * minor(part);
    case 'whole':
      return minor(whole);
    case 'two wholes':
      return 2n * minor(whole);
  }
}
