import type { TimeoutProvider } from '@tanstack/query-core';

interface Timer {
  readonly atMs: number;
  readonly everyMs: number | undefined;
  readonly callback: () => void;
}

/** Timers of TanStack Query that wait for nobody: the time goes to where the next one is due. */
export interface VirtualTimers {
  readonly provider: TimeoutProvider<number>;
  readonly nowMs: () => number;
  /** In how many milliseconds the next one is due; undefined: there is none. */
  dueIn(): number | undefined;
  /** Goes there, and runs it. */
  fire(): void;
}

export function createVirtualTimers(): VirtualTimers {
  const timers = new Map<number, Timer>();
  let nowMs = 0;
  let ids = 0;
  const add = (callback: () => void, delayMs: number, everyMs?: number): number => {
    ids += 1;
    timers.set(ids, { atMs: nowMs + delayMs, everyMs, callback });
    return ids;
  };
  const remove = (id: number | undefined): void => void (id !== undefined && timers.delete(id));
  const next = (): [number, Timer] | undefined => [...timers].toSorted(([, a], [, b]) => a.atMs - b.atMs)[0];
  return {
    provider: {
      setTimeout: (callback, delayMs) => add(callback, delayMs),
      setInterval: (callback, delayMs) => add(callback, delayMs, delayMs),
      clearTimeout: remove,
      clearInterval: remove,
    },
    nowMs: () => nowMs,
    dueIn() {
      const found = next();
      return found === undefined ? undefined : found[1].atMs - nowMs;
    },
    fire() {
      const [id, timer] = next()!;
      nowMs = timer.atMs;
      if (timer.everyMs === undefined) timers.delete(id);
      else timers.set(id, { ...timer, atMs: nowMs + timer.everyMs });
      timer.callback();
    },
  };
}
