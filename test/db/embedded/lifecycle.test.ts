import { existsSync } from 'node:fs';
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  queryOnce,
  removeDataDir,
  serverPid,
  startedService,
  startService,
} from '../../support/service-process.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = path.join(await mkdtemp(path.join(tmpdir(), 'refund-lifecycle-')), 'data');
});
afterEach(async () => {
  await removeDataDir(dataDir);
  await removeDataDir(path.dirname(dataDir));
});

describe('a service with the embedded PostgreSQL', () => {
  it('starts in a directory that does not exist, with a database of version 18', async () => {
    const { ready } = await startedService({ dataDir, mode: 'own' });
    expect(ready.owned).toBe(true);
    const [row] = await queryOnce(
      ready.connection,
      `SELECT current_setting('server_version_num')::int / 10000 AS major, pg_encoding_to_char(encoding) AS encoding,
              datlocprovider AS provider, datlocale AS locale FROM pg_database WHERE datname = current_database()`,
    );
    expect(row).toEqual({ major: 18, encoding: 'UTF8', provider: 'b', locale: 'C.UTF-8' });
  });

  it('keeps its data over an orderly stop, which leaves no process and no socket', async () => {
    const first = await startedService({ dataDir, mode: 'own', durable: true });
    await queryOnce(first.ready.connection, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const pid = await serverPid(dataDir);
    expect(pid).toBeTypeOf('number');
    expect(await first.stop()).toBe(0);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(existsSync(first.ready.connection.host)).toBe(false);
    expect(await readdir(dataDir)).not.toContain('run');

    const second = await startedService({ dataDir, mode: 'own', durable: true });
    expect(await queryOnce(second.ready.connection, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('is taken over with its data by the next start after kill -9 of the service', async () => {
    const first = await startedService({ dataDir, mode: 'own' });
    await queryOnce(first.ready.connection, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const pid = await serverPid(dataDir);
    await first.kill();
    expect(await serverPid(dataDir)).toBe(pid);

    const second = await startedService({ dataDir, mode: 'own' });
    expect(second.ready.owned).toBe(true);
    expect(await serverPid(dataDir)).toBe(pid);
    expect(await queryOnce(second.ready.connection, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await second.waitFor((event) => event.event === 'log' && event.message.includes('taken over'));
    expect(await second.stop()).toBe(0);
    expect(await serverPid(dataDir)).toBeUndefined();
  });

  it('refuses a second service, naming the directory, the owner and the ways out', async () => {
    const first = await startedService({ dataDir, mode: 'own' });
    const refused = await startService({ dataDir, mode: 'own' }).outcome;
    expect(refused).toMatchObject({ event: 'failed', code: 'IN_USE' });
    const message = refused.event === 'failed' ? refused.message : '';
    for (const part of [dataDir, `pid ${first.pid}`, 'DATA_DIR', 'DATABASE_URL'])
      expect(message).toContain(part);
    expect(await queryOnce(first.ready.connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('learns that another service took over while it was cut off, and leaves the server alone', async () => {
    const first = await startedService({ dataDir, mode: 'own' });
    process.kill(first.pid, 'SIGSTOP');
    await queryOnce(
      first.ready.connection,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'pid ${first.pid} %'`,
    );
    const second = await startedService({ dataDir, mode: 'own' });
    process.kill(first.pid, 'SIGCONT');
    const lost = await first.waitFor((event) => event.event === 'lost');
    expect(lost.event === 'lost' && lost.message).toContain(`pid ${second.pid}`);
    expect(await first.stop()).toBe(0);
    expect(await queryOnce(second.ready.connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it.each(['an empty directory', 'existing data', 'the server of a dead service'])(
    'lets exactly one of four services win that start at the same moment on %s',
    async (state) => {
      if (state !== 'an empty directory') {
        const before = await startedService({ dataDir, mode: 'own' });
        if (state === 'existing data') await before.stop();
        else await before.kill();
      }
      const services = [1, 2, 3, 4].map(() => startService({ dataDir, mode: 'own' }));
      const outcomes = await Promise.all(services.map((service) => service.outcome));
      const ready = outcomes.filter((outcome) => outcome.event === 'ready');
      expect(ready).toHaveLength(1);
      expect(
        outcomes.filter((outcome) => outcome.event === 'failed' && outcome.code === 'IN_USE'),
      ).toHaveLength(3);
      expect(await queryOnce(ready[0]!.connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    },
  );

  it('lets a worker attach to the server of a service without owning or stopping it', async () => {
    const service = await startedService({ dataDir, mode: 'own' });
    const worker = await startedService({ dataDir, mode: 'attach' });
    expect(worker.ready.owned).toBe(false);
    expect(await queryOnce(worker.ready.connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await worker.stop()).toBe(0);
    expect(await queryOnce(service.ready.connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('is started by a migration that runs alone, and stopped by it again', async () => {
    const migration = await startedService({ dataDir, mode: 'attach' });
    expect(await queryOnce(migration.ready.connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await migration.stop()).toBe(0);
    expect(await serverPid(dataDir)).toBeUndefined();
  });

  it('stays when the migration that started it ends after a service took it over', async () => {
    const migration = await startedService({ dataDir, mode: 'attach' });
    const service = await startedService({ dataDir, mode: 'own' });
    expect(await migration.stop()).toBe(0);
    expect(await queryOnce(service.ready.connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await service.stop()).toBe(0);
    expect(await serverPid(dataDir)).toBeUndefined();
  });
});
