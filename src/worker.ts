import type { Logger } from 'pino';
import { createAlerts } from './alerts.ts';
import { createMovableClock, systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { markInstallation, readClockOffset } from './db/installation.ts';
import { readBacklog } from './db/metrics.ts';
import { syncTenants } from './db/tenants.ts';
import { createBackground, settledWithin } from './refunds/background.ts';
import { startEngine } from './refunds/engine/start-engine.ts';
import { createWorld } from './refunds/world.ts';
import { createMetricsPage } from './server/metrics.ts';
import { listenForMetrics } from './server/metrics-server.ts';
import { createMetricsRegistry } from './server/metrics-registry.ts';
import { connectAccounts } from './startup/connect-accounts.ts';
import { graceFromFirstCall } from './startup/grace.ts';
import { openDatabase } from './startup/open-database.ts';

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
  const movableClock = config.demo ? createMovableClock() : undefined;
  await using undo = new AsyncDisposableStack();
  const database = await openDatabase({
    config,
    log,
    mode: 'attach',
    isWorker: true,
    movableClock: movableClock !== undefined,
  });
  undo.defer(() => database.close());
  const { db } = database;
  await markInstallation(db, config.demo);
  const tenants = await syncTenants(db, config.merchants);

  const clock = movableClock ?? systemClock;
  const metrics = createMetricsRegistry();
  const alerts = createAlerts(log, (code) => metrics.alertRaised(code));
  const accounts = connectAccounts(config.merchants, tenants, { log, clock, alerts, metrics });
  const graceLeftMs = graceFromFirstCall(config.shutdownGraceMs);
  undo.defer(async () => {
    await settledWithin(accounts.close(), graceLeftMs());
  });

  const background = createBackground(log);
  const { connections } = accounts;
  const world = await createWorld({ db, clock, log, alerts, metrics, connections, background });
  const followClock = movableClock && (async () => movableClock.setOffsetSeconds(await readClockOffset(db)));
  const engine = startEngine(world, followClock === undefined ? {} : { beforeRound: followClock });
  undo.defer(async () => {
    const ended = await settledWithin(engine.stop(), graceLeftMs());
    const finished = await background.drain(graceLeftMs());
    if (!ended || !finished) log.warn({ ended, finished }, 'stopped before everything was done');
  });
  if (config.metricsPort !== undefined) {
    const { poolCounts } = database;
    const page = createMetricsPage({ metrics, poolCounts, readBacklog: () => readBacklog(db) });
    const own = await listenForMetrics(page, { host: config.host, port: config.metricsPort, log });
    undo.defer(() => own.close());
  }
  log.info('working');

  const started = undo.move();
  let closing: Promise<void> | undefined;
  return { close: () => (closing ??= started.disposeAsync()) };
}
