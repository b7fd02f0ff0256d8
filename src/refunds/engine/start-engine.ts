import type { AccountId } from '../../ids.ts';
import type { World } from '../world.ts';
import type { Round } from './steps.ts';
import { forgetOldMessages } from '../webhooks/forget-old.ts';
import { batchSizeByDefault, driveAccount, findDue } from './drive-due.ts';

/** Old webhook messages are forgotten this often, in milliseconds. */
const forgettingGapMs = 60_000;

/** A running engine. */
export interface Engine {
  /** Begins nothing new from now on; resolves when what was begun has ended. */
  stop(): Promise<void>;
  /** Something came due right now: the next round is soon, and not only after the usual gap. */
  wake(): void;
}

/** While nothing is due, this long between two questions what is, in milliseconds, give or take a fifth. */
const idleGapMs = 1_000;

/** However often it is woken, two rounds begin so far apart, in milliseconds, unless there was more than a batch. */
const wokenGapMs = 250;

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
  /** What came due for them while they were worked on waits for no usual gap. */
  const passedOver = new Set<AccountId>();
  let stopped = false;
  let wake: (() => void) | undefined;
  let wasLost = false;
  let isFull = false;
  let isWoken = false;
  let isForgetting = false;
  let forgetsAtMs = 0;
  const inRound: Round = {
    batchSize: batchSizeByDefault,
    isStopping: () => stopped || world.background.draining,
  };

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  /** Until the next round: the usual gap, or, once it is woken, what is left of the shortest one. */
  async function rest(beganMs: number): Promise<void> {
    if (!isWoken) await pause(idleGapMs * (0.8 + Math.random() * 0.4));
    if (stopped || isFull) return;
    const leftMs = beganMs + wokenGapMs - world.clock.monotonicMs();
    if (isWoken && leftMs > 0) await pause(leftMs);
  }

  async function round(): Promise<void> {
    try {
      await beforeRound?.();
      const due = await findDue(world);
      if (wasLost) world.log.info('the engine works again');
      wasLost = false;
      forgetSometimes();
      for (const { connection, account } of due) {
        if (stopped) continue;
        if (working.has(connection.accountId)) {
          passedOver.add(connection.accountId);
          continue;
        }
        const batch = world.background.run('work on what is due', async () => {
          if (await driveAccount(world, connection, account, inRound)) isFull = true;
          working.delete(connection.accountId);
          if (isFull) wake?.();
          if (passedOver.delete(connection.accountId)) wakeSoon();
        });
        working.set(connection.accountId, batch);
      }
    } catch (error) {
      if (!wasLost) world.log.error({ err: error }, 'the engine cannot ask what is due; it goes on trying');
      wasLost = true;
    }
  }

  function forgetSometimes(): void {
    const nowMs = world.clock.monotonicMs();
    if (isForgetting || nowMs < forgetsAtMs) return;
    isForgetting = true;
    forgetsAtMs = nowMs + forgettingGapMs;
    void world.background.run('forget old webhook messages', async () => {
      await forgetOldMessages(world).finally(() => (isForgetting = false));
    });
  }

  function wakeSoon(): void {
    if (isWoken) return;
    isWoken = true;
    wake?.();
  }

  const running = (async () => {
    while (!inRound.isStopping()) {
      isFull = false;
      isWoken = false;
      const beganMs = world.clock.monotonicMs();
      await round();
      if (!stopped && !isFull) await rest(beganMs);
    }
    await Promise.all(working.values());
  })();

  return {
    wake: wakeSoon,
    stop() {
      stopped = true;
      wake?.();
      return running;
    },
  };
}
