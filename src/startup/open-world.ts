import { createAlerts } from '../alerts.ts';
import { createMovableClock, systemClock, type MovableClock } from '../clock.ts';
import type { Config } from '../config.ts';
import { readBacklog } from '../db/metrics.ts';
import { syncEndpoints } from '../db/event-endpoints.ts';
import { syncTenants, type Tenants } from '../db/tenants.ts';
import { createAlertMessages } from '../events/alert-messages.ts';
import type { DeliveriesOptions } from '../events/start-deliveries.ts';
import { createBackground, settledWithin } from '../refunds/background.ts';
import { createWorld, type World } from '../refunds/world.ts';
import { createMetricsRegistry, type MetricsRegistry } from '../server/metrics-registry.ts';
import { createMetricsPage, type ProcessMetrics } from '../server/metrics.ts';
import { loadProviders, type Providers } from '../providers/registry.ts';
import { reportAvailability } from './availability.ts';
import { connectAccounts } from './connect-accounts.ts';
import { graceFromFirstCall } from './grace.ts';
import { openDatabase, type OpenOptions } from './open-database.ts';

/** How long a stop waits for a database that does not take alerts, in milliseconds; the log has them. */
const ALERTS_WRITTEN_WITHIN_MS = 5_000;

export interface OpenWorldOptions extends Omit<OpenOptions, 'config' | 'movableClock'> {
  readonly config: Config;
  /** Whether time can be moved: demo and test mode only. */
  readonly movableClock: boolean;
  /** Absent: those of the registry. */
  readonly providers?: Providers;
}

/** What the rules need, open and connected; a service and a worker differ in what they do with it. */
export interface OpenWorld {
  readonly world: World;
  readonly tenants: Tenants;
  /** What delivering webhooks needs. */
  readonly delivering: DeliveriesOptions;
  /** Absent where time cannot be moved. */
  readonly movableClock: MovableClock | undefined;
  readonly metrics: MetricsRegistry;
  readonly metricsPage: ProcessMetrics;
  /** What is left of the configured grace, which begins when it is first asked for, in milliseconds. */
  readonly graceLeftMs: () => number;
  /** Lets running provider calls end within the grace, then closes the pool, and last the embedded server. */
  close(): Promise<void>;
}

/**
 * Opens the database and connects every account of a configuration.
 *
 * @throws EmbeddedPostgresError, WrongInstallationError, or what the server said; nothing is left open then
 */
export async function openWorld(options: OpenWorldOptions): Promise<OpenWorld> {
  const { config, log } = options;
  await using undo = new AsyncDisposableStack();
  const database = await openDatabase(options);
  undo.defer(() => database.close());
  const { db, poolCounts } = database;
  const tenants = await syncTenants(db, config.merchants);
  const { ids, dropped } = await syncEndpoints(db, config, tenants.merchants);
  for (const each of dropped)
    log.warn(each, 'this configuration has the endpoint no more: no process sends anything to it');

  const movableClock = options.movableClock ? createMovableClock() : undefined;
  const clock = movableClock ?? systemClock;
  const metrics = createMetricsRegistry();
  const graceLeftMs = graceFromFirstCall(config.shutdownGraceMs);
  const alertMessages = createAlertMessages({
    db,
    log,
    clock,
    operatorEndpoints: new Set(config.operatorEndpoints?.map(({ code }) => code)),
  });
  undo.defer(() => alertMessages.close(Math.min(graceLeftMs(), ALERTS_WRITTEN_WITHIN_MS)));
  const alerts = createAlerts(
    log,
    (code) => metrics.alertRaised(code),
    (alert) => alertMessages.tell(alert),
  );
  const providers = await loadProviders(
    config.merchants.flatMap(({ accounts: own }) => own.map(({ provider }) => provider)),
    options.providers,
  );
  const accounts = connectAccounts(
    config.merchants,
    tenants,
    { log, clock, alerts, metrics, membership: options.membership },
    providers,
  );
  reportAvailability(log, accounts.connections);
  undo.defer(async () => {
    await settledWithin(accounts.close(), graceLeftMs());
  });
  const background = createBackground(log);
  const { connections } = accounts;
  const world = await createWorld({ db, clock, log, alerts, metrics, connections, background });
  const endpoints = [
    ...config.merchants.flatMap(({ eventEndpoints = [] }) => eventEndpoints),
    ...(config.operatorEndpoints ?? []),
  ];
  const metricsPage = createMetricsPage({ metrics, poolCounts, readBacklog: () => readBacklog(db) });

  const opened = undo.move();
  return {
    world,
    tenants,
    delivering: { db, log, alerts, metrics, endpoints, ids },
    movableClock,
    metrics,
    metricsPage,
    graceLeftMs,
    close: () => opened.disposeAsync(),
  };
}
