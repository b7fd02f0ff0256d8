import { setTimeout as sleep } from 'node:timers/promises';
import { PassThrough } from 'node:stream';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApp, type App } from '../../src/app.ts';
import type { Config } from '../../src/config.ts';
import type { Database } from '../../src/db/tables.ts';
import { startSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import { createLog } from '../../src/log.ts';
import { yookassa } from '../../src/providers/yookassa/index.ts';
import { startAppProcess, type AppProcess } from '../support/app-processes.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { refundInput } from '../support/service.ts';
import { inStatement } from '../support/tcp-cuts.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { messagesOf, razorpay, send, webhookUrl } from '../support/webhooks.ts';
import { testMerchants } from '../support/world.ts';
import { configOf } from './app-config.ts';
import { graphql } from './service.ts';

const KEY = 'rf_test_demo';
const CREATE = `mutation ($input: CreateRefundInput!) {
  createRefund(input: $input) { replayed refund { id status } errors { code } } }`;
const UNAVAILABLE = { code: 'DATABASE_UNAVAILABLE', retry: 'SAME_KEY' };

let database: TestDatabase<Database>;
let sandbox: Sandbox;
let proxy: TcpProxy;
const apps: App[] = [];
const processes: AppProcess[] = [];
beforeEach(async () => {
  [sandbox, database] = await Promise.all([startSandbox(), createTestDatabase('database_trouble')]);
  proxy = await TcpProxy.inFrontOf(database.config);
});
afterEach(async () => {
  proxy.pass();
  await Promise.all(processes.splice(0).map((each) => each.end()));
  await Promise.all(apps.splice(0).map((app) => app.close()));
  await sandbox.close();
  await proxy.close();
  await database.drop();
});

const settings = (change: Partial<Config> = {}): Config =>
  configOf(database, {
    database: { kind: 'url', url: proxy.urlThrough(database.config) },
    prepared: false,
    merchants: testMerchants(sandbox),
    ...change,
  });

async function started(change: Partial<Config> = {}): Promise<App> {
  const app = await startApp(settings(change), {
    log: createLog({ level: 'info', destination: new PassThrough().resume() }),
  });
  apps.push(app);
  return app;
}

async function control<T>(path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${sandbox.controlUrl}/control/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return (await answer.json()) as T;
}

const payment = async (): Promise<string> =>
  (
    await control<{ reference: string }>('payments', {
      provider: 'yookassa',
      amount: { value: '1500.00', currency: 'RUB' },
    })
  ).reference;

async function refundsAtProvider(reference: string): Promise<number> {
  const { payments } = await control<{ payments: { refunds: unknown[] }[] }>(
    `ledger?provider=yookassa&reference=${reference}`,
  );
  return payments[0]!.refunds.length;
}

interface Created {
  readonly replayed: boolean;
  readonly refund: { readonly id: string; readonly status: string } | null;
  readonly errors: readonly unknown[];
}
async function create(app: { url: string }, input: Record<string, unknown>) {
  const answer = await graphql(app.url, CREATE, { input }, KEY);
  return { created: answer.data?.['createRefund'] as Created | null | undefined, errors: answer.errors };
}

const health = async (app: App, path: string) => {
  const answer = await fetch(`${app.url}${path}`);
  return [answer.status, await answer.text()];
};
const isReady = async (app: App): Promise<boolean> => (await health(app, '/ready'))[0] === 200;

describe('health, while the database', () => {
  it.each([
    ['is silent', async () => proxy.hold()],
    [
      'is gone',
      async () => {
        proxy.refuse();
        await proxy.cut('reset');
      },
    ],
  ])('%s, says so and nothing about the inside; afterwards all is well', async (_what, fault) => {
    const app = await started();
    expect(await isReady(app)).toBe(true);
    await fault();
    while (await isReady(app)) await sleep(20);
    expect(await health(app, '/ready')).toEqual([503, '{"status":"unavailable"}']);
    expect(await health(app, '/live')).toEqual([200, '{"status":"live"}']);
    proxy.pass();
    while (!(await isReady(app))) await sleep(20);
    const { created } = await create(app, refundInput(await payment(), '10.00'));
    expect(created).toMatchObject({ refund: { status: 'SUCCEEDED' }, errors: [] });
  });

  it('has no connection left for it, says so; callers hear it soon and are served afterwards', async () => {
    const app = await started({ poolSize: 2 });
    const release = Promise.withResolvers<void>();
    const held = [1, 2].map(() => app.world.db.connection().execute(() => release.promise));
    const input = refundInput(await payment(), '10.00');
    const start = performance.now();
    const [answer] = await Promise.all([
      create(app, input),
      (async () => {
        while (await isReady(app)) await sleep(20);
      })(),
    ]);
    expect(answer.errors?.map(({ extensions }) => extensions)).toEqual([UNAVAILABLE]);
    expect(performance.now() - start).toBeLessThan(7_000);
    release.resolve();
    await Promise.all(held);
    while (!(await isReady(app))) await sleep(20);
    expect((await create(app, input)).created).toMatchObject({ replayed: false, errors: [] });
  });
});

describe('a webhook, while the database', () => {
  const deliver = (app: App) =>
    send(
      webhookUrl({ app }, 'razorpay-demo'),
      razorpay({
        event: 'refund.processed',
        refundId: 'rfnd_SimRefund00001',
        paymentId: 'pay_SimPayment0001',
        eventId: 'the-same',
      }),
    );

  it.each([
    ['is silent', async () => proxy.hold()],
    [
      'is gone',
      async () => {
        proxy.refuse();
        await proxy.cut('reset');
      },
    ],
  ])('%s, is to be sent again, and is taken when it is back', async (_what, fault) => {
    const app = await started();
    await fault();
    const answers = await Promise.all([deliver(app), deliver(app)]);
    expect(answers.map(({ status, headers }) => [status, headers.get('retry-after')])).toEqual([
      [503, '5'],
      [503, '5'],
    ]);
    proxy.pass();
    while (!(await isReady(app))) await sleep(20);
    expect((await deliver(app)).status).toBe(200);
    expect(await messagesOf({ database })).toMatchObject([
      { event: 'refund.processed', provider_refund_id: 'rfnd_SimRefund00001', status: 'PENDING' },
    ]);
  });
});

describe('over HTTP', () => {
  it.each(['before', 'after'] as const)(
    'a connection lost in the statement that commits a refund, %s it took effect, is a top-level error that says: the same key',
    async (side) => {
      const app = await started();
      const reference = await payment();
      const input = refundInput(reference, '10.00', { waitMs: 0 });
      const cut = proxy.cutWhen(inStatement('INSERT INTO refunds', side));
      const { created, errors } = await create(app, input);
      await cut.done;
      expect(created ?? null).toBeNull();
      expect(errors?.map(({ extensions }) => extensions)).toEqual([UNAVAILABLE]);
      expect(await refundsAtProvider(reference)).toBe(0);
      const again = await create(app, input);
      expect(again.created).toMatchObject({ replayed: side === 'after', errors: [] });
      expect(await database.db.selectFrom('refunds').select('id').execute()).toHaveLength(1);
      expect(await refundsAtProvider(reference)).toBeLessThanOrEqual(1);
    },
  );

  it('a caller who goes away leaves no transaction open, and the same key finds what was done', async () => {
    const app = await started({ maxInflightRequests: 64 });
    const reference = await payment();
    await create(app, refundInput(reference, '1.00'));
    proxy.delay({ toServer: 2, toClient: 2 });
    const inputs = Array.from({ length: 20 }, () => refundInput(reference, '1.00'));
    await Promise.all(
      inputs.map(async (input, index) => {
        await fetch(`${app.url}/graphql`, {
          method: 'POST',
          headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
          body: JSON.stringify({ query: CREATE, variables: { input } }),
          signal: AbortSignal.timeout(5 + index * 8),
        }).catch(() => undefined);
      }),
    );
    proxy.pass();
    for (const input of inputs) {
      const { created } = await create(app, input);
      expect(created).toMatchObject({ refund: { status: 'SUCCEEDED' }, errors: [] });
    }
    await app.world.background.drain(10_000);
    expect(await database.db.selectFrom('refunds').select('id').execute()).toHaveLength(21);
    expect(await refundsAtProvider(reference)).toBe(21);
    const { rows } = await sql`SELECT state FROM pg_stat_activity
      WHERE datname = current_database() AND state LIKE 'idle in transaction%'`.execute(database.db);
    expect(rows).toEqual([]);
  });
});

describe('two processes on one database', () => {
  const direct = () => settings({ database: { kind: 'url', url: database.connectionString } });
  const start = async (env?: Record<string, string>): Promise<AppProcess> => {
    const each = await startAppProcess(direct(), env);
    processes.push(each);
    return each;
  };
  const requestsOf = async () =>
    (
      await control<{ requests: { operation: string | null; effect: boolean }[] }>(
        'requests?provider=yookassa&since=0',
      )
    ).requests.filter(({ operation }) => operation === 'createRefund');

  it('that get one key at the same moment make one refund and one call', async () => {
    const both = [await start(), await start()];
    const reference = await payment();
    const input = refundInput(reference, '10.00', { waitMs: 20_000 });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => create(both[index % 2]!, input)),
    );
    const refunds = answers.map(({ created }) => created);
    expect(new Set(refunds.map((each) => each?.refund?.id)).size).toBe(1);
    expect(refunds.filter((each) => each?.replayed === false)).toHaveLength(1);
    for (const each of refunds) expect(each?.refund?.status).toBe('SUCCEEDED');
    expect(await requestsOf()).toHaveLength(1);
  });

  it('of which one is stopped between its claim and the first byte, and wakes up too late: it sends nothing', async () => {
    const stopping = await start({ FAILPOINTS: 'send.before-call:stop' });
    const other = await start();
    const reference = await payment();
    const input = refundInput(reference, '10.00', { waitMs: 1_000 });
    const answer = create(stopping, input);
    await stopping.untilStopped();
    // A little more than half of a lease, in the only time that a stopped process can be told.
    await sleep(yookassa.sendDeadlineMs + 6_000);
    expect(await requestsOf()).toEqual([]);
    // The other half is skipped: nobody owns the leg any more.
    await sql`UPDATE refund_legs SET lease_until = app_now() - interval '1 second'
      WHERE status = 'SENDING'`.execute(database.db);
    const synced = await graphql(
      other.url,
      `
        mutation ($id: ID!) {
          syncRefund(input: { refund: $id, waitMs: 20000 }) {
            refund {
              status
            }
            errors {
              code
            }
          }
        }
      `,
      { id: (await create(other, { ...input, waitMs: 0 })).created!.refund!.id },
      KEY,
    );
    expect(synced.data?.['syncRefund']).toEqual({ refund: { status: 'SUCCEEDED' }, errors: [] });
    expect(await requestsOf()).toHaveLength(1);
    expect(await refundsAtProvider(reference)).toBe(1);

    stopping.child.kill('SIGCONT');
    expect((await answer).created).toMatchObject({ refund: { status: 'SUCCEEDED' }, errors: [] });
    // Ends only when its sender has ended.
    await stopping.end();
    expect(await requestsOf()).toHaveLength(1);
    const { attempts, events } = (
      await sql<{ attempts: unknown; events: unknown }>`
        SELECT (SELECT json_agg(sends) FROM leg_attempts) AS attempts,
               (SELECT json_agg(to_status ORDER BY id) FROM events WHERE kind <> 'leg.details') AS events`.execute(
        database.db,
      )
    ).rows[0]!;
    expect(attempts).toEqual([2]);
    expect(events).toEqual(['PENDING', 'UNKNOWN', 'SUCCEEDED']);
  }, 150_000);
});
