import { Client } from 'pg';
import type { ConnectionConfig } from '../src/db/connect.ts';
import { startEmbeddedPostgres } from '../src/db/embedded/start.ts';
import { temporaryDirectory } from './children.ts';
import { familyCpuMsOf, parentOf } from './process-figures.ts';

/** The PostgreSQL of a run: durable, as in production, and gone afterwards. */
export interface BenchServer {
  readonly version: string;
  /** CPU time of all its processes so far, in milliseconds. */
  cpuMs(): number;
  /** An empty database of its own. */
  database(name: string): Promise<BenchDatabase>;
  stop(): Promise<void>;
}

export interface BenchDatabase {
  readonly config: ConnectionConfig;
  readonly url: string;
  /** Runs statements without parameters and returns the rows of the last one. */
  run<Row = Record<string, unknown>>(sql: string): Promise<Row[]>;
}

const quiet = { info: () => undefined, warn: () => undefined, error: console.error };

/** Starts the server as a child of this process, so that it runs on the same core. */
export async function startServer(): Promise<BenchServer> {
  const dataDir = await temporaryDirectory('database');
  const server = await startEmbeddedPostgres({ dataDir, mode: 'own', log: quiet });
  const admin = { ...server.connection, database: 'postgres' };
  const version = await ask(admin, "current_setting('server_version')");
  const postmaster = await postmasterOf(admin);
  return {
    version,
    cpuMs: () => familyCpuMsOf(postmaster),
    async database(name) {
      await query(admin, `CREATE DATABASE ${name}`);
      const config = { ...server.connection, database: name };
      return { config, url: urlOf(config), run: (sql) => query(config, sql) };
    },
    stop: () => server.stop(),
  };
}

/** The parent of a connection's process, while the connection is open. */
async function postmasterOf(config: ConnectionConfig): Promise<number> {
  const client = new Client(config);
  await client.connect();
  try {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    return parentOf(rows[0]!.pid);
  } finally {
    await client.end();
  }
}

async function ask(config: ConnectionConfig, expression: string): Promise<string> {
  const [row] = await query<{ answer: string }>(config, `SELECT ${expression} AS answer`);
  return row!.answer;
}

async function query<Row>(config: ConnectionConfig, sql: string): Promise<Row[]> {
  const client = new Client(config);
  await client.connect();
  try {
    const result: unknown = await client.query(sql);
    const last: unknown = Array.isArray(result) ? result.at(-1) : result;
    return (last as { rows: Row[] }).rows;
  } finally {
    await client.end();
  }
}

/** A socket directory cannot be the host of a URL; pg takes it from the parameter `host`. */
export const urlOf = ({ host, port, user, password, database }: ConnectionConfig): string =>
  `postgres://${user}:${password}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`;
