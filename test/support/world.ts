import { createHash } from 'node:crypto';
import pino from 'pino';
import type { Config } from '../../src/config.ts';
import { startSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import { connectAccounts } from '../../src/startup/connect-accounts.ts';
import type { Providers } from '../../src/providers/registry.ts';
import { createAlerts } from '../../src/alerts.ts';
import { noMetrics } from '../../src/metrics.ts';
import type { BreakerLimits } from '../../src/providers/http/breaker.ts';
import { createMovableClock, type Clock, type MovableClock } from '../../src/clock.ts';
import { makeClockMovable, markInstallation, setClockOffset } from '../../src/db/installation.ts';
import { syncTenants } from '../../src/db/tenants.ts';
import type { Connection } from '../../src/providers/connections.ts';
import type { ProviderAdapter } from '../../src/providers/provider.ts';
import { createBackground } from '../../src/refunds/background.ts';
import { createWorld, type Caller, type World } from '../../src/refunds/world.ts';
import type { Scope } from '../../src/context.ts';
import { otherAccounts } from './accounts.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import type { Database } from '../../src/db/tables.ts';

type MerchantConfig = Config['merchants'][number];

/** The real rules on a real database, with the sandbox behind real HTTP; no server in front. */
export interface TestWorld {
  readonly world: World;
  readonly database: TestDatabase<Database>;
  readonly sandbox: Sandbox;
  readonly clock: MovableClock;
  /** A caller of merchant `demo` or `other`. */
  caller(merchant?: 'demo' | 'other'): Caller;
  /** Calls the sandbox's control API and returns its JSON. */
  control<T = unknown>(path: string, body?: unknown, method?: string): Promise<T>;
  /** Moves the sandbox, the database and the process together, as `POST /control/clock` does for a demo. */
  advance(seconds: number): Promise<void>;
  /** Another process on the same database and provider: its own memory, sockets and, if given, differences. */
  replica(differences?: WorldDifferences): Promise<World>;
  /** A new captured payment; returns the provider's id. */
  payment(value: string, more?: Record<string, unknown>): Promise<string>;
  ledgerOf(reference: string): Promise<LedgerPayment>;
  close(): Promise<void>;
}

/** How one world differs from production, to meet in moments what takes half a minute or a dead process there. */
export interface WorldDifferences {
  readonly adapter?: Partial<ProviderAdapter>;
  /** In place of the adapter's own deadline of a send, in milliseconds. */
  readonly sendDeadlineMs?: number;
  /** How often a row may be asked for, in milliseconds; absent: as often as anybody wants. */
  readonly minLookIntervalMs?: number;
  readonly log?: pino.Logger;
  /** Its own way to the same database. */
  readonly db?: World['db'];
  /** In place of the clock that `advance` moves. */
  readonly clock?: Clock;
  /** What has loaded on its machine; absent: as for the first world. */
  readonly providers?: Providers;
  /** Absent: providers are never given up. */
  readonly breaker?: BreakerLimits;
}

export interface LedgerPayment {
  readonly reference: string;
  readonly status: string;
  readonly capturedMinor: string;
  readonly voided: boolean;
  readonly refunds: readonly {
    readonly id: string;
    readonly status: string;
    readonly amountMinor: string;
    readonly sources: readonly {
      readonly account: string;
      readonly amountMinor: string;
      readonly feeMinor: string;
    }[];
    readonly providerKey: string | null;
    readonly ourReference: string | null;
    readonly origin: string;
  }[];
}

const limits = { maxInFlight: 8, requestsPerSecond: 10_000, minLookIntervalMs: 0 };

/** Both have an account at YooKassa, and `demo` one at every other provider. */
export const testMerchants = (sandbox: Sandbox): MerchantConfig[] =>
  [
    { code: 'demo', shopId: '100500', secretKey: 'test_demo_yookassa_secret_key' },
    { code: 'other', shopId: '100501', secretKey: 'test_other_yookassa_secret_key' },
  ].map(({ code, shopId, secretKey }) => ({
    code,
    name: code,
    keys: [
      {
        name: 'test',
        sha256: createHash('sha256').update(`rf_test_${code}`).digest('hex'),
        scopes: ['read', 'write'] as Scope[],
      },
    ],
    accounts: [
      {
        code: `yookassa-${code}`,
        provider: 'yookassa',
        displayName: `YooKassa ${code}`,
        baseUrl: sandbox.yookassaUrl,
        options: {},
        credentials: { shopId, secretKey },
        identity: shopId,
        ...limits,
      },
      ...(code === 'demo' ? otherAccounts(sandbox).map((account) => ({ ...account, ...limits })) : []),
    ],
  }));

/** Accounts of merchant `demo` besides those that every world has, and what their providers have loaded. */
export interface MoreAccounts {
  accounts(sandbox: Sandbox): MerchantConfig['accounts'];
  readonly providers: Providers;
}

export async function createTestWorld(
  name: string,
  log: pino.Logger = pino({ level: 'silent' }),
  makeDatabase: (name: string) => Promise<TestDatabase<Database>> = createTestDatabase,
  more?: MoreAccounts,
): Promise<TestWorld> {
  const [sandbox, database] = await Promise.all([startSandbox(), makeDatabase(name)]);
  await markInstallation(database.db, true);
  await makeClockMovable(database.db);
  const merchants = testMerchants(sandbox).map((merchant) =>
    merchant.code === 'demo' && more !== undefined
      ? { ...merchant, accounts: [...merchant.accounts, ...more.accounts(sandbox)] }
      : merchant,
  );
  const tenants = await syncTenants(database.db, merchants);
  const clock = createMovableClock();
  const open: { close(): Promise<void> }[] = [];
  const replica = async (differences: WorldDifferences = {}): Promise<World> => {
    const ownLog = differences.log ?? log;
    const own = {
      log: ownLog,
      clock: differences.clock ?? clock,
      alerts: createAlerts(ownLog),
      metrics: noMetrics,
    };
    // Tests make faults in a row on purpose; what a breaker does of them has tests of its own.
    const breaker = differences.breaker ?? 'never';
    const accounts = connectAccounts(
      merchants,
      tenants,
      { ...own, breaker },
      differences.providers ?? more?.providers,
    );
    const background = createBackground(own.log);
    open.push({
      close: async () => {
        await background.drain(10_000);
        await accounts.close();
      },
    });
    const { connections } = accounts;
    const differ = (connection: Connection | undefined) => connection && differing(connection, differences);
    return createWorld({
      ...own,
      db: differences.db ?? database.db,
      connections: {
        adapters: () => connections.adapters(),
        all: () => connections.all().map((connection) => differing(connection, differences)),
        find: (accountId) => differ(connections.find(accountId)),
        findByCode: (merchantId, code) => differ(connections.findByCode(merchantId, code)),
      },
      background,
    });
  };
  const world = await replica();
  const control: TestWorld['control'] = async <T>(path: string, body?: unknown, method?: string) => {
    const response = await fetch(`${sandbox.controlUrl}/control/${path}`, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`control/${path}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  };
  return {
    world,
    database,
    sandbox,
    clock,
    control,
    replica,
    async advance(seconds) {
      const { offsetSeconds } = await control<{ offsetSeconds: number }>('clock', {
        advanceSeconds: seconds,
      });
      clock.setOffsetSeconds(offsetSeconds);
      await setClockOffset(database.db, offsetSeconds);
    },
    caller: (merchant = 'demo') => ({
      viewer: {
        merchantId: tenants.merchants.get(merchant)!,
        merchantCode: merchant,
        keyId: [...tenants.keys.values()][merchant === 'demo' ? 0 : 1]!,
        keyName: 'test',
        scopes: new Set(['read', 'write']),
      },
      requestId: 'test-request',
    }),
    async payment(value, more = {}) {
      const { reference } = await control<{ reference: string }>('payments', {
        provider: 'yookassa',
        amount: { value, currency: 'RUB' },
        ...more,
      });
      return reference;
    },
    async ledgerOf(reference) {
      const { payments } = await control<{ payments: LedgerPayment[] }>(`ledger?reference=${reference}`);
      const [found] = payments;
      if (found === undefined) throw new Error(`no payment ${reference} in the ledger`);
      return found;
    },
    async close() {
      await Promise.all(open.map((each) => each.close()));
      await sandbox.close();
      await database.drop();
    },
  };
}

function differing(
  connection: Connection,
  { adapter, sendDeadlineMs: deadlineMs, minLookIntervalMs }: WorldDifferences,
): Connection {
  const { http } = connection.access;
  const patient = deadlineMs === undefined;
  return {
    ...connection,
    adapter: { ...connection.adapter, ...adapter },
    minLookIntervalMs: minLookIntervalMs ?? connection.minLookIntervalMs,
    access: patient
      ? connection.access
      : {
          ...connection.access,
          http: {
            read: (request, secrets) => http.read(request, secrets),
            send: (request, secrets, options) => http.send(request, secrets, { ...options, deadlineMs }),
            isGivenUp: () => http.isGivenUp(),
            readsWithin: (durationMs) => http.readsWithin(durationMs),
          },
        },
  };
}
