// The load generator: a process of its own, so that its work is not the server's. Takes one LoadOrder at a time as a
// message and answers with a LoadResult.
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { isRight, requestOf, saysStale, type LoadOrder, type LoadResult } from './load-orders.ts';

const pools = new Map<string, Pool>();
let requests = 0;

function poolOf(url: string, connections: number): Pool {
  const known = pools.get(`${url} ${connections}`);
  if (known !== undefined) return known;
  const pool = new Pool(url, { connections, pipelining: 1 });
  pools.set(`${url} ${connections}`, pool);
  return pool;
}

async function run(order: LoadOrder): Promise<LoadResult> {
  const { urls, everyMs, operation } = order;
  const authorization = `Bearer ${order.key}`;
  const startedMs = performance.now();
  const endsMs = startedMs + order.ms;
  const durations: number[] = [];
  let failed = 0;
  let stale = 0;
  let complaint = '';

  async function request(pool: Pool, askedMs: number): Promise<void> {
    const { headers, ...wanted } = requestOf(operation, (requests += 1));
    const answer = await pool.request({ ...wanted, headers: { ...headers, authorization } });
    const text = await answer.body.text();
    const doneMs = performance.now();
    if (!isRight(operation, answer.statusCode, text)) {
      failed += 1;
      complaint ||= text.slice(0, 500);
    } else if (everyMs !== undefined || doneMs <= endsMs) {
      durations.push(doneMs - askedMs);
      if (saysStale(text)) stale += 1;
    }
  }

  async function client(_: unknown, index: number): Promise<void> {
    const pool = poolOf(urls[index % urls.length]!, Math.ceil(order.clients / urls.length));
    if (everyMs === undefined) {
      while (performance.now() < endsMs) await request(pool, performance.now());
      return;
    }
    const firstMs = startedMs + (everyMs * index) / order.clients;
    for (let dueMs = firstMs; dueMs < endsMs; dueMs += everyMs) {
      const aheadMs = dueMs - performance.now();
      if (aheadMs > 0) await delay(aheadMs);
      await request(pool, dueMs);
    }
  }
  await Promise.all(Array.from({ length: order.clients }, client));
  durations.sort((a, b) => a - b);
  const at = (share: number): number => durations[Math.floor(durations.length * share)] ?? Number.NaN;
  return {
    perSecond: (durations.length * 1000) / order.ms,
    done: durations.length,
    failed,
    complaint,
    stale,
    median: at(0.5),
    p99: at(0.99),
  };
}

process.on('message', (order: LoadOrder) => {
  run(order).then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ failed: 1, complaint: String(error), perSecond: 0, done: 0 }),
  );
});
// The bench has ended: nobody would take the results.
process.on('disconnect', () => process.exit(0));
