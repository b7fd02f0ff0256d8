import { createServer } from 'node:net';
import { once } from 'node:events';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDatabase } from '../../src/db/connect.ts';
import { isDatabaseUnavailable } from '../../src/db/unavailable.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import type { Database } from '../../src/db/tables.ts';
import { silentLog } from '../support/silent-log.ts';

let database: TestDatabase<Database>;
beforeAll(async () => {
  database = await createTestDatabase('unavailable');
});
afterAll(() => database.drop());

const failureOf = (task: Promise<unknown>): Promise<unknown> =>
  task.then(
    () => 'no failure',
    (error: unknown) => error,
  );

describe('a database that is not available', () => {
  it('is recognised when nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    server.close();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const pool = connectDatabase({
      config: { ...database.config, host: '127.0.0.1', port: address.port },
      log: silentLog,
    });
    expect(isDatabaseUnavailable(await failureOf(sql`SELECT 1`.execute(pool.db)))).toBe(true);
    await pool.close();
  });

  it('is recognised when a connection is cut in the middle of a statement', async () => {
    const pool = connectDatabase<Database>({
      config: database.config,
      log: silentLog,
      max: 1,
      applicationName: 'victim',
    });
    const failure = failureOf(sql`SELECT pg_sleep(60)`.execute(pool.db));
    for (;;) {
      const { rows } = await sql<{ killed: boolean }>`
        SELECT pg_terminate_backend(pid) AS killed FROM pg_stat_activity
        WHERE application_name = 'victim' AND state = 'active'`.execute(database.db);
      if (rows.length > 0) break;
    }
    expect(isDatabaseUnavailable(await failure)).toBe(true);
    await pool.close();
  });

  it('is recognised when the pool is exhausted', async () => {
    const pool = connectDatabase<Database>({
      config: database.config,
      log: silentLog,
      max: 1,
      connectTimeoutMs: 1_000,
    });
    const held = await pool.pool.connect();
    expect(isDatabaseUnavailable(await failureOf(sql`SELECT 1`.execute(pool.db)))).toBe(true);
    held.release();
    await pool.close();
    expect(isDatabaseUnavailable(await failureOf(sql`SELECT 1`.execute(pool.db)))).toBe(true);
  });

  it('is recognised when a statement or a lock takes too long', async () => {
    const pool = connectDatabase<Database>({
      config: database.config,
      log: silentLog,
      statementTimeoutMs: 50,
    });
    expect(isDatabaseUnavailable(await failureOf(sql`SELECT pg_sleep(60)`.execute(pool.db)))).toBe(true);
    await pool.close();
  });

  it.each([
    ['a broken statement', 'SELEKT'],
    ['a missing table', 'SELECT * FROM nothing_here'],
    ['a broken constraint', "INSERT INTO merchants VALUES (gen_random_uuid(), NULL, '')"],
    ['a number that is none', "SELECT 'x'::int"],
  ])('is not to blame for %s', async (_what, statement) => {
    const failure = await failureOf(sql.raw(statement).execute(database.db));
    expect(failure).toBeInstanceOf(Error);
    expect(isDatabaseUnavailable(failure)).toBe(false);
  });

  it.each([
    new TypeError('x is not a function'),
    Object.assign(new Error('no file'), { code: 'ENOENT' }),
    'text',
    undefined,
  ])('is not to blame for %s', (error) => expect(isDatabaseUnavailable(error)).toBe(false));
});
