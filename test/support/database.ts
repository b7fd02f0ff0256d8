import { randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Pool } from 'pg';
import { inject } from 'vitest';
import { connectDatabase, type ConnectionConfig, type ConnectOptions } from '../../src/db/connect.ts';
import type { Database as Tables } from '../../src/db/tables.ts';
import { TEMPLATE_DATABASE } from './global-setup.ts';
import { silentLog } from './silent-log.ts';

/** A migrated, empty database of one suite on the server of this run. */
export interface TestDatabase<DB> {
  db: Kysely<DB>;
  pool: Pool;
  /** For further connections and child processes. */
  config: ConnectionConfig;
  /** The same as a URL. */
  connectionString: string;
  /** Closes `db` and removes the database, whoever else is connected. */
  drop(): Promise<void>;
}

/**
 * Clones the migrated template; takes some 30 ms. Call it in `beforeAll` and `drop` in `afterAll`. `name` is a hint that
 * makes the database recognisable; `options` go to `connectDatabase`.
 */
export async function createTestDatabase<DB = Tables>(
  name = 'suite',
  options: Partial<ConnectOptions> = {},
): Promise<TestDatabase<DB>> {
  const problem = inject('templateProblem');
  if (problem !== '') throw new Error(`The template database could not be migrated: ${problem}`);
  return clone<DB>(TEMPLATE_DATABASE, name, options);
}

/**
 * A copy of a database as it is now, as a backup would have it. Connections to the original are cut for that; its
 * pool opens new ones.
 */
export async function copyTestDatabase<DB>(of: TestDatabase<DB>, name = 'copy'): Promise<TestDatabase<DB>> {
  const original = of.config.database;
  if (original === undefined) throw new Error('a test database has a name');
  const server = inject('testServer');
  const others = `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${original}'`;
  // Whoever works on it would be back before the copy begins.
  await onServer(server, `ALTER DATABASE ${original} ALLOW_CONNECTIONS false`);
  try {
    await onServer(server, others);
    return await clone<DB>(original, name, {});
  } finally {
    await onServer(server, `ALTER DATABASE ${original} ALLOW_CONNECTIONS true`);
  }
}

async function clone<DB>(
  template: string,
  name: string,
  options: Partial<ConnectOptions>,
): Promise<TestDatabase<DB>> {
  const server = inject('testServer');
  const database = `${name.replaceAll(/\W/g, '_').toLowerCase().slice(0, 40)}_${randomBytes(6).toString('hex')}`;
  await onServer(server, `CREATE DATABASE ${database} TEMPLATE ${template}`);
  const config = { ...server, database };
  const opened = connectDatabase<DB>({ config, log: silentLog, ...options });
  return {
    db: opened.db,
    pool: opened.pool,
    config,
    connectionString: urlOf(config),
    async drop() {
      await opened.close();
      await onServer(server, `DROP DATABASE ${database} WITH (FORCE)`);
    },
  };
}

async function onServer(server: ConnectionConfig, statement: string): Promise<void> {
  const admin = connectDatabase({
    config: server,
    log: silentLog,
    max: 1,
    statementTimeoutMs: 60_000,
    lockTimeoutMs: 0,
  });
  await admin.pool.query(statement).finally(() => admin.close());
}

/** A socket directory cannot be the host of a URL; pg takes it from the parameter `host`. */
function urlOf(config: ConnectionConfig): string {
  const { host, port, user, password, database } = config;
  return `postgres://${user}:${password}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`;
}
