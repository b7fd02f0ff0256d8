import { expect, test } from 'vitest';
import type { Backlog } from '../../src/db/metrics.ts';
import { gatherMetrics } from '../../src/processes/gather-metrics.ts';
import { createMetricsPage, type MetricsPage } from '../../src/server/metrics.ts';
import { createMetricsRegistry } from '../../src/server/metrics-registry.ts';

const backlog: Backlog = {
  accounts: [{ code: 'shop', health: 'RESTORING', oldestDueSeconds: 12.5, sweptBehindSeconds: 600 }],
  openLegs: [{ account: 'shop', status: 'QUEUED', count: 7 }],
  attention: [{ reason: 'MANUAL_REVIEW', count: 2 }],
  endpoints: [{ code: 'books', pending: 3, oldestPendingSeconds: 61.5, isDisabled: true }],
  horizonAgeSeconds: 4.5,
};

/** What a process has of its own. */
function processOf(readBacklog: () => Promise<Backlog> = () => Promise.resolve(backlog)) {
  const metrics = createMetricsRegistry();
  const page = createMetricsPage({
    metrics,
    readBacklog,
    poolCounts: () => ({ total: 3, idle: 2, waiting: 1 }),
  });
  return { metrics, page };
}

/** The lines of what this service knows, without what Node tells of itself. */
const own = (page: string): string[] =>
  page
    .split('\n')
    .filter((line) => line.startsWith('refund_federation_') && !/_(process_|nodejs_)/.test(line));

const valueOf = (page: string, name: string): number =>
  Number(
    own(page)
      .find((line) => line.startsWith(`refund_federation_${name} `))
      ?.split(' ')[1],
  );

type Running = Map<number, ReturnType<typeof processOf>>;

const gathered = (running: Running) =>
  gatherMetrics(async () => {
    const entries = [...running].map(async ([id, { page }]) => [id, await page.snapshot()] as const);
    return new Map(await Promise.all(entries));
  });

const bodyOf = async (page: MetricsPage): Promise<string> => String((await page.answer()).body);

test('of one process they are its own, line by line', async () => {
  const alone = processOf();
  alone.metrics.legSent('shop', 'accepted');
  alone.metrics.circuitChanged('shop', true);
  const one = await bodyOf(alone.page);
  expect(own(await bodyOf(gathered(new Map([[1, alone]])))).toSorted()).toEqual(own(one).toSorted());
});

test('of several, what they count is added, and what the database knows is shown once', async () => {
  const [left, right] = [processOf(), processOf()];
  left.metrics.legSent('shop', 'accepted');
  right.metrics.legSent('shop', 'accepted');
  left.metrics.circuitChanged('shop', true);
  right.metrics.circuitChanged('shop', false);
  right.metrics.graphqlStarted();
  right.metrics.graphqlAnswered({ type: 'query', outcome: 'ok', durationMs: 20 });
  const page = await bodyOf(
    gathered(
      new Map([
        [1, left],
        [2, right],
      ]),
    ),
  );
  expect({
    sends: valueOf(page, 'sends_total{account="shop",outcome="accepted"}'),
    circuit: valueOf(page, 'circuit_open{account="shop"}'),
    seconds: valueOf(page, 'graphql_request_duration_seconds_count{type="query"}'),
    processes: valueOf(page, 'processes'),
    pool: valueOf(page, 'db_pool{state="total"}'),
  }).toEqual({ sends: 2, circuit: 1, seconds: 1, processes: 2, pool: 6 });
  expect({
    answers: valueOf(page, 'database_answers'),
    paused: valueOf(page, 'account_paused{account="shop"}'),
    legs: valueOf(page, 'open_legs{account="shop",status="QUEUED"}'),
    due: valueOf(page, 'oldest_due_look_seconds{account="shop"}'),
    swept: valueOf(page, 'sweep_behind_seconds{account="shop"}'),
    attention: valueOf(page, 'refunds_needing_attention{reason="MANUAL_REVIEW"}'),
    pending: valueOf(page, 'events_pending{endpoint="books"}'),
    oldest: valueOf(page, 'events_oldest_pending_seconds{endpoint="books"}'),
    disabled: valueOf(page, 'event_endpoint_disabled{endpoint="books"}'),
    horizon: valueOf(page, 'feed_horizon_age_seconds'),
  }).toEqual({
    answers: 1,
    paused: 1,
    legs: 7,
    due: 12.5,
    swept: 600,
    attention: 2,
    pending: 3,
    oldest: 61.5,
    disabled: 1,
    horizon: 4.5,
  });
});

test('one that the database does not answer is told, and the others still show what they read', async () => {
  const running: Running = new Map([
    [1, processOf(() => Promise.reject(new Error('away')))],
    [2, processOf()],
  ]);
  const page = await bodyOf(gathered(running));
  expect(valueOf(page, 'database_answers')).toBe(0);
  expect(valueOf(page, 'open_legs{account="shop",status="QUEUED"}')).toBe(7);
});

test('counters never go back: neither when a process ends, nor when it does not answer in time', async () => {
  const running: Running = new Map([
    [1, processOf()],
    [2, processOf()],
  ]);
  const sends = 'sends_total{account="shop",outcome="accepted"}';
  for (const { metrics } of running.values()) metrics.legSent('shop', 'accepted');
  const page = gathered(running);
  expect(valueOf(await bodyOf(page), sends)).toBe(2);

  const silent = running.get(1)!;
  running.delete(1);
  const without = await bodyOf(page);
  expect([valueOf(without, sends), valueOf(without, 'processes')]).toEqual([2, 1]);
  running.set(1, silent);
  expect(valueOf(await bodyOf(page), sends)).toBe(2);

  running.delete(1);
  page.ended(1);
  running.set(3, processOf());
  running.get(3)!.metrics.legSent('shop', 'accepted');
  const after = await bodyOf(page);
  expect([valueOf(after, sends), valueOf(after, 'processes')]).toEqual([3, 2]);
  running.delete(3);
  page.ended(3);
  expect(valueOf(await bodyOf(page), sends)).toBe(3);
  // Of one that was never asked there is nothing to keep.
  page.ended(99);
  expect(valueOf(await bodyOf(page), sends)).toBe(3);
});

test('one that ends while the others are still asked counts once', async () => {
  const running: Running = new Map([
    [1, processOf()],
    [2, processOf()],
  ]);
  const sends = 'sends_total{account="shop",outcome="accepted"}';
  running.get(1)!.metrics.legSent('shop', 'accepted');
  let meanwhile: (() => void) | undefined;
  const page = gatherMetrics(async () => {
    const answers = new Map(
      await Promise.all([...running].map(async ([id, one]) => [id, await one.page.snapshot()] as const)),
    );
    meanwhile?.();
    return answers;
  });
  expect(valueOf(await bodyOf(page), sends)).toBe(1);
  meanwhile = () => page.ended(1);
  expect(valueOf(await bodyOf(page), sends)).toBe(1);
});
