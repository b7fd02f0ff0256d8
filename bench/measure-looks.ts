import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { demoDocument } from '../src/config/demo.ts';
import type { Capabilities } from '../src/providers/provider.ts';
import { providers } from '../src/providers/registry.ts';
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

/** Every provider takes it. */
const CURRENCY = 'RUB';
/** What an account has that says nothing of it (docs/configuration.md). */
const MAX_IN_FLIGHT = 8;

const demo = z.object({
  merchants: z.array(
    z.object({
      accounts: z.array(
        z.object({
          code: z.string(),
          provider: z.string(),
          baseUrl: z.string(),
          credentials: z.record(z.string(), z.unknown()),
          options: z.record(z.string(), z.unknown()).default({}),
        }),
      ),
    }),
  ),
});

/** An account of the demo, what its adapter can do, and by which simulator it is played. */
interface Played extends BenchAccount {
  readonly capabilities: Capabilities;
  readonly simulator: string;
}

interface Logged {
  readonly provider: string;
  readonly account: string | null;
}

/** A page of 100 stale refunds: how many provider calls, and how long where calls are slow. */
export async function measureLooks(run: Run): Promise<Finding> {
  // The accounts of the demo have fixed ports; those below 32768 are given to nobody who asks for any.
  const port = 20_000 + Math.floor(Math.random() * 1_000) * 10;
  const sandbox = startChild(run.cores, 'sandbox/main.ts', [], {
    core: 'rest',
    env: { SANDBOX_PORT: String(port), SANDBOX_SEED: '0' },
  });
  const controlUrl = `${String((await lineWith(sandbox, 'control'))['control'])}/control`;
  const control = async <T>(route: string, body?: unknown): Promise<T> => {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(`${controlUrl}/${route}`, init);
    if (!answer.ok) throw new Error(`${route}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const accounts = playedAccounts(port, await control('credentials'), run.providers);
  const database = await run.server.database('looks');
  const service = await startService(run.cores, {
    accounts: accounts.map(({ capabilities: _capabilities, simulator: _simulator, ...account }) => account),
    databaseUrl: database.url,
    // What looks by itself would leave less to look at.
    env: { ENGINE: '0' },
  });
  const simulators = new Set(accounts.map(({ simulator }) => simulator));
  try {
    for (const provider of simulators) await control('mode', { provider, refunds: 'pending' });
    for (let n = 0; n < REFUNDS; n += 1) {
      const { simulator, code } = accounts[n % accounts.length]!;
      const { reference } = await control<{ reference: string }>('payments', {
        provider: simulator,
        account: code,
        amount: { value: '100.00', currency: CURRENCY },
      });
      await createRefund(service, code, reference, n);
    }
    const calls = await countCalls(service, control);
    for (const provider of simulators)
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

/** The accounts of the demo's first merchant; who plays one is told by the port. */
function playedAccounts(
  port: number,
  inSandbox: Readonly<Record<string, readonly { readonly account?: string; readonly baseUrl?: string }[]>>,
  only: readonly string[],
): Played[] {
  const simulatorAt = new Map(
    Object.entries(inSandbox).flatMap(([simulator, entries]) =>
      entries.map(({ baseUrl = '' }) => [new URL(baseUrl).port, simulator] as const),
    ),
  );
  const [merchant] = demo.parse(demoDocument(port)).merchants;
  return merchant!.accounts
    .filter(({ provider }) => only.length === 0 || only.includes(provider))
    .map((account) => {
      const provider = providers.find(({ code }) => code === account.provider)!;
      const { settings } = provider;
      const options = settings.options.parse(account.options);
      const { capabilities } = provider.adapterOf(options, settings.credentials.parse(account.credentials));
      return { ...account, capabilities, simulator: simulatorAt.get(new URL(account.baseUrl).port)! };
    });
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

/** How many of them have to wait for each other: pages, or what is more than may run at once. */
const rounds = ({ listByTime }: Capabilities, calls: number): number =>
  listByTime ? calls : Math.ceil(calls / MAX_IN_FLIGHT);

function findingOf(
  accounts: readonly Played[],
  requests: readonly Logged[],
  wallMs: readonly number[],
): Finding {
  const rows = accounts.map(({ code, capabilities, simulator }, index) => {
    const refunds = Math.ceil((REFUNDS - index) / accounts.length);
    const fewest = fewestCalls(capabilities, refunds);
    // Some calls do not tell whose they are.
    const isOfIt = ({ account, provider }: Logged) =>
      account === null ? provider === simulator : account === code;
    const calls = requests.filter(isOfIt).length;
    return { code, refunds, calls, fewest, rounds: rounds(capabilities, fewest) };
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
    ...[row.refunds, row.calls, row.fewest, row.rounds].map(String),
  ]);
  return {
    bars,
    details: table(
      ['account', 'stale refunds', 'calls', 'fewest possible', 'of which one after the other'],
      lines,
    ),
  };
}
