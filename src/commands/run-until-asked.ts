import type { Logger } from 'pino';
import { loadConfig, type Config } from '../config.ts';
import { createLog, flushLog } from '../log.ts';
import { credentials } from './credentials.ts';
import { endings, type Endings } from './endings.ts';

/** Something that runs until it is closed. */
export interface Running {
  close(): Promise<void>;
}

/** What one of several processes of a service was told by their parent. */
export interface ToldByParent {
  readonly number: number;
  /** What ACCOUNTS_FILE held when the service was started; undefined without one. */
  readonly accountsText: string | undefined;
}

export type Start = (config: Config, log: Logger, onFatal: Endings['fatal']) => Promise<Running>;

/**
 * Runs what `start` starts until SIGTERM or SIGINT, then lets its work end: exit code 0. A second signal, a bug that
 * nobody caught, or a fatal error ends it with 1.
 *
 * @throws ConfigError, and whatever `start` throws
 */
export async function runUntilAsked(
  env: NodeJS.ProcessEnv,
  start: Start,
  member?: ToldByParent,
): Promise<number> {
  const config = loadConfig(env, { credentials, accountsText: member?.accountsText });
  const log = createLog({ level: config.logLevel, process: member?.number });
  const end = endings(log, member !== undefined);
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
