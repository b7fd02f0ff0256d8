import { setTimeout as delay } from 'node:timers/promises';
import type { Capabilities } from '../src/providers/provider.ts';
import { spreadOf } from './alternate.ts';
import { makePendingRefunds } from './pending-refunds.ts';
import { askWithPlan, checkedPlan, type Plan } from './plan-of-answer.ts';
import { startPlayedSandbox, configured, type Logged, type Played } from './played-sandbox.ts';
import { spreadText, table } from './report.ts';
import type { Bar, Finding, Run } from './run.ts';
import { startService, type Service } from './service.ts';

const REFUNDS = 100;
const PAGES = 9;
/** What every call is made to take in the second page, so that waiting is what is measured. */
const CALL_MS = 200;
/** Longer than the shortest interval between two looks at a refund, which is 2 s. */
const STALE_AFTER_MS = 2_200;

/** What an account has that says nothing of it (docs/configuration.md). */
const MAX_IN_FLIGHT = 8;

/** A page of 100 stale refunds: how many provider calls, and how long where calls are slow. */
export async function measureLooks(run: Run): Promise<Finding> {
  const sandbox = await startPlayedSandbox(run, run.providers);
  const { accounts, control } = sandbox;
  const database = await run.server.database('looks');
  const service = await startService(run.cores, {
    accounts: accounts.map(configured),
    databaseUrl: database.url,
    // What looks by itself would leave less to look at.
    env: { ENGINE: '0' },
  });
  const simulators = new Set(accounts.map(({ simulator }) => simulator));
  try {
    await makePendingRefunds(service, sandbox, REFUNDS);
    const calls = await countCalls(service, control);
    for (const provider of simulators)
      await control('faults', { provider, operation: '*', kind: 'slow', ms: CALL_MS, times: 1000 });
    const wallMs: number[] = [];
    for (let n = 0; n < (run.isQuick ? 1 : PAGES); n += 1)
      wallMs.push((await countCalls(service, control)).wallMs);
    return findingOf(accounts, calls, wallMs);
  } finally {
    await service.stop();
    await sandbox.stop();
  }
}

/** Asks for the page when all its refunds are stale. */
async function countCalls(
  service: Service,
  control: <T>(route: string) => Promise<T>,
): Promise<{ readonly requests: readonly Logged[]; readonly plan: Plan; readonly wallMs: number }> {
  await delay(STALE_AFTER_MS);
  const { next } = await control<{ next: number }>('requests');
  const startedMs = performance.now();
  const { data, plan } = await askWithPlan<{ refunds: { nodes: { freshness: { isStale: boolean } }[] } }>(
    service,
    `{ refunds(first: ${REFUNDS}, maxAgeSeconds: 0, waitMs: 10000) { nodes { id status freshness { isStale } } } }`,
  );
  const wallMs = performance.now() - startedMs;
  const { refunds } = data;
  const stale = refunds.nodes.filter((node) => node.freshness.isStale).length;
  if (refunds.nodes.length !== REFUNDS || stale > 0)
    throw new Error(`${stale} of ${refunds.nodes.length} refunds were not looked at`);
  return { ...(await control<{ requests: Logged[] }>(`requests?since=${next}`)), plan, wallMs };
}

/** The least of windowed pages, lists by payment (each refund has its own here) and single reads. */
const fewestCalls = ({ listByTime, listPageSize }: Capabilities, refunds: number): number =>
  listByTime ? Math.min(refunds, Math.ceil(refunds / listPageSize)) : refunds;

/** How many of them have to wait for each other: pages, or what is more than may run at once. */
const rounds = ({ listByTime }: Capabilities, calls: number): number =>
  listByTime ? calls : Math.ceil(calls / MAX_IN_FLIGHT);

function findingOf(
  accounts: readonly Played[],
  { requests, plan }: { readonly requests: readonly Logged[]; readonly plan: Plan },
  wallMs: readonly number[],
): Finding {
  const rows = accounts.map(({ code, capabilities, simulator }, index) => {
    const refunds = Math.ceil((REFUNDS - index) / accounts.length);
    const fewest = fewestCalls(capabilities, refunds);
    // Some calls do not tell whose they are.
    const isOfIt = ({ account, provider }: Logged) =>
      account === null ? provider === simulator : account === code;
    const calls = requests.filter(isOfIt).length;
    const own = checkedPlan(plan, { account: code, refunds, calls, fewest });
    return { code, refunds, calls, ...own, fewest, rounds: rounds(capabilities, fewest) };
  });
  const fewest = rows.reduce((sum, row) => sum + row.fewest, 0);
  const criticalMs = Math.max(...rows.map((row) => row.rounds)) * CALL_MS;
  const overCritical = spreadOf(wallMs.map((each) => each / criticalMs));
  const providers = new Set(accounts.map(({ provider }) => provider)).size;
  const where = `${accounts.length} accounts of ${providers} provider${providers === 1 ? '' : 's'}`;
  const bars: Bar[] = [
    {
      what: `page of ${REFUNDS} stale refunds, ${where}: provider calls`,
      against: 'the fewest that the lists allow',
      bar: `<= ${fewest}`,
      measured: String(requests.length),
      isMet: requests.length <= fewest,
      reason: 'see the calls per account',
    },
    {
      what: `the same page, every call taking ${CALL_MS} ms: wall time`,
      against: `the critical path, ${criticalMs} ms`,
      bar: '<= 1.3',
      measured: spreadText(overCritical),
      isMet: overCritical.median <= 1.3,
      reason: 'see the calls per account; reading and storing are in it, too',
    },
  ];
  const lines = rows.map((row) => [
    row.code,
    ...[row.refunds, row.calls, row.told].map(String),
    row.kinds,
    ...[row.fewest, row.rounds].map(String),
  ]);
  return {
    bars,
    details: table(
      [
        'account',
        'stale refunds',
        'calls',
        'calls by `extensions.plan`',
        'their kind',
        'fewest possible',
        'of which one after the other',
      ],
      lines,
    ),
  };
}
