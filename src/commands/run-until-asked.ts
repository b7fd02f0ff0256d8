import type { Logger } from 'pino';
import { loadConfig, type Config } from '../config.ts';
import { createLog, flushLog } from '../log.ts';
import { credentials } from './credentials.ts';
import { endings } from './endings.ts';

/** Something that runs until it is closed. */
export interface Running {
  close(): Promise<void>;
}

/**
 * Runs what `start` starts until SIGTERM or SIGINT, then lets its work end: exit code 0. A second signal, a bug that
 * nobody caught, or a fatal error ends it with 1.
 *
 * @throws ConfigError, and whatever `start` throws
 */
export async function runUntilAsked(
  env: NodeJS.ProcessEnv,
  start: (config: Config, log: Logger, onFatal: (error: Error) => void) => Promise<Running>,
): Promise<number> {
  const config = loadConfig(env, { credentials });
  const log = createLog({ level: config.logLevel });
  const end = endings(log);
  try {
    const running = await start(config, log, end.fatal);
    log.info({ reason: await end.asked }, 'stopping');
    await running.close();
    log.info('stopped');
    return end.failed() ? 1 : 0;
  } finally {
    await flushLog(log);
    end.forget();
    // Work that outlived the grace must not keep the process: what was under way is found in the database.
    setTimeout(() => process.exit(), 1_000).unref();
  }
}
