import type { Logger } from 'pino';

/**
 * Work that outlives the request that started it: a provider call goes on after `waitMs`, and a shutdown
 * waits for it.
 */
export interface Background {
  /** Runs the task; its failure is logged, never thrown to anybody. */
  run(name: string, task: () => Promise<unknown>): Promise<void>;
  /** Waits until nothing is running any more, at most `graceMs`; false when it gave up. */
  drain(graceMs: number): Promise<boolean>;
  /** True from the first `drain` on: loops end, retries of a write go on until the grace is over. */
  readonly draining: boolean;
}

export function createBackground(log: Logger): Background {
  const running = new Set<Promise<void>>();
  let draining = false;
  return {
    get draining() {
      return draining;
    },
    run(name, task) {
      const promise = task()
        .then(() => undefined)
        .catch((error: unknown) => log.error({ err: error, task: name }, 'background task failed'))
        .finally(() => running.delete(promise));
      running.add(promise);
      return promise;
    },
    async drain(graceMs) {
      draining = true;
      const deadline = performance.now() + graceMs;
      while (running.size > 0) {
        const left = deadline - performance.now();
        if (left <= 0) return false;
        await settledWithin(Promise.all(running), left);
      }
      return true;
    },
  };
}

/** True when the promise has settled within the time; never rejects. The promise goes on either way. */
export async function settledWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const settled = promise.then(
    () => true,
    () => true,
  );
  return Promise.race([settled, timeout]).finally(() => clearTimeout(timer));
}

/** What the promise gives within the time; undefined where it is later, or fails. It goes on either way. */
export async function valueWithin<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let value: T | undefined;
  await settledWithin(
    promise.then((given) => {
      value = given;
    }),
    ms,
  );
  return value;
}
