import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { setClockOffset } from '../db/installation.ts';
import { listenForMetrics } from '../server/metrics-server.ts';
import type { MetricsSnapshot } from '../server/metrics.ts';
import { standardOutput } from '../standard-output.ts';
import { openDatabase } from '../startup/open-database.ts';
import type { ToldByParent } from '../commands/run-until-asked.ts';
import { gatherMetrics } from './gather-metrics.ts';
import { startGroup, type Group } from './group.ts';
import type { Listening } from './member-process.ts';

/** How long a process may take to tell its metrics, or to take over the clock, in milliseconds. */
const ANSWER_WITHIN_MS = 5_000;

export interface ProcessesOptions {
  readonly log: Logger;
  /** What ACCOUNTS_FILE holds: a process that starts later must not read another one. */
  readonly accountsText: string | undefined;
  readonly movableClock?: boolean;
  /** Called once the database is this service's; no process starts before it has resolved. */
  readonly beforeListening?: () => Promise<unknown>;
  /** The service must end: it has lost its database, or cannot keep its processes alive. */
  readonly onFatal: (error: Error, reason?: string) => void;
}

/** A service of several processes. */
export interface Processes extends Listening {
  /** Sets the distance to real time, in seconds; resolves when all processes have it. */
  moveClock(offsetSeconds: number): Promise<void>;
  /** Lets all processes end within the configured grace, then stops the embedded server. */
  close(): Promise<void>;
}

/**
 * Starts as many processes as the configuration says, which take requests at one port and share the database and nothing
 * else. This process owns the embedded server, migrates, hands out connections, and takes no request itself.
 *
 * @throws EmbeddedPostgresError, WrongInstallationError, ProcessError; whatever was started is stopped again then
 */
export async function startProcesses(config: Config, options: ProcessesOptions): Promise<Processes> {
  const { log, accountsText, onFatal } = options;
  const size = config.webConcurrency ?? 1;
  await using undo = new AsyncDisposableStack();
  let ready: Promise<unknown> | undefined;
  const { db, ...database } = await openDatabase({
    config,
    log,
    mode: 'own',
    movableClock: options.movableClock === true,
    onOurs: () => {
      ready = options.beforeListening?.();
      // It may reject long before it is waited for.
      ready?.catch(() => undefined);
    },
    onLost: onFatal,
  });
  undo.defer(() => database.close());
  await ready;

  let group: Group | undefined;
  const ask = async (what: string): Promise<Map<number, unknown>> =>
    (await group?.ask(what, ANSWER_WITHIN_MS)) ?? new Map<number, unknown>();
  const metrics = gatherMetrics(async () => (await ask('metrics')) as Map<number, MetricsSnapshot>);
  group = await startGroup({
    size,
    log,
    output: standardOutput(),
    answersFor: (number) => ({
      join: (): ToldByParent => ({ number, accountsText }),
      metrics: () => metrics.answer(),
      'clock-moved': async () => void (await ask('clock-moved')),
    }),
    onEnded: (id) => metrics.ended(id),
    onGivenUp: (error) => onFatal(error, 'a process of the service cannot be kept alive'),
  });
  const running = group;
  undo.defer(() => running.stop(config.shutdownGraceMs));
  if (config.metricsPort !== undefined) {
    const own = await listenForMetrics(metrics, { host: config.host, port: config.metricsPort, log });
    undo.defer(() => own.close());
  }
  const { url, port } = running.listening;
  log.info({ url, processes: size }, 'all processes are listening');

  const started = undo.move();
  let closing: Promise<void> | undefined;
  return {
    url,
    port,
    async moveClock(offsetSeconds) {
      await setClockOffset(db, offsetSeconds);
      await ask('clock-moved');
    },
    close: () => (closing ??= started.disposeAsync()),
  };
}
