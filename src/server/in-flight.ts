import { errorAnswer, type Answer } from './answer.ts';

/** Counts the requests that are being worked on. */
export interface InFlight {
  /** False when there are too many already; otherwise `leave` must follow. */
  enter(): boolean;
  leave(): void;
  /** Resolves when nothing is in flight, at most after `ms`; false when it gave up. */
  whenEmpty(ms: number): Promise<boolean>;
}

export function createInFlight(max: number): InFlight {
  let count = 0;
  let onEmpty: (() => void) | undefined;
  return {
    enter() {
      if (count >= max) return false;
      count += 1;
      return true;
    },
    leave() {
      count -= 1;
      if (count === 0) onEmpty?.();
    },
    whenEmpty(ms) {
      if (count === 0) return Promise.resolve(true);
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
