import type { Logger } from 'pino';
import { startApp } from '../app.ts';
import { loadConfig, type Config } from '../config.ts';
import { startDemo } from '../demo/start-demo.ts';
import { createLog, flushLog } from '../log.ts';
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

interface Endings {
  /** Resolves with the reason when the service should stop. */
  readonly asked: Promise<string>;
  readonly fatal: (error: Error) => void;
  failed(): boolean;
  forget(): void;
}

/** One wish to stop may arrive twice: from the terminal, and from npm, which passes on what it gets itself. */
const ECHO_MS = 1_000;

function endings(log: Logger): Endings {
  let ask: (reason: string) => void = () => undefined;
  const asked = new Promise<string>((resolve) => {
    ask = resolve;
  });
  let firstSignalAt: number | undefined;
  let failed = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    firstSignalAt ??= performance.now();
    if (performance.now() - firstSignalAt > ECHO_MS) process.exit(1);
    ask(signal);
  };
  // State in memory may be wrong now, so nothing is finished: what was under way is found in the database.
  const onBug = (error: unknown): void => {
    log.fatal({ err: error }, 'a bug that nobody caught');
    void flushLog(log).then(() => process.exit(1));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', onBug);
  process.on('unhandledRejection', onBug);
  return {
    asked,
    fatal: (error) => {
      failed = true;
      log.fatal({ err: error }, 'the database belongs to another service now');
      ask('lost the database');
    },
    failed: () => failed,
    forget: () => {
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onSignal);
      process.off('uncaughtException', onBug);
      process.off('unhandledRejection', onBug);
    },
  };
}
