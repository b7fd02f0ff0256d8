/** A process that ends so soon after its start, in milliseconds, has hardly worked. */
const EARLY_MS = 10_000;
/** So many such ends in a row: another start would be no better. */
export const MAX_EARLY_ENDS = 5;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

/** When a process that has ended is started again. */
export interface Restarts {
  /**
   * After an end.
   *
   * @returns in how many milliseconds to start again; undefined: not any more
   */
  pauseMs(livedMs: number): number | undefined;
}

/** Pauses double from 100 ms with each early end in a row, up to 10 s; who has lived for a while begins anew. */
export function createRestarts(): Restarts {
  let early = 0;
  return {
    pauseMs(livedMs) {
      early = livedMs < EARLY_MS ? early + 1 : 0;
      if (early >= MAX_EARLY_ENDS) return undefined;
      return Math.min(FIRST_PAUSE_MS * 2 ** early, LONGEST_PAUSE_MS);
    },
  };
}
