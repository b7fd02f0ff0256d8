import type { Logger } from 'pino';
import { flushLog } from '../log.ts';

/** How a process that runs for long ends. */
export interface Endings {
  /** Resolves with the reason when the service should stop. */
  readonly asked: Promise<string>;
  /** Stops in order, with exit code 1; the reason is for the log. */
  readonly fatal: (error: Error, reason?: string) => void;
  failed(): boolean;
  forget(): void;
}

/** One wish to stop may arrive twice: from the terminal, and from npm, which passes on what it gets itself. */
const ECHO_MS = 1_000;

/**
 * Listens for what ends the process, until `forget`.
 *
 * @param isMember one of several processes of a service, whose parent decides
 */
export function endings(log: Logger, isMember = false): Endings {
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
  // A terminal sends it to all processes at once, and the parent passes it on as SIGTERM when its time has come.
  const onInterrupt = isMember ? () => undefined : onSignal;
  process.on('SIGINT', onInterrupt);
  process.on('uncaughtException', onBug);
  process.on('unhandledRejection', onBug);
  return {
    asked,
    fatal: (error, reason = 'the database belongs to another service now') => {
      failed = true;
      log.fatal({ err: error }, reason);
      ask(reason);
    },
    failed: () => failed,
    forget: () => {
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onInterrupt);
      process.off('uncaughtException', onBug);
      process.off('unhandledRejection', onBug);
    },
  };
}
