import pino from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { alertCodes, createAlerts } from '../../src/alerts.ts';
import type { Backlog } from '../../src/db/metrics.ts';
import { createMetricsPage, type MetricsSources } from '../../src/server/metrics.ts';
import { createMetricsRegistry } from '../../src/server/metrics-registry.ts';
import { KEY, startServer, type TestServer } from './test-server.ts';

const open: TestServer[] = [];
async function started(sources: Partial<MetricsSources> = {}) {
  const metrics = createMetricsRegistry();
  const metricsPage = createMetricsPage({
    metrics,
    readBacklog: () =>
      Promise.resolve({ accounts: [], openLegs: [], attention: [], endpoints: [], horizonAgeSeconds: 0 }),
    poolCounts: () => ({ total: 3, idle: 2, waiting: 1 }),
    ...sources,
  });
  const server = await startServer({ metrics, metricsPage, maxInflightRequests: 1 });
  open.push(server);
  return { server, metrics, scrape: () => scrape(server) };
}
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.release();
    await server.server.close(0);
  }
});

const scrape = async ({ url }: TestServer): Promise<string> => (await fetch(`${url}/metrics`)).text();

/** The lines of one metric without its prefix, help and type. */
const linesOf = (page: string, name: string): string[] =>
  page
    .split('\n')
    .filter(
      (line) =>
        line.startsWith(`refund_federation_${name}{`) || line.startsWith(`refund_federation_${name} `),
    )
    .map((line) => line.replace('refund_federation_', ''));

const backlog: Backlog = {
  accounts: [
    { code: 'shop-a', health: 'OK', oldestDueSeconds: 0, sweptBehindSeconds: null },
    { code: 'shop-b', health: 'RESTORING', oldestDueSeconds: 12.5, sweptBehindSeconds: 600 },
  ],
  openLegs: [{ account: 'shop-b', status: 'QUEUED', count: 7 }],
  attention: [{ reason: 'MANUAL_REVIEW', count: 2 }],
  endpoints: [{ code: 'books', pending: 3, oldestPendingSeconds: 61.5, isDisabled: true }],
  horizonAgeSeconds: 12.5,
};

