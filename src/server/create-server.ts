import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { PersistedOperationsConfig } from '../config.ts';
import type { Metrics } from '../metrics.ts';
import type { Caller } from '../refunds/world.ts';
import type { Shown } from '../resolvers/shown-freshness.ts';
import type { Validators } from '../resolvers/validators.ts';
import type { Authenticate } from './authenticate.ts';
import type { SetClockOffset } from './demo-clock.ts';
import type { GraphiqlSetup } from './graphiql.ts';
import { withConditionalRequests } from './etag/conditional-requests.ts';
import { createGraphqlHandler } from './graphql.ts';
import { createReadiness } from './health.ts';
import { createInFlight } from './in-flight.ts';
import { createLearnedDocuments } from './learned-documents.ts';
import type { MetricsPage } from './metrics.ts';
import type { IsMoneyMoving } from './money-mutations.ts';
import { createRequestHandler } from './request-handler.ts';
import type { WebhookEndpoint } from './webhooks.ts';

/** A caller who sends slowly is cut off: so long for the headers, so long for the whole request, in milliseconds. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 20_000;
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
/** How often those two are looked at. */
const CHECK_TIMEOUTS_MS = 2_000;
/** Sockets at once; more are closed as they come. */
const MAX_CONNECTIONS = 4_096;

export interface ServerDeps {
  readonly schema: GraphQLSchema;
  readonly log: Logger;
  readonly authenticate: Authenticate;
  readonly contextFor: (caller: Caller, shown: Shown) => object;
  readonly isMoneyMoving: IsMoneyMoving;
  /** One cheap question to the database, for `/ready`. */
  readonly askDatabase: () => Promise<unknown>;
  readonly maxInflightRequests: number;
  readonly metrics: Metrics;
  /** Absent: `/metrics` is not served here. */
  readonly metricsPage?: MetricsPage | undefined;
  /** Operations that were registered at start; absent: none, and any other is executed. */
  readonly persisted?: PersistedOperationsConfig | undefined;
  /** Absent: no answer has a tag. */
  readonly conditional?: { readonly validators: Validators; readonly version: string } | undefined;
  /** Present in demo mode only. */
  readonly graphiql?: GraphiqlSetup | undefined;
  /** Present in demo and test mode only. */
  readonly setClockOffset?: SetClockOffset | undefined;
  /** Absent: there are no webhook URLs. */
  readonly webhooks?: WebhookEndpoint | undefined;
  readonly timeouts?: { readonly headersMs: number; readonly requestMs: number; readonly checkMs: number };
}

export interface Server {
  /** Port 0 takes a free one. Throws when the address cannot be listened on. */
  listen(host: string, port: number): Promise<{ readonly port: number }>;
  /**
   * Takes no new connections, lets the requests in flight end, then closes every connection. False when
   * some were cut off after `graceMs`.
   */
  close(graceMs: number): Promise<boolean>;
}

/** The HTTP server of the service; each behaviour is a file beside this one. */
export function createServer(deps: ServerDeps): Server {
  const readiness = createReadiness(deps.askDatabase);
  const inFlight = createInFlight(deps.maxInflightRequests);
  const persisted = {
    registered: deps.persisted?.documents ?? new Map<string, string>(),
    only: deps.persisted?.only ?? false,
    learned: createLearnedDocuments(),
  };
  const graphql = createGraphqlHandler({ ...deps, graphiql: deps.graphiql, persisted });
  const handle = createRequestHandler({
    log: deps.log,
    graphql:
      deps.conditional === undefined
        ? graphql
        : withConditionalRequests(graphql, { ...deps.conditional, schema: deps.schema, persisted }),
    authenticate: deps.authenticate,
    readiness,
    inFlight,
    metrics: deps.metrics,
    metricsPage: deps.metricsPage,
    hasGraphiql: deps.graphiql !== undefined,
    setClockOffset: deps.setClockOffset,
    webhooks: deps.webhooks,
  });
  const http = createHttpServer({
    headersTimeout: deps.timeouts?.headersMs ?? HEADERS_TIMEOUT_MS,
    requestTimeout: deps.timeouts?.requestMs ?? REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: deps.timeouts?.checkMs ?? CHECK_TIMEOUTS_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
  });
  http.maxConnections = MAX_CONNECTIONS;
  let closing = false;
  http.on('request', (request, response) => {
    // Node keeps a connection that was busy when the server closed; its next request would never be taken.
    if (closing) response.setHeader('connection', 'close');
    response.once('finish', () => {
      if (closing) setImmediate(() => http.closeIdleConnections());
    });
    handle(request, response);
  });

  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        http.once('error', reject);
        http.listen(port, host, () => {
          http.off('error', reject);
          http.on('error', (error) => deps.log.error({ err: error }, 'the HTTP server failed'));
          resolve({ port: portOf(http.address()) });
        });
      }),
    async close(graceMs) {
      closing = true;
      readiness.stop();
      const closed = new Promise<void>((resolve) => {
        http.close(() => resolve());
      });
      const emptied = await Promise.all([
        inFlight.whenEmpty(graceMs),
        deps.webhooks?.inFlight.whenEmpty(graceMs) ?? Promise.resolve(true),
      ]);
      const drained = emptied.every(Boolean);
      const timer = setTimeout(() => http.closeAllConnections(), drained ? FLUSH_MS : 0);
      await closed.finally(() => clearTimeout(timer));
      return drained;
    },
  };
}

/** How long the last answers may take to leave, in milliseconds, after the last request is done. */
const FLUSH_MS = 1_000;

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('Not listening on a port.');
  return address.port;
}
