import type { Clock } from '../../clock.ts';
import type { WireResult } from '../http.ts';
import { ownDecisions } from './read-policy.ts';

export interface BreakerLimits {
  /** Opens after so many failures in a row, … */
  readonly failures: number;
  /** … the first of which is so long ago, in milliseconds: one bad moment meets many calls at once. */
  readonly overMs: number;
  /** How long it is open the first time, in milliseconds; doubled whenever it was too soon. */
  readonly firstOpenMs: number;
  /** The longest time, in milliseconds. Whoever was closed for that long begins anew. */
  readonly maxOpenMs: number;
}

export const breakerLimits: BreakerLimits = {
  failures: 5,
  overMs: 1_000,
  firstOpenMs: 5_000,
  maxOpenMs: 120_000,
};

/** What a call told about whether its provider is there. */
export type Sign = 'life' | 'failure' | 'none';

/** The way through for one call. */
export interface Passage {
  /** Must follow, once. */
  leave(sign: Sign): void;
}

export interface BreakerEvents {
  /** @param openForMs until one call tries again; @param isNew false where the trouble before has hardly ended */
  opened(openForMs: number, isNew: boolean): void;
  closed(): void;
}

/**
 * Keeps calls from a provider that does not answer. Closed: all pass. Open: nobody does. After that one call tries:
 * a sign of life closes it, another failure opens it for twice as long. It knows one account only.
 */
export interface Breaker {
  /** Undefined: do not call. */
  enter(): Passage | undefined;
  /** Whether `enter` would refuse now; changes nothing. */
  refuses(): boolean;
}

export function createBreaker(
  limits: BreakerLimits,
  clock: Pick<Clock, 'monotonicMs'>,
  events: BreakerEvents,
): Breaker {
  let failures = 0;
  let firstFailureMs = 0;
  let openUntilMs: number | undefined;
  let openForMs = 0;
  let closedAtMs = Number.NEGATIVE_INFINITY;
  let isBeingTried = false;

  function open(isNew: boolean): void {
    openForMs = isNew ? limits.firstOpenMs : Math.min(openForMs * 2, limits.maxOpenMs);
    openUntilMs = clock.monotonicMs() + openForMs;
  }

  function countFailure(): void {
    const nowMs = clock.monotonicMs();
    if (failures === 0) firstFailureMs = nowMs;
    failures += 1;
    if (failures < limits.failures || nowMs - firstFailureMs < limits.overMs) return;
    const isNew = nowMs - closedAtMs >= limits.maxOpenMs;
    open(isNew);
    events.opened(openForMs, isNew);
  }

  function close(): void {
    failures = 0;
    if (openUntilMs === undefined) return;
    openUntilMs = undefined;
    closedAtMs = clock.monotonicMs();
    events.closed();
  }

  const refuses = (): boolean =>
    openUntilMs !== undefined && (isBeingTried || clock.monotonicMs() < openUntilMs);

  return {
    refuses,
    enter() {
      if (refuses()) return undefined;
      const isTrial = openUntilMs !== undefined;
      if (isTrial) isBeingTried = true;
      return {
        leave(sign) {
          if (isTrial) isBeingTried = false;
          if (sign === 'life') close();
          // While it is open, the end of a call that began before tells nothing new.
          else if (sign === 'failure' && openUntilMs === undefined) countFailure();
          else if (sign === 'failure' && isTrial) open(false);
        },
      };
    },
  };
}

/** For an account whose provider is never given up. */
export const noBreaker: Breaker = { enter: () => ({ leave: () => undefined }), refuses: () => false };

/** A call that had less than this, since it had waited for its turn, proves nothing by ending; in milliseconds. */
const FAIR_DEADLINE_MS = 1_000;

const ownDeadlines: ReadonlySet<string> = new Set(['deadline', 'deadline-before-connect']);

/** Any answer below 500 is a sign of life, 429 too: that account is slowed down, and the provider is there. */
export function signOf(result: WireResult, deadlineMs: number): Sign {
  if (result.kind === 'answer') return result.status < 500 ? 'life' : 'failure';
  if (ownDecisions.has(result.reason)) return 'none';
  return ownDeadlines.has(result.reason) && deadlineMs < FAIR_DEADLINE_MS ? 'none' : 'failure';
}
