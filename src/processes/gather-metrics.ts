import { AggregatorRegistry, Registry } from 'prom-client';
import type { Answer } from '../server/answer.ts';
import type { MetricsPage, MetricsSnapshot } from '../server/metrics.ts';

/** What is asked for the metrics of every process that runs, by an id that no later process has. */
export type AskAll = () => Promise<ReadonlyMap<number, MetricsSnapshot>>;

/** `/metrics` of all processes of a service. */
export interface GatheredMetrics extends MetricsPage {
  /** A process has ended: what it counted, as far as it was ever asked, stays in the sums. */
  ended(id: number): void;
}

/**
 * One page for several processes: counts, histograms and memory are sums, what each reads of the database is shown
 * once, and a gauge for which neither makes sense says so by its `aggregator`. Counters never go back: Prometheus would take
 * that for a restart, and count everything again.
 */
export function gatherMetrics(askAll: AskAll): GatheredMetrics {
  const last = new Map<number, MetricsSnapshot>();
  const gone = new Set<number>();
  let ofEnded: MetricsSnapshot = [];
  let running: Promise<Answer> | undefined;

  async function render(): Promise<Answer> {
    gone.clear();
    const answers = await askAll();
    // Who has ended since it answered counts among the ended already.
    const fresh = new Map([...answers].filter(([id]) => !gone.has(id)));
    for (const [id, snapshot] of fresh) last.set(id, snapshot);
    const late = [...last].flatMap(([id, snapshot]) => (fresh.has(id) ? [] : [countsOf(snapshot)]));
    const sums = AggregatorRegistry.aggregate([...fresh.values(), ...late, ofEnded]);
    return {
      status: 200,
      headers: { 'content-type': Registry.PROMETHEUS_CONTENT_TYPE },
      body: await sums.metrics(),
    };
  }

  return {
    answer: () =>
      (running ??= render().finally(() => {
        running = undefined;
      })),
    ended(id) {
      const snapshot = last.get(id);
      last.delete(id);
      gone.add(id);
      if (snapshot === undefined) return;
      ofEnded = sumOf([ofEnded, countsOf(snapshot)]);
    },
  };
}

/** What `aggregate` registers are the sums themselves, and a method to get them. */
const sumOf = (snapshots: MetricsSnapshot[]): MetricsSnapshot =>
  AggregatorRegistry.aggregate(snapshots).getMetricsAsArray() as unknown as MetricsSnapshot;

/** What only grows. */
const countsOf = (snapshot: MetricsSnapshot): MetricsSnapshot =>
  snapshot.filter(({ type }) => type.toString() === 'counter' || type.toString() === 'histogram');
