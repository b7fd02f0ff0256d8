import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import type { ConnectionConfig } from '../src/db/connect.ts';
import { startEmbeddedPostgres } from '../src/db/embedded/start.ts';

/** The PostgreSQL of a run: durable, as in production, and gone afterwards. */
export interface BenchServer {
  readonly version: string;
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
  const dataDir = await mkdtemp(path.join(tmpdir(), 'refund-bench-'));
  const server = await startEmbeddedPostgres({ dataDir, mode: 'own', log: quiet });
  const admin = { ...server.connection, database: 'postgres' };
  const [row] = await query<{ version: string }>(
    admin,
    "SELECT current_setting('server_version') AS version",
  );
  return {
    version: row!.version,
    async database(name) {
      await query(admin, `CREATE DATABASE ${name}`);
      const config = { ...server.connection, database: name };
      return { config, url: urlOf(config), run: (sql) => query(config, sql) };
    },
    async stop() {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
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
const urlOf = ({ host, port, user, password, database }: ConnectionConfig): string =>
  `postgres://${user}:${password}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`;
