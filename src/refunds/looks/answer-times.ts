import type { Clock } from '../../clock.ts';
import type { Look } from '../../providers/provider.ts';
import type { Asked } from './plan-calls.ts';

/** As of when the answers of one plan are: by the database's time, not later than the call of each was begun. */
export interface AnswerTimes {
  /** Makes a call, and notes for what it tells when it was begun. */
  note<T>(call: () => Promise<Asked<T>>, told: (value: T) => readonly object[]): Promise<Asked<T>>;
  /** Of something that was told; the begin of the plan for anything else. */
  of(told: object): Date;
}

/**
 * A plan of many calls may take longer than its answers are wanted fresh, so that each has its own time: what the
 * database said at the beginning, and what has passed since on the monotonic clock. A call begins here before it waits
 * for its turn in the account's budget, and the database was asked before its answer arrived: both make the time
 * earlier than the request was, and never later.
 *
 * @param asOf the database's time, read just now
 */
export function timeAnswers(asOf: Date, clock: Pick<Clock, 'monotonicMs'>): AnswerTimes {
  const readMs = clock.monotonicMs();
  const times = new WeakMap<object, Date>();
  return {
    async note(call, told) {
      const begun = new Date(asOf.getTime() + Math.floor(clock.monotonicMs() - readMs));
      const asked = await call();
      const { look } = asked as { readonly look: Look<Parameters<typeof told>[0]> };
      if (look.kind === 'found') for (const facts of told(look.value)) times.set(facts, begun);
      return asked;
    },
    of: (told) => times.get(told) ?? asOf,
  };
}
