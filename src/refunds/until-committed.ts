import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { isDatabaseClosed, isDatabaseUnavailable } from '../db/unavailable.ts';
import { ImpossibleTransition } from './move-leg.ts';
import type { World } from './world.ts';

const firstPauseMs = 50;
const longestPauseMs = 2_000;
/** How often a write is tried whose failure is neither the database's trouble nor surely a bug. */
const unexplainedAtMost = 5;

/**
 * Repeats a write until it commits: what a provider has answered must not be lost because the database was
 * away, for a moment or for an hour. A write may have taken effect although it failed, so it must be one that can be
 * repeated. Ends with the process; then the expired lease leads to the same truth.
 *
 * @throws where repeating would not help: a bug of ours, or our own pool was closed; the leg is left to its lease
 */
export async function untilCommitted(world: World, what: string, write: () => Promise<void>): Promise<void> {
  let pauseMs = firstPauseMs;
  for (let failures = 1; ; failures += 1) {
    try {
      return await write();
    } catch (error) {
      if (!isWorthRepeating(error, failures)) throw error;
      // The 1st, 2nd, 4th, 8th failure: an outage of an hour must not fill the log.
      if (Number.isInteger(Math.log2(failures)))
        world.log.error({ err: error, what, failures }, 'a write failed and will be repeated');
      await sleep(pauseMs);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }
}

const isWorthRepeating = (error: unknown, failures: number): boolean => {
  if (isOurBug(error) || isDatabaseClosed(error)) return false;
  return isDatabaseUnavailable(error) || failures < unexplainedAtMost;
};

/** SQLSTATE classes 22 (data), 23 (integrity) and 42 (syntax, names) answer the same to every repetition. */
const isOurBug = (error: unknown): boolean =>
  error instanceof ImpossibleTransition ||
  error instanceof TypeError ||
  (error instanceof pg.DatabaseError && /^(22|23|42)/.test(error.code ?? ''));
