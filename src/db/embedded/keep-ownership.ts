import { setTimeout as delay } from 'node:timers/promises';
import { ensureRunning, type RunningServer, type ServerRequest } from './ensure-running.ts';
import { EmbeddedPostgresError, reasonOf } from './errors.ts';
import { takeOwnership } from './ownership.ts';
import { withStartLock } from './start-lock.ts';

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;
const START_LOCK_MS = 60_000;

/** A held ownership. */
export interface Ownership {
  /** Ends the watch; resolves with the server to stop, or undefined if it is not ours (any more). */
  release(): Promise<RunningServer | undefined>;
}

/**
 * Watches the session that holds the ownership. When it breaks, because the server ended, crashed or cut it, the server
 * is started again if needed and owned again, with growing pauses, until another service has it (`onLost`) or `release`.
 */
export function keepOwnership(
  first: RunningServer,
  request: ServerRequest,
  onLost: ((error: EmbeddedPostgresError) => void) | undefined,
): Ownership {
  const released = new AbortController();
  let server: RunningServer | undefined = first;
  let regaining: Promise<void> = Promise.resolve();
  const again: ServerRequest = { ...request, endpoint: first.endpoint };

  const watch = (running: RunningServer): void => {
    running.session.once('end', () => {
      if (released.signal.aborted) return;
      server = undefined;
      request.log.error(
        { dataDir: request.dataDir },
        'embedded PostgreSQL ended its sessions; taking it again',
      );
      regaining = regain();
    });
  };

  const regain = async (): Promise<void> => {
    let pauseMs = FIRST_RETRY_MS;
    while (!released.signal.aborted) {
      try {
        server = await withStartLock(request.dataDir, START_LOCK_MS, () => takeAgain(again));
        request.log.warn({ pid: server.pid, started: server.started }, 'embedded PostgreSQL is owned again');
        watch(server);
        return;
      } catch (error) {
        request.log.error(
          { dataDir: request.dataDir, reason: reasonOf(error) },
          'embedded PostgreSQL not regained',
        );
        if (error instanceof EmbeddedPostgresError && error.code === 'IN_USE') {
          onLost?.(error);
          return;
        }
      }
      await delay(pauseMs, undefined, { signal: released.signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, MAX_RETRY_MS);
    }
  };

  watch(first);
  return {
    async release() {
      released.abort();
      await regaining;
      return server;
    },
  };
}

async function takeAgain(request: ServerRequest): Promise<RunningServer> {
  const running = await ensureRunning(request);
  try {
    await takeOwnership(running.session, request.dataDir);
    return running;
  } catch (error) {
    await running.session.end();
    throw error;
  }
}
