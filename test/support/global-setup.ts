import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Kysely } from 'kysely';
import type { TestProject } from 'vitest/node';
import { connectDatabase, type ConnectionConfig } from '../../src/db/connect.ts';
import { startEmbeddedPostgres } from '../../src/db/embedded/start.ts';
import { COMPILE_CACHE } from './child-environment.ts';
import { removeOrphans } from './orphans.ts';
import { silentLog } from './silent-log.ts';

const PREFIX = 'refund-test-';

/** The database that suites are cloned from: migrated, empty, nobody connected. */
export const TEMPLATE_DATABASE = 'test_template';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The server of this run, with a superuser and its maintenance database. */
    testServer: ConnectionConfig;
    /** Why the template could not be migrated, or empty: only suites that need a database fail then. */
    templateProblem: string;
  }
}

/** Starts one PostgreSQL server for the whole run, makes the template, and leaves nothing behind. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeOrphans(PREFIX);
  const dataDir = await mkdtemp(path.join(tmpdir(), PREFIX));
  const server = await startEmbeddedPostgres({ dataDir, mode: 'own', durable: false, log: silentLog });
  const testServer = { ...server.connection, database: 'postgres' };
  const teardown = async (): Promise<void> => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  const problem = await createTemplate(testServer).then(
    () => '',
    (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error)),
  );
  project.provide('testServer', testServer);
  // Workers inherit it; it goes with the server.
  process.env[COMPILE_CACHE] = path.join(dataDir, 'compiled');
  project.provide('templateProblem', problem);
  return teardown;
}

async function createTemplate(testServer: ConnectionConfig): Promise<void> {
  const admin = connectDatabase({ config: testServer, log: silentLog, max: 1 });
  await admin.pool.query(`CREATE DATABASE ${TEMPLATE_DATABASE}`).finally(() => admin.close());
  const template = connectDatabase<never>({
    config: { ...testServer, database: TEMPLATE_DATABASE },
    log: silentLog,
  });
  await migrate(template.db).finally(() => template.close());
}

async function migrate(db: Kysely<never>): Promise<void> {
  const { migrateToLatest } = await import('../../src/db/migrate.ts');
  await migrateToLatest(db);
}
