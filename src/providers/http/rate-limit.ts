import type { Clock } from '../../clock.ts';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/** How long an account keeps silent when its provider takes no more requests. */
export interface RateLimit {
  /**
   * After a 429, in milliseconds. The provider's advice counts; without any the pauses double from a second up to a
   * minute, one step for all calls that were on their way together.
   */
  pauseMs(advisedMs: number | null): number;
  /** After any other answer: the provider takes requests again. */
  isOver(): void;
}

export function createRateLimit(clock: Pick<Clock, 'monotonicMs'>): RateLimit {
  let inARow = 0;
  let silentUntilMs = Number.NEGATIVE_INFINITY;
  return {
    pauseMs(advisedMs) {
      // "At once" after a 429 is no advice.
      if (advisedMs !== null && advisedMs > 0) return advisedMs;
      const nowMs = clock.monotonicMs();
      if (nowMs < silentUntilMs) return silentUntilMs - nowMs;
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** inARow, LONGEST_PAUSE_MS);
      inARow += 1;
      silentUntilMs = nowMs + pauseMs;
      return pauseMs;
    },
    isOver() {
      // An answer within the pause belongs to a call from before it.
      if (clock.monotonicMs() >= silentUntilMs) inARow = 0;
    },
  };
}
