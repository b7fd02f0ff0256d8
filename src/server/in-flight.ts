import { errorAnswer, type Answer } from './answer.ts';
import { createFairSlots } from './fair-slots.ts';

/**
 * Bodies that may be read at a time, per request that may be worked on. Who sends slowly holds one of these
 * and no place among the requests in flight; MAX_BODY_BYTES each bounds the memory.
 */
const READING_PER_WORKING = 2;

/** `reading`: the body is on its way. `working`: the request is in flight. */
export type Phase = 'reading' | 'working';

/** One request of a holder, such as a merchant, on its way through the phases. */
export interface Visit {
  /** Leaves the phase before; false when this one has no room, or none for this holder. */
  enter(phase: Phase): boolean;
  /** Must follow in every case, once. */
  leave(): void;
}

/** Counts requests, with a fair share of each phase for each holder. */
export interface InFlight {
  visit(holder: string): Visit;
  /** Resolves when nobody visits, at most after `ms`; false when it gave up. */
  whenEmpty(ms: number): Promise<boolean>;
}

/** Room for `max` requests that are worked on. */
export function createInFlight(max: number): InFlight {
  const slots = { working: createFairSlots(max), reading: createFairSlots(max * READING_PER_WORKING) };
  let visits = 0;
  let onEmpty: (() => void) | undefined;
  return {
    visit(holder) {
      let present: Phase | undefined;
      const leavePhase = (): void => {
        if (present !== undefined) slots[present].leave(holder);
        present = undefined;
      };
      visits += 1;
      return {
        enter(phase) {
          leavePhase();
          if (!slots[phase].enter(holder)) return false;
          present = phase;
          return true;
        },
        leave() {
          leavePhase();
          visits -= 1;
          if (visits === 0) onEmpty?.();
        },
      };
    },
    whenEmpty(ms) {
      if (visits === 0) return Promise.resolve(true);
      return new Promise((resolve) => {
        const timer = setTimeout(() => resolve(false), ms);
        onEmpty = () => {
          clearTimeout(timer);
          resolve(true);
        };
      });
    },
  };
}

export const overloaded = (): Answer =>
  errorAnswer(503, 'OVERLOADED', 'Too many requests are being worked on. Send it again, with the same key.', {
    'retry-after': '1',
  });
