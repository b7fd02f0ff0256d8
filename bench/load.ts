// The load generator: a process of its own, so that its work is not the server's. Takes one LoadOrder at a time as a
// message and answers with a LoadResult.
import { Pool } from 'undici';
import { bodyOf, isRight, type LoadOrder, type LoadResult } from './load-orders.ts';

const pools = new Map<string, Pool>();
let requests = 0;

function poolOf({ url, clients }: LoadOrder): Pool {
  const known = pools.get(`${url} ${clients}`);
  if (known !== undefined) return known;
  const pool = new Pool(url, { connections: clients, pipelining: 1 });
  pools.set(`${url} ${clients}`, pool);
  return pool;
}

async function run(order: LoadOrder): Promise<LoadResult> {
  const pool = poolOf(order);
  const headers = { authorization: `Bearer ${order.key}`, 'content-type': 'application/json' };
  const startedMs = performance.now();
  const endsMs = startedMs + order.ms;
  const durations: number[] = [];
  let failed = 0;
  let complaint = '';

  async function client(): Promise<void> {
    while (performance.now() < endsMs) {
      const askedMs = performance.now();
      const body = bodyOf(order.operation, (requests += 1));
      const answer = await pool.request({ path: '/graphql', method: 'POST', headers, body });
      const text = await answer.body.text();
      const doneMs = performance.now();
      if (!isRight(order.operation, answer.statusCode, text)) {
        failed += 1;
        complaint ||= text.slice(0, 500);
      } else if (doneMs <= endsMs) durations.push(doneMs - askedMs);
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
