import { setTimeout as delay } from 'node:timers/promises';
import { spreadOf } from './alternate.ts';
import { makePendingRefunds, type PendingRefund } from './pending-refunds.ts';
import { configured, startPlayedSandbox, type Logged, type PlayedSandbox } from './played-sandbox.ts';
import { publishedClients, withPublishedClient, type ReadRefund } from './published-clients.ts';
import { count, spreadText, table } from './report.ts';
import type { Finding, Run } from './run.ts';
import { startService, type Service } from './service.ts';

const REFUNDS = 48;
/** People who look at the same screen at the same moment. */
const VIEWERS = 20;
/** What every call is made to take: a provider that is near. */
const CALL_MS = 50;
const TIMES = 5;
/** Longer than the shortest interval between two looks at a refund, which is 2 s. */
const STALE_AFTER_MS = 2_200;

const PAGE = `query ($ids: [ID!]!) {
  refunds(first: 50, filter: { ids: $ids }, maxAgeSeconds: 2, waitMs: 10000) { nodes { id status freshness { isStale } } }
}`;

/** One way to learn the present state of the refunds of a screen. */
interface Way {
  readonly name: string;
  readonly viewers: number;
  readonly look: () => Promise<unknown>;
}

/** What one would write instead: the providers' own client libraries, called refund by refund. */
export async function measureSdks(run: Run): Promise<Finding> {
  const sandbox = await startPlayedSandbox(run, withPublishedClient);
  const database = await run.server.database('sdks');
  const service = await startService(run.cores, {
    accounts: sandbox.accounts.map(configured),
    databaseUrl: database.url,
    env: { ENGINE: '0' },
  });
  try {
    const refunds = await makePendingRefunds(service, sandbox, REFUNDS);
    for (const { simulator } of sandbox.accounts)
      await sandbox.control('faults', {
        provider: simulator,
        operation: '*',
        kind: 'slow',
        ms: CALL_MS,
        times: 1_000_000,
      });
    const clients = publishedClients(sandbox.accounts);
    const ways = [1, VIEWERS].flatMap((viewers) => waysOf(service, refunds, clients, viewers));
    const rows: string[][] = [];
    for (const { name, viewers, look } of ways) {
      const wallMs: number[] = [];
      const calls: number[] = [];
      for (let time = 0; time < (run.isQuick ? 1 : TIMES); time += 1) {
        await delay(STALE_AFTER_MS);
        const measured = await timed(sandbox, look);
        wallMs.push(measured.wallMs);
        calls.push(measured.calls);
      }
      rows.push([
        name,
        String(viewers),
        spreadText(spreadOf(calls), count),
        spreadText(spreadOf(wallMs), count),
      ]);
    }
    return {
      bars: [],
      details: [
        `A screen of ${REFUNDS} pending refunds, ${REFUNDS / withPublishedClient.length} each of ${withPublishedClient.join(', ')}; every provider call takes ${CALL_MS} ms more. The libraries run in the process of the bench: stripe, razorpay and @a2seven/yoo-checkout, as published.`,
        table(['how', 'viewers at once', 'provider calls', 'until all have all, ms'], rows),
      ].join('\n\n'),
    };
  } finally {
    await service.stop();
    await sandbox.stop();
  }
}

function waysOf(
  service: Service,
  refunds: readonly PendingRefund[],
  clients: ReadonlyMap<string, ReadRefund>,
  viewers: number,
): Way[] {
  const readOne = (refund: PendingRefund): Promise<unknown> =>
    clients.get(refund.provider)!(refund.providerRefundId!);
  const each = (look: () => Promise<unknown>) => () => Promise.all(Array.from({ length: viewers }, look));
  return [
    {
      name: 'libraries, one refund after the other',
      viewers,
      look: each(async () => {
        for (const refund of refunds) await readOne(refund);
      }),
    },
    {
      name: 'libraries, all refunds at once',
      viewers,
      look: each(() => Promise.all(refunds.map(readOne))),
    },
    {
      name: 'one query to this service',
      viewers,
      look: each(() => askForPage(service, refunds)),
    },
  ];
}

async function askForPage(service: Service, refunds: readonly PendingRefund[]): Promise<void> {
  const answer = await service.ask<{ refunds: { nodes: { freshness: { isStale: boolean } }[] } }>(PAGE, {
    ids: refunds.map(({ id }) => id),
  });
  const { nodes } = answer.refunds;
  if (nodes.length !== refunds.length || nodes.some(({ freshness }) => freshness.isStale))
    throw new Error('not every refund was looked at');
}

async function timed(
  { control }: PlayedSandbox,
  look: () => Promise<unknown>,
): Promise<{ readonly wallMs: number; readonly calls: number }> {
  const { next } = await control<{ next: number }>('requests');
  const startedMs = performance.now();
  await look();
  const wallMs = performance.now() - startedMs;
  const { requests } = await control<{ requests: readonly Logged[] }>(`requests?since=${next}`);
  return { wallMs, calls: requests.length };
}
