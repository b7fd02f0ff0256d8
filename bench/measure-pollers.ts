import { apiKey, startService, type Service } from './service.ts';
import { makePendingRefunds } from './pending-refunds.ts';
import { configured, startPlayedSandbox, type Logged, type PlayedSandbox } from './played-sandbox.ts';
import { rssMbOf } from './process-figures.ts';
import { count, table } from './report.ts';
import type { LoadResult } from './load-orders.ts';
import type { Bar, Finding, Run } from './run.ts';

const REFUNDS = 50;
const POLLERS = 1_000;
const POLL_EVERY_MS = 5_000;
const MAX_AGE_SECONDS = 5;
/** The poller that all the others are compared with asks so often that it misses no look. */
const EAGER_EVERY_MS = 100;
const WAIT_MS = 500;
const RUN_MS = 60_000;
/** The first and the last look of a run may lie on its edges. */
const EDGE_CALLS = 1;

interface Watch {
  readonly calls: number;
  readonly load: LoadResult;
}

/**
 * The same 50 open refunds, polled through two replicas: by one eager poller, then by a thousand; with a provider that
 * answers, and with one that never does. The engine looks, too, as it does in production.
 */
export async function measurePollers(run: Run): Promise<Finding> {
  const sandbox = await startPlayedSandbox(run, ['yookassa']);
  const database = await run.server.database('pollers');
  const options = { accounts: sandbox.accounts.map(configured), databaseUrl: database.url };
  const replicas = [await startService(run.cores, options), await startService(run.cores, options)];
  try {
    const refunds = await makePendingRefunds(replicas[0]!, sandbox, REFUNDS);
    const refundIds = refunds.map(({ id }) => id);
    const ms = run.isQuick ? 10_000 : RUN_MS;
    const watch = (clients: number, everyMs: number): Promise<Watch> =>
      watched(run, sandbox, replicas, { clients, everyMs, ms, refundIds });
    const one = await watch(1, EAGER_EVERY_MS);
    const many = await watch(POLLERS, POLL_EVERY_MS);
    const before = replicas.map(({ child }) => rssMbOf(child.pid));
    await sandbox.control('faults', { provider: 'yookassa', operation: '*', kind: 'hang', times: 1_000_000 });
    const oneHung = await watch(1, EAGER_EVERY_MS);
    const manyHung = await watch(POLLERS, POLL_EVERY_MS);
    const after = replicas.map(({ child }) => rssMbOf(child.pid));
    await sandbox.clearFaults();
    return {
      bars: [
        callsBar('the provider answers', one, many),
        callsBar('the provider hangs', oneHung, manyHung),
        {
          what: `the same while the provider hangs: 99 of 100 answers within ${WAIT_MS} ms and a second`,
          against: `waitMs ${WAIT_MS}`,
          bar: `<= ${WAIT_MS + 1_000}`,
          measured: count(manyHung.load.p99),
          isMet: manyHung.load.p99 <= WAIT_MS + 1_000,
          reason: 'see below',
        },
      ],
      details: describe({ one, many, oneHung, manyHung }, before, after, ms),
    };
  } finally {
    await Promise.all(replicas.map((replica) => replica.stop()));
    await sandbox.stop();
  }
}

async function watched(
  { load }: Run,
  { control }: PlayedSandbox,
  replicas: readonly Service[],
  { refundIds, ...order }: { clients: number; everyMs: number; ms: number; refundIds: readonly string[] },
): Promise<Watch> {
  const { next } = await control<{ next: number }>('requests');
  const result = await load.run({
    ...order,
    urls: replicas.map(({ url }) => url),
    key: apiKey,
    operation: { kind: 'page', refundIds, maxAgeSeconds: MAX_AGE_SECONDS, waitMs: WAIT_MS },
  });
  const { requests } = await control<{ requests: readonly Logged[] }>(`requests?since=${next}`);
  return { calls: requests.length, load: result };
}

const callsBar = (when: string, one: Watch, many: Watch): Bar => ({
  what: `${count(POLLERS)} pollers of the same ${REFUNDS} refunds, two replicas, ${when}: provider calls`,
  against: `those of one poller, ${one.calls}`,
  bar: `<= ${one.calls + EDGE_CALLS}`,
  measured: String(many.calls),
  isMet: many.calls <= one.calls + EDGE_CALLS,
  reason: 'see below',
});

function describe(
  watches: Readonly<Record<'one' | 'many' | 'oneHung' | 'manyHung', Watch>>,
  before: readonly number[],
  after: readonly number[],
  ms: number,
): string {
  const row = (name: string, { calls, load }: Watch): string[] => [
    name,
    String(calls),
    String(load.done),
    `${count((load.stale / load.done) * 100)} %`,
    count(load.median),
    count(load.p99),
  ];
  const memory = before.map((mb, index) => `${count(mb)} before and ${count(after[index]!)} after`);
  return [
    `A page of ${REFUNDS} pending refunds of one account with \`maxAgeSeconds: ${MAX_AGE_SECONDS}, waitMs: ${WAIT_MS}\`, for ${ms / 1000} s each. One poller asks every ${EAGER_EVERY_MS} ms, each of ${count(POLLERS)} every ${POLL_EVERY_MS / 1000} s, one after the other, half of them at each replica; both replicas also run the engine.`,
    table(
      ['who asks', 'provider calls', 'answers', 'of them stale', 'p50, ms', 'p99, ms'],
      [
        row('one poller', watches.one),
        row(`${count(POLLERS)} pollers`, watches.many),
        row('one poller, the provider hangs', watches.oneHung),
        row(`${count(POLLERS)} pollers, the provider hangs`, watches.manyHung),
      ],
    ),
    `Resident memory of the replicas around the two minutes of the hanging provider, in MB: ${memory.join('; ')}.`,
  ].join('\n\n');
}
