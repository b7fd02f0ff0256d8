import { Kysely, PostgresDialect } from 'kysely';
import type { Pool, PoolConfig } from 'pg';
import { GuardedPool } from './guarded-pool.ts';
import { registerPool } from './in-transaction.ts';
import type { DatabaseLog } from './log.ts';
import { columnTypes } from './pg-types.ts';
import { statementPool } from './statement-pool.ts';

const STATEMENT_TIMEOUT_MS = 15_000;

/** Where a server is, when not by URL; what the embedded server returns fits. */
export interface ConnectionConfig {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}

/** Exactly one of `connectionString` and `config`. A timeout of 0 leaves what the server or the role says. */
export interface ConnectOptions {
  connectionString?: string;
  config?: ConnectionConfig;
  log: DatabaseLog;
  /** Most connections at once; default 16. */
  max?: number;
  /** Default 15 000. A statement that has no answer 5 s after this limit fails on our side, with its connection. */
  statementTimeoutMs?: number;
  lockTimeoutMs?: number;
  idleInTransactionTimeoutMs?: number;
  /** How long a query waits for a free or a new connection before it fails; default 5 000. */
  connectTimeoutMs?: number;
  applicationName?: string;
  /** Named statements; default true, false behind a pooler in transaction mode (`DB_PREPARED=0`). */
  preparedStatements?: boolean;
  /** Hears every statement that Kysely sends. */
  onQuery?: (sql: string) => void;
}

/** A database and the pool under it. `close` waits for borrowed connections; nothing works after it. */
export interface ConnectedDatabase<DB> {
  db: Kysely<DB>;
  pool: Pool;
  close(): Promise<void>;
}

/**
 * Opens a pool and Kysely over it. Connects with the first query, so it never fails by itself.
 *
 * Limits travel as the startup parameter `options`, so that they need no statement and no session state. PgBouncer must
 * be told to let it pass (`ignore_startup_parameters = options`); then set the same limits on the role.
 */
export function connectDatabase<DB>(options: ConnectOptions): ConnectedDatabase<DB> {
  const pool = new GuardedPool(
    {
      ...target(options),
      max: options.max ?? 16,
      connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
      ...answerLimit(options),
      application_name: options.applicationName ?? 'refund-federation',
      keepAlive: true,
      types: columnTypes,
    },
    options.log,
  );
  const statements = statementPool(pool, {
    named: options.preparedStatements ?? true,
    onQuery: options.onQuery,
  });
  const db = new Kysely<DB>({ dialect: new PostgresDialect({ pool: statements }) });
  registerPool(db, pool);
  let closing: Promise<void> | undefined;
  // Not db.destroy(): it leaves the pool open when Kysely has not sent anything yet.
  return { db, pool, close: () => (closing ??= pool.end()) };
}

/** Connections of a pool now. */
export interface PoolCounts {
  readonly total: number;
  readonly idle: number;
  /** Queries that wait for a connection. */
  readonly waiting: number;
}

export const countsOf = (pool: Pool): PoolCounts => ({
  total: pool.totalCount,
  idle: pool.idleCount,
  waiting: pool.waitingCount,
});

function target(options: ConnectOptions): PoolConfig {
  const limits = sessionLimits(options);
  if (options.connectionString === undefined) {
    if (options.config === undefined)
      throw new TypeError('connectDatabase needs a connectionString or a config.');
    return { ...options.config, ...(limits === '' ? {} : { options: limits }) };
  }
  // What a URL says outranks everything beside it, so options of its own are joined with ours there, and come last: they win.
  const url = URL.canParse(options.connectionString) ? new URL(options.connectionString) : undefined;
  const own = url?.searchParams.get('options');
  if (url === undefined || own === undefined || own === null) {
    return { connectionString: options.connectionString, ...(limits === '' ? {} : { options: limits }) };
  }
  url.searchParams.set('options', `${limits} ${own}`.trim());
  return { connectionString: url.toString() };
}

/** How much longer than the server's own limit this side waits for an answer: then the network has lost it. */
const ANSWER_GRACE_MS = 5_000;

/** A network that swallows everything would hold a connection for a quarter of an hour, until TCP gives up. */
const answerLimit = ({ statementTimeoutMs = STATEMENT_TIMEOUT_MS }: ConnectOptions): PoolConfig =>
  statementTimeoutMs > 0 ? { query_timeout: statementTimeoutMs + ANSWER_GRACE_MS } : {};

function sessionLimits(options: ConnectOptions): string {
  const limits: [string, number][] = [
    ['statement_timeout', options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS],
    ['lock_timeout', options.lockTimeoutMs ?? 5_000],
    ['idle_in_transaction_session_timeout', options.idleInTransactionTimeoutMs ?? 15_000],
  ];
  return limits
    .filter(([, ms]) => ms > 0)
    .map(([name, ms]) => `-c ${name}=${ms}`)
    .join(' ');
}
