import { PassThrough } from 'node:stream';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApp, type App } from '../../src/app.ts';
import type { Config } from '../../src/config.ts';
import { connectDatabase } from '../../src/db/connect.ts';
import { createLog } from '../../src/log.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { silentLog } from '../support/silent-log.ts';
import type { Database } from '../../src/db/tables.ts';
import { configOf, KEY } from './app-config.ts';
import { graphql } from './service.ts';

let database: TestDatabase<Database>;
let apps: App[];
let lines: string[];
beforeEach(async () => {
  database = await createTestDatabase('app');
  apps = [];
  lines = [];
});
afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await database.drop();
});

async function started(change: Partial<Config> = {}): Promise<App> {
  const destination = new PassThrough();
  destination.on('data', (chunk: Buffer) => lines.push(chunk.toString('utf8')));
  const app = await startApp(configOf(database, change), { log: createLog({ level: 'debug', destination }) });
  apps.push(app);
  return app;
}

const accounts = (app: App) => graphql(app.url, '{ accounts { nodes { code } } }', {}, KEY);
const ACME = { data: { accounts: { nodes: [{ code: 'acme-shop' }] } } };
const readyStatus = async (app: App): Promise<number> => (await fetch(`${app.url}/ready`)).status;

/** Takes the database away from everybody, or gives it back. */
async function allowConnections(allowed: boolean): Promise<void> {
  const admin = connectDatabase({
    config: { ...database.config, database: 'postgres' },
    log: silentLog,
    max: 1,
  });
  await admin.pool.query(`ALTER DATABASE ${database.config.database} ALLOW_CONNECTIONS ${String(allowed)}`);
  const name = database.config.database;
  if (!allowed)
    await admin.pool.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
      name,
    ]);
  await admin.close();
}

describe('the app', () => {
  it('serves several replicas that start at once on an empty database', async () => {
    await sql`DROP SCHEMA public CASCADE`.execute(database.db);
    await sql`CREATE SCHEMA public`.execute(database.db);
    const replicas = await Promise.all(Array.from({ length: 5 }, () => started()));
    for (const replica of replicas) expect(await accounts(replica)).toEqual(ACME);
    expect(await database.db.selectFrom('accounts').select('code').execute()).toEqual([
      { code: 'acme-shop' },
    ]);
  });

  it('says that the database is away, lives on, and works again when it is back', async () => {
    const app = await started();
    expect(await readyStatus(app)).toBe(200);
    await allowConnections(false);
    const answer = await accounts(app);
    expect(answer.errors?.map(({ extensions }) => extensions)).toEqual([
      { code: 'DATABASE_UNAVAILABLE', retry: 'SAME_KEY' },
    ]);
    while ((await readyStatus(app)) !== 503);
    expect((await fetch(`${app.url}/live`)).status).toBe(200);
    await allowConnections(true);
    while ((await readyStatus(app)) !== 200);
    expect(await accounts(app)).toEqual(ACME);
  });

  it('has neither GraphiQL nor a movable clock unless it was asked for', async () => {
    const app = await started();
    expect((await fetch(`${app.url}/graphql`, { headers: { accept: 'text/html' } })).status).toBe(401);
    expect((await fetch(`${app.url}/demo/clock`, { method: 'POST' })).status).toBe(404);
    await expect(app.moveClock(1)).rejects.toThrow(TypeError);
  });

  it('leaves no connection behind when it closes, and closes once', async () => {
    const app = await started();
    await accounts(app);
    await Promise.all([app.close(), app.close()]);
    await expect(fetch(`${app.url}/live`)).rejects.toThrow();
    const { rows } = await sql`
      SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`.execute(
      database.db,
    );
    expect(rows).toEqual([]);
  });

  it('leaves nothing behind when its start fails', async () => {
    const first = await started();
    await expect(started({ port: first.port })).rejects.toThrow(/EADDRINUSE/);
    await first.close();
    const { rows } = await sql`
      SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`.execute(
      database.db,
    );
    expect(rows).toEqual([]);
  });

  it('writes no secret into its log', async () => {
    const app = await started();
    await accounts(app);
    await graphql(app.url, '{ viewer { merchant { code } } }', { secret: 'canary-variable' }, KEY);
    expect(lines.join('')).toContain('"msg":"request"');
    expect(lines.join('')).not.toContain('canary');
    expect(lines.join('')).not.toContain(KEY);
  });
});
