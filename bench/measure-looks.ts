import { setTimeout as delay } from 'node:timers/promises';
import type { Capabilities } from '../src/providers/provider.ts';
import { allAdapters } from '../src/providers/registry.ts';
import { spreadOf } from './alternate.ts';
import { lineWith, startChild } from './children.ts';
import { spreadText, table } from './report.ts';
import type { Bar, Finding, Run } from './run.ts';
import { startService, type BenchAccount, type Service } from './service.ts';

const REFUNDS = 100;
const PAGES = 9;
/** What every call is made to take in the second page, so that waiting is what is measured. */
const CALL_MS = 200;
/** Longer than the shortest interval between two looks at a refund, which is 2 s. */
const STALE_AFTER_MS = 2_200;

type Entry = Readonly<Record<string, string | undefined>>;

/** What differs from provider to provider: a currency, and which of the sandbox's words are credentials. */
const known: Readonly<Record<string, { currency: string; credentials: (entry: Entry) => Entry }>> = {
  yookassa: { currency: 'RUB', credentials: ({ shopId, secretKey }) => ({ shopId, secretKey }) },
  razorpay: {
    currency: 'INR',
    credentials: ({ clientId, clientSecret, accountId: account }) => ({ clientId, clientSecret, account }),
  },
};

interface Logged {
  readonly provider: string;
  readonly account: string | null;
}

/** A page of 100 stale refunds: how many provider calls, and how long where calls are slow. */
export async function measureLooks(run: Run): Promise<Finding> {
  const sandbox = startChild(run.cores, 'sandbox/main.ts', [], {
    core: 'rest',
    env: { SANDBOX_PORT: '0', SANDBOX_SEED: '0' },
  });
  const controlUrl = `${String((await lineWith(sandbox, 'control'))['control'])}/control`;
  const control = async <T>(route: string, body?: unknown): Promise<T> => {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(`${controlUrl}/${route}`, init);
    if (!answer.ok) throw new Error(`${route}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const accounts = accountsOf(await control('credentials'), run.providers);
  const database = await run.server.database('looks');
  const service = await startService(run.cores, { accounts, databaseUrl: database.url });
  try {
    for (const provider of new Set(accounts.map((account) => account.provider)))
      await control('mode', { provider, refunds: 'pending' });
    for (let n = 0; n < REFUNDS; n += 1) {
      const { provider, code } = accounts[n % accounts.length]!;
      const amount = { value: '100.00', currency: known[provider]!.currency };
      const { reference } = await control<{ reference: string }>('payments', {
        provider,
        account: code,
        amount,
      });
      await createRefund(service, code, reference, n);
    }
    const calls = await countCalls(service, control);
    for (const provider of new Set(accounts.map((account) => account.provider)))
      await control('faults', { provider, operation: '*', kind: 'slow', ms: CALL_MS, times: 1000 });
    const wallMs: number[] = [];
    for (let n = 0; n < (run.isQuick ? 1 : PAGES); n += 1)
      wallMs.push((await countCalls(service, control)).wallMs);
    return findingOf(accounts, calls.requests, wallMs);
  } finally {
    await service.stop();
    await sandbox.stop();
  }
}

/** Every account that the sandbox has, of providers that there is an adapter for. */
function accountsOf(
  inSandbox: Readonly<Record<string, readonly Entry[]>>,
  only: readonly string[],
): BenchAccount[] {
  const adapted = new Set<string>(allAdapters.map(({ code }) => code));
  return Object.entries(inSandbox)
    .filter(([provider]) => adapted.has(provider) && (only.length === 0 || only.includes(provider)))
    .flatMap(([provider, entries]) =>
      entries.map((entry) => ({
        code: entry['account'] ?? '',
        provider,
        baseUrl: entry['baseUrl'] ?? '',
        credentials: known[provider]!.credentials(entry),
      })),
    );
}

async function createRefund(service: Service, account: string, paymentId: string, n: number): Promise<void> {
  const input = {
    idempotencyKey: `bench-look-${n}`,
    payment: { provider: { account, paymentId } },
    amount: { remaining: true },
    reason: 'REQUESTED_BY_CUSTOMER',
    waitMs: 10_000,
  };
  const { createRefund: made } = await service.ask<{
    createRefund: { refund: { status: string } | null; errors: unknown };
  }>(
    'mutation ($input: CreateRefundInput!) { createRefund(input: $input) { refund { status } errors { message } } }',
    { input },
  );
  if (made.refund?.status !== 'PENDING') throw new Error(`not pending: ${JSON.stringify(made)}`);
}

/** Asks for the page when all its refunds are stale. */
async function countCalls(
  service: Service,
  control: <T>(route: string) => Promise<T>,
): Promise<{ readonly requests: readonly Logged[]; readonly wallMs: number }> {
  await delay(STALE_AFTER_MS);
  const { next } = await control<{ next: number }>('requests');
  const startedMs = performance.now();
  const { refunds } = await service.ask<{ refunds: { nodes: { freshness: { isStale: boolean } }[] } }>(
    `{ refunds(first: ${REFUNDS}, maxAgeSeconds: 0, waitMs: 10000) { nodes { id status freshness { isStale } } } }`,
  );
  const wallMs = performance.now() - startedMs;
  const stale = refunds.nodes.filter((node) => node.freshness.isStale).length;
  if (refunds.nodes.length !== REFUNDS || stale > 0)
    throw new Error(`${stale} of ${refunds.nodes.length} refunds were not looked at`);
  return { ...(await control<{ requests: Logged[] }>(`requests?since=${next}`)), wallMs };
}

/** The least of windowed pages, lists by payment (each refund has its own here) and single reads. */
const fewestCalls = ({ listByTime, listPageSize }: Capabilities, refunds: number): number =>
  listByTime ? Math.min(refunds, Math.ceil(refunds / listPageSize)) : refunds;

function findingOf(
  accounts: readonly BenchAccount[],
  requests: readonly Logged[],
  wallMs: readonly number[],
): Finding {
  const rows = accounts.map(({ code, provider }, index) => {
    const refunds = Math.ceil((REFUNDS - index) / accounts.length);
    const { capabilities } = allAdapters.find((adapter) => adapter.code === provider)!;
    return {
      code,
      refunds,
      calls: requests.filter(({ account }) => account === code).length,
      fewest: fewestCalls(capabilities, refunds),
    };
  });
  const fewest = rows.reduce((sum, row) => sum + row.fewest, 0);
  const criticalMs = Math.max(...rows.map((row) => row.fewest)) * CALL_MS;
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
  const lines = rows.map((row) => [row.code, ...[row.refunds, row.calls, row.fewest].map(String)]);
  return { bars, details: table(['account', 'stale refunds', 'calls', 'fewest possible'], lines) };
}
