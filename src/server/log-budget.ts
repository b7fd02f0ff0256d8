/** Lines of one kind in one second, at most. */
const linesPerSecond = 10;

/** Keeps what anybody can cause from filling the log. */
export interface LogBudget {
  /** How many lines of this kind were left out since its last one; undefined: this one is left out, too. */
  spend(kind: string): number | undefined;
}

/** @param nowMs a clock that never goes back. Kinds are few: nothing that a caller chooses may be one. */
export function createLogBudget(nowMs: () => number = () => performance.now()): LogBudget {
  const kinds = new Map<string, { startedMs: number; written: number; leftOut: number }>();
  return {
    spend(kind) {
      const now = nowMs();
      let state = kinds.get(kind);
      if (state === undefined || now - state.startedMs >= 1_000) {
        state = { startedMs: now, written: 0, leftOut: state?.leftOut ?? 0 };
        kinds.set(kind, state);
      }
      if (state.written >= linesPerSecond) {
        state.leftOut += 1;
        return undefined;
      }
      state.written += 1;
      const { leftOut } = state;
      state.leftOut = 0;
      return leftOut;
    },
  };
}
