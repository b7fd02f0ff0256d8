import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { readClockOffset } from './db/installation.ts';
import { startDeliveries } from './events/start-deliveries.ts';
import { startLagWatch } from './events/watch-lag.ts';
import { settledWithin } from './refunds/background.ts';
import { startEngine } from './refunds/engine/start-engine.ts';
import { listenForMetrics } from './server/metrics-server.ts';
import { openWorld } from './startup/open-world.ts';

/** The engine in a process of its own. */
export interface Worker {
  /** Begins nothing new, lets what runs end within the configured grace, then closes everything. */
  close(): Promise<void>;
}

/**
 * Drives what is due on the database of a configuration, beside any number of services and workers. In the demo its
 * clock follows the offset in the database.
 *
 * @throws ConfigError, EmbeddedPostgresError or WrongInstallationError; whatever was started is stopped again then
 */
export async function startWorker(config: Config, log: Logger): Promise<Worker> {
  await using undo = new AsyncDisposableStack();
  const opened = await openWorld({ config, log, mode: 'attach', isWorker: true, movableClock: config.demo });
  undo.defer(() => opened.close());
  const { world, movableClock, metricsPage, graceLeftMs } = opened;
  const { db, background } = world;

  const followClock = movableClock && (async () => movableClock.setOffsetSeconds(await readClockOffset(db)));
  const engine = startEngine(world, followClock === undefined ? {} : { beforeRound: followClock });
  const deliveries = startDeliveries(opened.delivering);
  const lagWatch = startLagWatch(world);
  undo.defer(async () => {
    const stopped = Promise.all([engine.stop(), deliveries.stop(), lagWatch.stop()]);
    const ended = await settledWithin(stopped, graceLeftMs());
    const finished = await background.drain(graceLeftMs());
    if (!ended || !finished) log.warn({ ended, finished }, 'stopped before everything was done');
  });
  if (config.metricsPort !== undefined) {
    const own = await listenForMetrics(metricsPage, { host: config.host, port: config.metricsPort, log });
    undo.defer(() => own.close());
  }
  log.info('working');

  const started = undo.move();
  let closing: Promise<void> | undefined;
  return { close: () => (closing ??= started.disposeAsync()) };
}
