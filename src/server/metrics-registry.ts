import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { alertCodes } from '../alerts.ts';
import { callResults, deliveryResults, requestOutcomes, webhookResults, type Metrics } from '../metrics.ts';

/** In front of every name. */
export const METRIC_PREFIX = 'refund_federation_';

/** Buckets in seconds: a provider may take 35 s. */
const CALL_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40];
const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The metrics of one process, as Prometheus reads them. */
export interface MetricsRegistry extends Metrics {
  readonly registry: Registry;
}

/** Counters and histograms of what this process does. Each has a registry of its own, so that two never mix. */
export function createMetricsRegistry(): MetricsRegistry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: METRIC_PREFIX });

  new Gauge({
    name: `${METRIC_PREFIX}processes`,
    help: 'Processes of this service that answered this scrape: WEB_CONCURRENCY of them, when all is well.',
    registers,
  }).set(1);
  const alerts = new Counter({
    name: `${METRIC_PREFIX}alerts_total`,
    help: 'Alerts raised, by code. Each is also a log line at error level.',
    labelNames: ['code'] as const,
    registers,
  });
  // From the first scrape on, so that the first alert is an increase.
  for (const code of Object.keys(alertCodes)) alerts.inc({ code }, 0);
  const sends = new Counter({
    name: `${METRIC_PREFIX}sends_total`,
    help: 'Sends of refunds, by what became of them: accepted, refused, deferred, not-sent, unknown.',
    labelNames: ['account', 'outcome'] as const,
    registers,
  });
  const calls = new Counter({
    name: `${METRIC_PREFIX}provider_calls_total`,
    help: `Calls of providers, by result: ${callResults.join(', ')}.`,
    labelNames: ['account', 'provider', 'kind', 'result'] as const,
    registers,
  });
  const callSeconds = new Histogram({
    name: `${METRIC_PREFIX}provider_call_duration_seconds`,
    help: 'How long calls of providers took that were sent, without the wait for their turn.',
    labelNames: ['account', 'kind', 'result'] as const,
    buckets: CALL_SECONDS,
    registers,
  });
  const circuits = new Gauge({
    name: `${METRIC_PREFIX}circuit_open`,
    help: '1 while calls of the account are given up because its provider does not answer.',
    labelNames: ['account'] as const,
    registers,
    aggregator: 'max',
  });
  const events = new Counter({
    name: `${METRIC_PREFIX}event_attempts_total`,
    help: `Attempts to deliver webhooks, by result: ${deliveryResults.join(', ')}.`,
    labelNames: ['endpoint', 'result'] as const,
    registers,
  });
  const webhooks = new Counter({
    name: `${METRIC_PREFIX}webhooks_total`,
    help: `Requests to webhook URLs, by result: ${webhookResults.join(', ')}; unknown-path, without an account.`,
    labelNames: ['account', 'result'] as const,
    registers,
  });
  const requests = new Counter({
    name: `${METRIC_PREFIX}graphql_requests_total`,
    help: `Requests to /graphql, by outcome: ${requestOutcomes.join(', ')}.`,
    labelNames: ['type', 'outcome'] as const,
    registers,
  });
  const documents = new Counter({
    name: `${METRIC_PREFIX}graphql_documents_total`,
    help: 'Documents that were parsed or validated. Repeated ones are kept: as many as requests means that every one is new.',
    labelNames: ['step'] as const,
    registers,
  });
  const inFlight = new Gauge({
    name: `${METRIC_PREFIX}graphql_requests_in_flight`,
    help: 'Requests to /graphql that were not answered yet.',
    registers,
  });
  const requestSeconds = new Histogram({
    name: `${METRIC_PREFIX}graphql_request_duration_seconds`,
    help: 'How long requests to /graphql took, with the wait that they asked for.',
    labelNames: ['type'] as const,
    buckets: REQUEST_SECONDS,
    registers,
  });

  return {
    registry,
    alertRaised: (code) => alerts.inc({ code }),
    legSent: (account, outcome) => sends.inc({ account, outcome }),
    providerCalled({ account, provider, kind, result, durationMs }) {
      calls.inc({ account, provider, kind, result });
      if (result !== 'not-sent' && result !== 'circuit-open')
        callSeconds.observe({ account, kind, result }, durationMs / 1000);
    },
    circuitChanged: (account, isOpen) => circuits.set({ account }, isOpen ? 1 : 0),
    eventTried: (endpoint, result) => events.inc({ endpoint, result }),
    webhookAnswered: (account, result) => webhooks.inc({ account: account ?? '', result }),
    documentRead: (step) => documents.inc({ step }),
    graphqlStarted: () => inFlight.inc(),
    graphqlAnswered({ type, outcome, durationMs }) {
      inFlight.dec();
      requests.inc({ type, outcome });
      requestSeconds.observe({ type }, durationMs / 1000);
    },
  };
}
