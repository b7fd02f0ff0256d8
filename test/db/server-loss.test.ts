import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDatabase, type ConnectedDatabase } from '../../src/db/connect.ts';
import { removeDataDir, serverPid, startedService } from '../support/service-process.ts';

let dataDir: string;
let service: Awaited<ReturnType<typeof startedService>>;
let database: ConnectedDatabase<unknown>;
const warnings: string[] = [];
beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'refund-loss-'));
  service = await startedService({ dataDir, mode: 'own', durable: true });
  const heard = (_fields: unknown, message: string): void => void warnings.push(message);
  database = connectDatabase({
    config: service.ready.connection,
    log: { info: heard, warn: heard, error: heard },
  });
});
afterAll(async () => {
  await database.close();
  await removeDataDir(dataDir);
});

describe('an immediate stop of PostgreSQL', () => {
  it('fails what is under way, keeps the process alive, and is over when the server is back', async () => {
    await sql`CREATE TABLE kept AS SELECT 42 AS answer`.execute(database.db);
    const idle = await database.pool.connect();
    idle.release();
    const reached = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    const transaction = database.db.transaction().execute(async (open) => {
      await sql`INSERT INTO kept VALUES (43)`.execute(open);
      reached.resolve();
      await stopped.promise;
      await sql`SELECT 1`.execute(open);
    });
    await reached.promise;

    process.kill((await serverPid(dataDir))!, 'SIGQUIT');
    await service.waitFor((event) => event.event === 'log' && event.message.includes('owned again'));
    stopped.resolve();
    await expect(transaction).rejects.toThrow();

    const { rows } = await sql`SELECT answer FROM kept`.execute(database.db);
    expect(rows).toEqual([{ answer: 42 }]);
    expect(warnings.some((message) => message.startsWith('database connection lost'))).toBe(true);
  });
});
