import type { AccountId } from '../../ids.ts';
import type { World } from '../world.ts';
import type { Round } from './steps.ts';
import { batchSizeByDefault, driveAccount, findDue } from './drive-due.ts';

/** A running engine. */
export interface Engine {
  /** Begins nothing new from now on; resolves when what was begun has ended. */
  stop(): Promise<void>;
}

/** While nothing is due, this long between two questions what is, in milliseconds, give or take a fifth. */
const idleGapMs = 1_000;

/**
 * Drives everything that is due, for ever: rounds about every second, and at once again where there was more than a
 * batch. An account is worked on by one batch at a time, and none waits for another. Survives the database.
 *
 * @param options.beforeRound is waited for before each round; when it rejects, the round is left out
 */
export function startEngine(
  world: World,
  { beforeRound }: { readonly beforeRound?: () => Promise<void> } = {},
): Engine {
  const working = new Map<AccountId, Promise<void>>();
  let stopped = false;
  let wake: (() => void) | undefined;
  let wasLost = false;
  let isFull = false;
  const inRound: Round = {
    batchSize: batchSizeByDefault,
    isStopping: () => stopped || world.background.draining,
  };

  const pause = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, idleGapMs * (0.8 + Math.random() * 0.4));
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  async function round(): Promise<void> {
    try {
      await beforeRound?.();
      const due = await findDue(world);
      if (wasLost) world.log.info('the engine works again');
      wasLost = false;
      for (const { connection, account } of due) {
        if (stopped || working.has(connection.accountId)) continue;
        const batch = world.background.run('work on what is due', async () => {
          if (await driveAccount(world, connection, account, inRound)) isFull = true;
          working.delete(connection.accountId);
          if (isFull) wake?.();
        });
        working.set(connection.accountId, batch);
      }
    } catch (error) {
      if (!wasLost) world.log.error({ err: error }, 'the engine cannot ask what is due; it goes on trying');
      wasLost = true;
    }
  }

  const running = (async () => {
    while (!inRound.isStopping()) {
      isFull = false;
      await round();
      if (!stopped && !isFull) await pause();
    }
    await Promise.all(working.values());
  })();

  return {
    stop() {
      stopped = true;
      wake?.();
      return running;
    },
  };
}
