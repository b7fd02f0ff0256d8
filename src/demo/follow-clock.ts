import { z } from 'zod';
import type { Logger } from 'pino';

const REPEAT_MS = 2_000;
const ASK_TIMEOUT_MS = 1_000;

const answerSchema = z.object({ offsetSeconds: z.number() });

export interface ClockFollower {
  /** Ends the following; the sandbox is told. */
  stop(): Promise<void>;
}

/**
 * Keeps the service's time with the sandbox's: registers `followerUrl`, to which the sandbox then posts each
 * new offset, and registers again every 2 s, so that a sandbox that was started anew finds its follower. Each
 * answer names the present offset and is applied when it differs from the last one.
 */
export async function followClock(
  sandboxUrl: string,
  followerUrl: string,
  apply: (offsetSeconds: number) => Promise<void>,
  log: Logger,
): Promise<ClockFollower> {
  const registry = `${sandboxUrl}/control/clock/followers`;
  let lastOffset: number | undefined;
  let registered = true;

  async function register(): Promise<void> {
    try {
      const { offsetSeconds } = answerSchema.parse(await send('POST', registry, followerUrl));
      if (!registered) log.info({ offsetSeconds }, 'following the clock of the sandbox again');
      registered = true;
      if (offsetSeconds !== lastOffset) await apply(offsetSeconds);
      lastOffset = offsetSeconds;
    } catch (error) {
      if (registered) log.warn({ err: error }, 'the sandbox does not answer; its clock cannot be followed');
      registered = false;
    }
  }

  await register();
  const timer = setInterval(() => void register(), REPEAT_MS);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await send('DELETE', registry, followerUrl).catch(() => undefined);
    },
  };
}

async function send(method: 'POST' | 'DELETE', url: string, followerUrl: string): Promise<unknown> {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: followerUrl }),
    signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
  });
  return answer.json();
}
