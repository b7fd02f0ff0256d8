import type { Logger } from 'pino';
import { flushLog } from '../log.ts';

/** How a process that runs for long ends. */
export interface Endings {
  /** Resolves with the reason when the service should stop. */
  readonly asked: Promise<string>;
  readonly fatal: (error: Error) => void;
  failed(): boolean;
  forget(): void;
}

/** One wish to stop may arrive twice: from the terminal, and from npm, which passes on what it gets itself. */
const ECHO_MS = 1_000;

/** Listens for what ends the process, until `forget`. */
export function endings(log: Logger): Endings {
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
