import type { Logger } from 'pino';
import { startApp } from '../app.ts';
import { loadConfig, type Config } from '../config.ts';
import { startDemo } from '../demo/start-demo.ts';
import { createLog, flushLog } from '../log.ts';
import { endings } from './endings.ts';
import { credentials } from './credentials.ts';

interface Service {
  close(): Promise<void>;
}

/**
 * Runs the service until SIGTERM or SIGINT, then lets its work end: exit code 0. A second signal, a bug that
 * nobody caught, or the loss of the database to another service end it with 1.
 */
export async function serve(env: NodeJS.ProcessEnv): Promise<number> {
  const config = loadConfig(env, { credentials });
  const log = createLog({ level: config.logLevel });
  const end = endings(log);
  try {
    const service = await start(config, log, end.fatal);
    log.info({ reason: await end.asked }, 'stopping');
    await service.close();
    log.info('stopped');
    return end.failed() ? 1 : 0;
  } finally {
    await flushLog(log);
    end.forget();
    // Work that outlived the grace must not keep the process: what was under way is found in the database.
    setTimeout(() => process.exit(), 1_000).unref();
  }
}

async function start(config: Config, log: Logger, onFatal: (error: Error) => void): Promise<Service> {
  if (!config.demo) return startApp(config, { log, onFatal });
  const demo = await startDemo(config, { log, onFatal });
  process.stdout.write(demo.banner);
  return demo;
}
