/**
 * The process's clocks. Leases, windows and everything that decides about money use the database's
 * `app_now()`; this clock serves deadlines, ages that are shown, and the wall-clock half of the sender's check.
 */
export interface Clock {
  /** Wall time, moved by `advanceTo` in demo and test mode. */
  now(): Date;
  /** Milliseconds that never go backwards and never jump. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
};

/** A clock that the sandbox moves (`POST /control/clock`). Demo and test mode only. */
export interface MovableClock extends Clock {
  /** Sets the distance to real time, in seconds. */
  setOffsetSeconds(offsetSeconds: number): void;
}

export function createMovableClock(): MovableClock {
  let offsetMs = 0;
  return {
    now: () => new Date(Date.now() + offsetMs),
    monotonicMs: () => performance.now(),
    setOffsetSeconds: (offsetSeconds) => {
      offsetMs = offsetSeconds * 1000;
    },
  };
}