describe('/metrics', () => {
  it('is text that Prometheus reads, without a key, and refuses other methods', async () => {
    const { server } = await started();
    const answer = await fetch(`${server.url}/metrics`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    for (const line of (await answer.text()).split('\n').filter((each) => each !== ''))
      expect(line).toMatch(
        /^# (HELP|TYPE) refund_federation_|^refund_federation_\w+(\{[^{}]*\})? [-+\d.einfNa]+$/,
      );
    const head = await fetch(`${server.url}/metrics`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const post = await fetch(`${server.url}/metrics`, { method: 'POST' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('has the figures of the process and of its pool', async () => {
    const { scrape: page } = await started();
    const text = await page();
    expect(linesOf(text, 'process_resident_memory_bytes')).toHaveLength(1);
    expect(linesOf(text, 'nodejs_eventloop_lag_p99_seconds')).toHaveLength(1);
    expect(linesOf(text, 'db_pool')).toEqual([
      'db_pool{state="total"} 3',
      'db_pool{state="idle"} 2',
      'db_pool{state="waiting"} 1',
    ]);
  });

  it('counts alerts, every code from zero on', async () => {
    const { metrics, scrape: page } = await started();
    expect(linesOf(await page(), 'alerts_total')).toEqual(
      Object.keys(alertCodes).map((code) => `alerts_total{code="${code}"} 0`),
    );
    createAlerts(pino({ level: 'silent' }), (code) => metrics.alertRaised(code)).raise('EPOCH_OPENED', {});
    expect(linesOf(await page(), 'alerts_total')).toContain('alerts_total{code="EPOCH_OPENED"} 1');
  });

  it('counts sends and calls, and times those calls that were made', async () => {
    const { metrics, scrape: page } = await started();
    metrics.legSent('shop', 'accepted');
    const call = { account: 'shop', provider: 'yookassa', kind: 'read', durationMs: 300 } as const;
    metrics.providerCalled({ ...call, result: 'ok' });
    metrics.providerCalled({ ...call, result: 'circuit-open' });
    metrics.circuitChanged('shop', true);
    const text = await page();
    expect(linesOf(text, 'sends_total')).toEqual(['sends_total{account="shop",outcome="accepted"} 1']);
    expect(linesOf(text, 'provider_calls_total').toSorted()).toEqual([
      'provider_calls_total{account="shop",provider="yookassa",kind="read",result="circuit-open"} 1',
      'provider_calls_total{account="shop",provider="yookassa",kind="read",result="ok"} 1',
    ]);
    expect(linesOf(text, 'provider_call_duration_seconds_sum')).toEqual([
      'provider_call_duration_seconds_sum{account="shop",kind="read",result="ok"} 0.3',
    ]);
    expect(linesOf(text, 'circuit_open')).toEqual(['circuit_open{account="shop"} 1']);
  });

  it('shows what waits in the database, with zeros for what does not', async () => {
    const { scrape: page } = await started({ readBacklog: () => Promise.resolve(backlog) });
    const text = await page();
    expect(linesOf(text, 'account_paused')).toEqual([
      'account_paused{account="shop-a"} 0',
      'account_paused{account="shop-b"} 1',
    ]);
    expect(linesOf(text, 'oldest_due_look_seconds')).toContain(
      'oldest_due_look_seconds{account="shop-b"} 12.5',
    );
    expect(linesOf(text, 'open_legs')).toHaveLength(10);
    expect(linesOf(text, 'open_legs')).toContain('open_legs{account="shop-b",status="QUEUED"} 7');
    expect(linesOf(text, 'refunds_needing_attention')).toContain(
      'refunds_needing_attention{reason="MANUAL_REVIEW"} 2',
    );
    expect(linesOf(text, 'events_pending')).toEqual(['events_pending{endpoint="books"} 3']);
    expect(linesOf(text, 'events_oldest_pending_seconds')).toEqual([
      'events_oldest_pending_seconds{endpoint="books"} 61.5',
    ]);
    expect(linesOf(text, 'event_endpoint_disabled')).toEqual(['event_endpoint_disabled{endpoint="books"} 1']);
    expect(linesOf(text, 'feed_horizon_age_seconds')).toEqual(['feed_horizon_age_seconds 12.5']);
    expect(linesOf(text, 'database_answers')).toEqual(['database_answers 1']);
  });

  it.each([
    ['is away', () => Promise.reject(new Error('password of the inside'))],
    ['hangs', () => new Promise<Backlog>(() => undefined)],
  ])('is answered with what there is when the database %s', async (_how, readBacklog) => {
    const { server, metrics } = await started({ readBacklog });
    metrics.legSent('shop', 'unknown');
    const answer = await fetch(`${server.url}/metrics`);
    const text = await answer.text();
    expect(answer.status).toBe(200);
    expect(linesOf(text, 'database_answers')).toEqual(['database_answers 0']);
    expect(linesOf(text, 'sends_total')).toHaveLength(1);
    expect(linesOf(text, 'account_paused')).toEqual([]);
    expect(linesOf(text, 'feed_horizon_age_seconds')).toEqual([]);
    expect(text).not.toContain('inside');
  });

  it('asks the database once for many scrapes, at once or one after the other', async () => {
    let asked = 0;
    const { scrape: page } = await started({
      readBacklog: () => {
        asked += 1;
        return Promise.resolve(backlog);
      },
    });
    await Promise.all(Array.from({ length: 20 }, page));
    for (let count = 0; count < 5; count += 1) await page();
    expect(asked).toBe(1);
  });
});

describe('requests to /graphql', () => {
  it('are counted by type and outcome, and timed', async () => {
    const { server, scrape: page } = await started();
    await server.query('{ hello }');
    await server.query('mutation { rename(to: "x") }');
    await server.query('{ denied }');
    await server.query('{ fails }');
    await server.query('{ database }');
    await server.query('{ nothingLikeThat }');
    await server.query('{ broken');
    await fetch(`${server.url}/graphql`, { method: 'POST', body: '{}' });
    await fetch(`${server.url}/graphql`, {
      method: 'POST',
      body: 'a=b',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/x-www-form-urlencoded' },
    });
    await fetch(`${server.url}/live`);
    await expect
      .poll(async () => linesOf(await page(), 'graphql_requests_total').toSorted())
      .toEqual([
        'graphql_requests_total{type="mutation",outcome="ok"} 1',
        'graphql_requests_total{type="none",outcome="bad-request"} 3',
        'graphql_requests_total{type="none",outcome="unauthenticated"} 1',
        'graphql_requests_total{type="query",outcome="errors"} 1',
        'graphql_requests_total{type="query",outcome="failed"} 2',
        'graphql_requests_total{type="query",outcome="ok"} 1',
      ]);
    expect(linesOf(await page(), 'graphql_request_duration_seconds_count')).toContain(
      'graphql_request_duration_seconds_count{type="query"} 4',
    );
  });

  it('are counted while they run, and when nobody waits for them any more', async () => {
    const { server, scrape: page } = await started();
    const caller = new AbortController();
    const ask = (signal?: AbortSignal): Promise<unknown> =>
      fetch(`${server.url}/graphql`, {
        method: 'POST',
        body: JSON.stringify({ query: '{ waits }' }),
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
        ...(signal && { signal }),
      }).catch(() => undefined);
    const waiting = ask(caller.signal);
    await expect.poll(() => server.waiting()).toBe(1);
    expect(linesOf(await page(), 'graphql_requests_in_flight')).toEqual(['graphql_requests_in_flight 1']);
    await ask();
    caller.abort();
    await waiting;
    await expect
      .poll(async () => linesOf(await page(), 'graphql_requests_total').toSorted())
      .toEqual([
        'graphql_requests_total{type="none",outcome="overloaded"} 1',
        expect.stringMatching(/graphql_requests_total\{type="\w+",outcome="aborted"\} 1/),
      ]);
    expect(linesOf(await page(), 'graphql_requests_in_flight')).toEqual(['graphql_requests_in_flight 0']);
  });
});
