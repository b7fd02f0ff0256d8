import { sql } from 'kysely';
import type { Logger } from 'pino';
import { authenticateViewers } from './startup/authenticate-viewers.ts';
import { checkOperations } from './startup/check-operations.ts';
import { readVersion } from './startup/read-version.ts';
import type { MovableClock } from './clock.ts';
import type { Config } from './config.ts';
import { setClockOffset } from './db/installation.ts';
import { startDeliveries, type Deliveries } from './events/start-deliveries.ts';
import { startLagWatch } from './events/watch-lag.ts';
import type { Providers } from './providers/registry.ts';
import { openWorld } from './startup/open-world.ts';
import { settledWithin } from './refunds/background.ts';
import { startEngine, type Engine } from './refunds/engine/start-engine.ts';
import { createDeliveryStore } from './refunds/webhooks/delivery-store.ts';
import { createRefusalWatch } from './refunds/webhooks/refusal-watch.ts';
import type { World } from './refunds/world.ts';
import { createContext } from './resolvers/context.ts';
import { createValidators } from './resolvers/validators.ts';
import { buildSchema } from './schema/index.ts';
import { isMoneyMoving } from './schema/money-moving.ts';
import { createServer } from './server/create-server.ts';
import { listenForMetrics } from './server/metrics-server.ts';
import { createWebhookEndpoint } from './server/webhooks.ts';
import type { GraphiqlSetup } from './server/graphiql.ts';

export interface AppOptions {
  readonly log: Logger;
  /** Absent: those of the registry. */
  readonly providers?: Providers;
  /** Time that `App.moveClock` and `POST /demo/clock` can move: demo and test mode only. */
  readonly movableClock?: boolean;
  /** Present in demo mode only. */
  readonly graphiql?: GraphiqlSetup;
  /**
   * Called once the database is this service's and nobody else's; goes on beside the rest of the start.
   * Requests are taken when it has resolved; its rejection is the start's.
   */
  readonly beforeListening?: () => Promise<unknown>;
  /** The app has lost its database for good and must end. */
  readonly onFatal?: (error: Error) => void;
}

/** A running service. */
export interface App {
  /** `http://127.0.0.1:4000` */
  readonly url: string;
  readonly port: number;
  readonly world: World;
  /** Sets the distance to real time, in seconds; without `movableClock` it throws. */
  moveClock(offsetSeconds: number): Promise<void>;
  /**
   * Takes no new requests, lets requests and background work end within the configured grace, then closes
   * provider connections, the pool, and last the embedded server. Repeated calls share one close.
   */
  close(): Promise<void>;
}

/**
 * Builds the service from its configuration and starts it.
 *
 * @throws ConfigError, EmbeddedPostgresError, WrongInstallationError, or the system's reason why the address
 *   cannot be listened on; whatever was started is stopped again then
 */
export async function startApp(config: Config, options: AppOptions): Promise<App> {
  const { log } = options;
  const schema = buildSchema();
  checkOperations(schema, config.persistedOperations);
  await using undo = new AsyncDisposableStack();

  let ready: Promise<unknown> | undefined;
  const opened = await openWorld({
    config,
    log,
    mode: 'own',
    movableClock: options.movableClock === true,
    ...(options.providers && { providers: options.providers }),
    onOurs: () => {
      ready = options.beforeListening?.();
      // It may reject long before it is waited for.
      ready?.catch(() => undefined);
    },
    ...(options.onFatal && { onLost: options.onFatal }),
  });
  undo.defer(() => opened.close());
  const { world, tenants, movableClock, metrics, metricsPage, graceLeftMs } = opened;
  const { db, background } = world;
  const moveClock = clockMover(world, movableClock);
  let engine: Engine | undefined;
  const server = createServer({
    schema,
    log,
    authenticate: authenticateViewers(config.merchants, tenants),
    contextFor: (caller, shown) => createContext(world, caller, shown),
    conditional: { validators: createValidators(world), version: readVersion() },
    isMoneyMoving,
    metrics,
    metricsPage: config.metricsPort === undefined ? metricsPage : undefined,
    askDatabase: () => sql`SELECT 1`.execute(db),
    maxInflightRequests: config.maxInflightRequests,
    persisted: config.persistedOperations,
    graphiql: options.graphiql,
    setClockOffset: movableClock && moveClock,
    webhooks: createWebhookEndpoint({
      taking: { world, store: createDeliveryStore({ db }), watch: createRefusalWatch(world) },
      connections: world.connections,
      metrics,
      onStored: () => engine?.wake(),
    }),
  });
  const lagWatch = startLagWatch(world);
  undo.defer(() => lagWatch.stop());
  let deliveries: Deliveries | undefined;
  undo.defer(async () => {
    const engineEnds = Promise.all([engine?.stop(), deliveries?.stop()]);
    const answered = await server.close(graceLeftMs());
    const finished = await background.drain(graceLeftMs());
    await settledWithin(engineEnds, graceLeftMs());
    if (!answered || !finished) log.warn({ answered, finished }, 'stopped before everything was done');
  });
  await ready;
  if (config.metricsPort !== undefined) {
    const own = await listenForMetrics(metricsPage, { host: config.host, port: config.metricsPort, log });
    undo.defer(() => own.close());
  }
  const { port } = await server.listen(config.host, config.port);
  if (config.engine) {
    engine = startEngine(world);
    deliveries = startDeliveries(opened.delivering);
  }
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
  log.info({ url }, 'listening');

  const started = undo.move();
  let closing: Promise<void> | undefined;
  return { url, port, world, moveClock, close: () => (closing ??= started.disposeAsync()) };
}

function clockMover(
  { db }: World,
  clock: MovableClock | undefined,
): (offsetSeconds: number) => Promise<void> {
  return async (offsetSeconds) => {
    if (clock === undefined) throw new TypeError('The clock of this app does not move.');
    await setClockOffset(db, offsetSeconds);
    clock.setOffsetSeconds(offsetSeconds);
  };
}
