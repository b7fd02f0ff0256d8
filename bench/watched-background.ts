import type { Background } from '../src/refunds/background.ts';

/** A background whose work can be waited for without ending it: what goes on after an answer is a cost, too. */
export interface WatchedBackground extends Background {
  quiet(): Promise<void>;
}

export function watched(background: Background): WatchedBackground {
  const underWay = new Set<Promise<void>>();
  return {
    drain: (graceMs) => background.drain(graceMs),
    get draining() {
      return background.draining;
    },
    run(name, task) {
      const running = background.run(name, task).finally(() => underWay.delete(running));
      underWay.add(running);
      return running;
    },
    async quiet() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
