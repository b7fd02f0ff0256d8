import type { Clock } from '../../clock.ts';

/** How long a provider may silence an account by one answer, in milliseconds. */
const MAX_PAUSE_MS = 60_000;

export interface TokenBucket {
  /** Takes one token and answers 0, or takes none and answers in how many milliseconds to ask again. */
  take(): number;
  /** How many tokens it gives from now on for so long, if nobody else takes any; changes nothing. */
  within(durationMs: number): number;
  /** Gives nothing for that long (at most a minute), then starts from empty. */
  pause(durationMs: number): void;
}

/** A rate budget: `perSecond` tokens a second, of which at most one second's worth is saved up. */
export function createTokenBucket(perSecond: number, clock: Pick<Clock, 'monotonicMs'>): TokenBucket {
  if (!(perSecond > 0)) throw new RangeError(`A rate budget must be above zero, not ${perSecond}`);
  const capacity = Math.max(1, perSecond);
  let tokens = capacity;
  let countedAtMs = clock.monotonicMs();
  let closedUntilMs = countedAtMs;

  return {
    take() {
      const nowMs = clock.monotonicMs();
      if (nowMs < closedUntilMs) return Math.ceil(closedUntilMs - nowMs);
      tokens = Math.min(capacity, tokens + ((nowMs - countedAtMs) * perSecond) / 1000);
      countedAtMs = nowMs;
      if (tokens >= 1) {
        tokens -= 1;
        return 0;
      }
      return Math.max(1, Math.ceil(((1 - tokens) * 1000) / perSecond));
    },
    within(durationMs) {
      const nowMs = clock.monotonicMs();
      const fromMs = Math.max(nowMs, closedUntilMs);
      if (fromMs > nowMs + durationMs) return 0;
      const saved = Math.min(capacity, tokens + ((fromMs - countedAtMs) * perSecond) / 1000);
      return Math.floor(saved + ((nowMs + durationMs - fromMs) * perSecond) / 1000);
    },
    pause(durationMs) {
      const untilMs = clock.monotonicMs() + Math.min(durationMs, MAX_PAUSE_MS);
      if (untilMs <= closedUntilMs) return;
      closedUntilMs = untilMs;
      // The first request after a pause goes at once, the rest at the ordinary rate.
      tokens = 1;
      countedAtMs = untilMs;
    },
  };
}
