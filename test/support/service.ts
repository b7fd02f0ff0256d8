import { PassThrough } from 'node:stream';
import { startApp, type App, type AppOptions } from '../../src/app.ts';
import type { Config } from '../../src/config.ts';
import { createLog } from '../../src/log.ts';
import { startSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import type { Database } from '../../src/db/tables.ts';
import { providers, type Providers } from '../../src/providers/registry.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { testMerchants, type LedgerPayment } from './world.ts';

/** The whole service as it is shipped, on a database of its own, with the sandbox behind it. */
export interface TestService {
  readonly app: App;
  readonly sandbox: Sandbox;
  readonly database: TestDatabase<Database>;
  /** Posts one operation; `merchant` chooses whose key. */
  graphql<T = Record<string, never>>(
    query: string,
    variables?: Record<string, unknown>,
    merchant?: 'demo' | 'other',
    /** Absent: the service itself. */
    at?: App,
  ): Promise<GraphqlResponse<T>>;
  control<T = unknown>(path: string, body?: unknown, method?: string): Promise<T>;
  /** The control API of the sandbox itself. */
  readonly sandboxControl: TestService['control'];
  /** What is registered. */
  readonly providers: Providers;
  /** What a child process needs to know besides. */
  readonly killable: { readonly providersModule?: string };
  /** The configuration with which it was started. */
  readonly config: Config;
  /** Another process of the service, as it were: its own memory and connections on the same database and provider. */
  startReplica(options?: Partial<AppOptions>): Promise<App>;
  payment(value: string, more?: Record<string, unknown>): Promise<string>;
  ledgerOf(reference: string): Promise<LedgerPayment>;
  /** Every line that the service has logged, or those after the first so many. */
  logged(from?: number): string;
  /** How many lines those are. */
  logLength(): number;
  close(): Promise<void>;
}

export interface GraphqlResponse<T> {
  readonly status: number;
  readonly data: T;
  readonly errors?: readonly { readonly message: string; readonly extensions: Record<string, unknown> }[];
}

/**
 * @param more what differs from the configuration of all such services
 * @param options how it is started, besides its log
 */
export async function createTestService(
  name: string,
  more: Partial<Config> | ((sandbox: Sandbox) => Partial<Config>) = {},
  options: Partial<AppOptions> = {},
): Promise<TestService> {
  const [sandbox, database] = await Promise.all([startSandbox(), createTestDatabase(name)]);
  const lines: string[] = [];
  const destination = new PassThrough();
  destination.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
  const config: Config = {
    host: '127.0.0.1',
    port: 0,
    database: { kind: 'url', url: database.connectionString },
    dataDir: '/nonexistent',
    demo: false,
    sandboxPort: 0,
    logLevel: 'trace',
    prepared: true,
    poolSize: 16,
    maxInflightRequests: 256,
    shutdownGraceMs: 10_000,
    // Nothing happens but what a test asks for.
    engine: false,
    merchants: testMerchants(sandbox),
    ...(typeof more === 'function' ? more(sandbox) : more),
  };
  const log = createLog({ level: 'trace', destination });
  const app = await startApp(config, { log, ...options });
  const control: TestService['control'] = async <T>(path: string, body?: unknown, method?: string) => {
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
    app,
    sandbox,
    database,
    control,
    sandboxControl: control,
    providers: options.providers ?? providers,
    killable: {},
    config,
    startReplica: (differences = {}) => startApp(config, { log, ...options, ...differences }),
    async graphql(query, variables = {}, merchant = 'demo', at = app) {
      const response = await fetch(`${at.url}/graphql`, {
        method: 'POST',
        headers: { authorization: `Bearer rf_test_${merchant}`, 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      return { status: response.status, ...((await response.json()) as { data: never }) };
    },
    async payment(value, more = {}) {
      const created = await control<{ reference: string }>('payments', {
        provider: 'yookassa',
        amount: { value, currency: 'RUB' },
        ...more,
      });
      return created.reference;
    },
    async ledgerOf(reference) {
      const { payments } = await control<{ payments: LedgerPayment[] }>(
        `ledger?provider=yookassa&reference=${reference}`,
      );
      return payments[0]!;
    },
    logged: (from = 0) => lines.slice(from).join(''),
    logLength: () => lines.length,
    async close() {
      await app.close();
      await sandbox.close();
      await database.drop();
    },
  };
}

export const createRefundMutation = `mutation ($input: CreateRefundInput!) {
  createRefund(input: $input) {
    replayed
    refund { id status isFinal moneyMovement amount { value currency minorUnits } returned { value } sources { seller }
      payment { id refunded { value } reserved { value } refundable { value } } }
    errors { __typename code message path retry
      ... on AmountExceedsRefundable { refundable { value } }
      ... on IdempotencyKeyReused { existing { id } } }
  }
}`;

let keys = 0;

/** An input of createRefund that is right but for what `more` replaces; `value` may be `remaining`. */
export const refundInput = (
  paymentId: string,
  value: string,
  more: Record<string, unknown> = {},
): Record<string, unknown> => ({
  idempotencyKey: `over-http-${(keys += 1)}`,
  payment: { provider: { account: 'yookassa-demo', paymentId } },
  amount: value === 'remaining' ? { remaining: true } : { money: { value, currency: 'RUB' } },
  reason: 'REQUESTED_BY_CUSTOMER',
  ...more,
});
