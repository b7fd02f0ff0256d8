import { Gauge, type Registry } from 'prom-client';
import type { PoolCounts } from '../db/connect.ts';
import type { Backlog } from '../db/metrics.ts';
import { settledWithin } from '../refunds/background.ts';
import type { Answer } from './answer.ts';
import { createBacklogGauges } from './backlog-gauges.ts';
import { METRIC_PREFIX, type MetricsRegistry } from './metrics-registry.ts';

/** What the database knows is good for so long, in milliseconds, so that nobody can load it through `/metrics`. */
const BACKLOG_FRESH_MS = 5_000;
/** How long a scrape waits for the database, in milliseconds. */
const BACKLOG_WAIT_MS = 2_000;

export interface MetricsSources {
  readonly metrics: MetricsRegistry;
  readonly readBacklog: () => Promise<Backlog>;
  readonly poolCounts: () => PoolCounts;
}

/** All metrics of one process, as values that can be sent to another one. */
export type MetricsSnapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

export interface MetricsPage {
  /** Always 200: without the database, with what this process knows by itself. */
  answer(): Promise<Answer>;
}

/** That of one process. */
export interface ProcessMetrics extends MetricsPage {
  /** The same before it is written down, for whoever puts several processes together. */
  snapshot(): Promise<MetricsSnapshot>;
}

/** `/metrics`, in the text format of Prometheus. Without authentication: it belongs inside. */
export function createMetricsPage({ metrics, readBacklog, poolCounts }: MetricsSources): ProcessMetrics {
  const { registry } = metrics;
  const showBacklog = createBacklogGauges(registry);
  registry.registerMetric(createPoolGauge(poolCounts));
  const recentBacklog = recently(readBacklog);
  let running: Promise<Answer> | undefined;

  async function render(): Promise<Answer> {
    showBacklog(await recentBacklog());
    return { status: 200, headers: { 'content-type': registry.contentType }, body: await registry.metrics() };
  }

  return {
    answer: () =>
      (running ??= render().finally(() => {
        running = undefined;
      })),
    async snapshot() {
      showBacklog(await recentBacklog());
      return registry.getMetricsAsJSON();
    },
  };
}

const createPoolGauge = (poolCounts: () => PoolCounts): Gauge =>
  new Gauge({
    name: `${METRIC_PREFIX}db_pool`,
    help: 'Connections to the database (total, idle) and queries that wait for one (waiting).',
    labelNames: ['state'],
    registers: [],
    collect() {
      for (const [state, count] of Object.entries(poolCounts())) this.set({ state }, count);
    },
  });

/** One question at a time, and none while the last answer is fresh; undefined when there is none in time. */
function recently(read: () => Promise<Backlog>): () => Promise<Backlog | undefined> {
  let last: { readonly at: number; readonly backlog: Backlog | undefined } | undefined;
  let running: Promise<void> | undefined;

  async function ask(): Promise<void> {
    let backlog: Backlog | undefined;
    try {
      backlog = await read();
    } catch {
      // `database_answers` tells; why, the log of whatever else needed the database.
    }
    last = { at: performance.now(), backlog };
    running = undefined;
  }

  return async () => {
    const isFresh = last !== undefined && performance.now() - last.at < BACKLOG_FRESH_MS;
    if (isFresh) return last?.backlog;
    running ??= ask();
    return (await settledWithin(running, BACKLOG_WAIT_MS)) ? last?.backlog : undefined;
  };
}
