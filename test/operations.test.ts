import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { alertCodes } from '../src/alerts.ts';
import { createMetricsPage } from '../src/server/metrics.ts';
import { createMetricsRegistry, METRIC_PREFIX } from '../src/server/metrics-registry.ts';

const file = '../docs/operations.md';
const page = readFileSync(new URL(file, import.meta.url), 'utf8');

type Row = readonly string[];

const table = (head: Row, rows: readonly Row[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');

const alertTable = (): string =>
  table(
    ['code', 'what it means, and what to do'],
    Object.entries(alertCodes).map(([code, meaning]) => [`\`${code}\``, meaning]),
  );

/** Those of this service; what Node tells of itself is described where it comes from. */
const ownMetrics = () => {
  const metrics = createMetricsRegistry();
  createMetricsPage({
    metrics,
    readBacklog: () =>
      Promise.resolve({ accounts: [], openLegs: [], attention: [], endpoints: [], horizonAgeSeconds: 0 }),
    poolCounts: () => ({ total: 0, idle: 0, waiting: 0 }),
  });
  return metrics.registry
    .getMetricsAsArray()
    .filter(({ name }) => !new RegExp(`^${METRIC_PREFIX}(process|nodejs)_`).test(name))
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
};

const metricTable = (): string =>
  table(
    ['metric', 'type', 'labels', 'what it tells'],
    ownMetrics().map((metric) => [
      `\`${metric.name}\``,
      metric.type.toString(),
      labelsOf(metric).join(', ') || '–',
      metric.help,
    ]),
  );

const labelsOf = (metric: object): readonly string[] =>
  'labelNames' in metric && Array.isArray(metric.labelNames) ? metric.labelNames.map(String) : [];

const between = (text: string, name: string, content: string): string =>
  text.replace(
    new RegExp(`(<!-- ${name}: begin -->\n).*(<!-- ${name}: end -->)`, 's'),
    (_all, begin: string, end: string) => begin + content + end,
  );

test('docs/operations.md has every alert and every metric (renew it with --update)', async () => {
  const renewed = between(between(page, 'alerts', alertTable()), 'metrics', metricTable());
  expect(renewed).toContain('| `ACCOUNT_UNREACHABLE` |');
  expect(renewed).toMatch(/\| `refund_federation_sends_total` \| counter \| account, outcome \|/);
  await expect(renewed).toMatchFileSnapshot(file);
});

test('every metric that is named there exists', () => {
  const suffixes = ['', '_count', '_sum', '_bucket'];
  const known = new Set(
    createMetricsRegistry()
      .registry.getMetricsAsArray()
      .concat(ownMetrics())
      .flatMap(({ name }) => suffixes.map((suffix) => name + suffix)),
  );
  const named = [...page.matchAll(/refund_federation_\w+/g)].map(([name]) => name);
  expect(named.length).toBeGreaterThan(10);
  const unknown = named.filter(
    (name) => !known.has(name) && !name.endsWith('_process_') && !name.endsWith('_nodejs_'),
  );
  expect(unknown).toEqual([]);
});
