import { loadConfig } from '../config.ts';
import { createLog, flushLog } from '../log.ts';
import { startWorker } from '../worker.ts';
import { credentials } from './credentials.ts';
import { endings } from './endings.ts';

/**
 * Drives refunds until SIGTERM or SIGINT, without taking requests: what a service does with ENGINE=1, beside it or
 * alone. Ends like the service does.
 */
export async function worker(env: NodeJS.ProcessEnv): Promise<number> {
  const config = loadConfig(env, { credentials });
  const log = createLog({ level: config.logLevel });
  const end = endings(log);
  try {
    const working = await startWorker(config, log);
    log.info({ reason: await end.asked }, 'stopping');
    await working.close();
    log.info('stopped');
    return end.failed() ? 1 : 0;
  } finally {
    await flushLog(log);
    end.forget();
    // Work that outlived the grace must not keep the process: what was under way is found in the database.
    setTimeout(() => process.exit(), 1_000).unref();
  }
}
