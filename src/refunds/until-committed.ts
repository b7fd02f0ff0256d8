import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { ImpossibleTransition } from './move-leg.ts';
import type { World } from './world.ts';

const firstPauseMs = 50;
const longestPauseMs = 2_000;

/**
 * Repeats a write until it commits: what a provider has answered must not be lost because the database was
 * away for a moment. Ends with the process; then the expired lease leads to the same truth.
 *
 * @throws at once where repeating would not help: a bug of ours, which leaves the leg to its lease
 */
export async function untilCommitted(world: World, what: string, write: () => Promise<void>): Promise<void> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await write();
    } catch (error) {
      if (isOurBug(error)) throw error;
      world.log.error({ err: error, what }, 'a write failed and will be repeated');
      await sleep(pauseMs);
    }
  }
}

/** SQLSTATE classes 22 (data), 23 (integrity) and 42 (syntax, names) answer the same to every repetition. */
const isOurBug = (error: unknown): boolean =>
  error instanceof ImpossibleTransition ||
  error instanceof TypeError ||
  (error instanceof pg.DatabaseError && /^(22|23|42)/.test(error.code ?? ''));
