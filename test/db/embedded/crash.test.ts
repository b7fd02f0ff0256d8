import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  queryOnce,
  removeDataDir,
  serverPid,
  startedService,
  startService,
} from '../../support/service-process.ts';

let dataDir: string;
let bystander: ChildProcess | undefined;
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'refund-crash-'));
});
afterEach(async () => {
  bystander?.kill('SIGKILL');
  await removeDataDir(dataDir);
});

const pidFile = (): string => path.join(dataDir, 'postgres', 'postmaster.pid');

/** Kills service and server at once, as a power cut would, and waits until both are gone. */
async function crashWith(statement: string): Promise<void> {
  const service = await startedService({ dataDir, mode: 'own', durable: true });
  await queryOnce(service.ready.connection, statement);
  const pid = await serverPid(dataDir);
  await service.kill();
  process.kill(pid!, 'SIGKILL');
  while ((await serverPid(dataDir)) !== undefined) await delay(20);
}

describe('after a crash', () => {
  it('recovers what was committed when service and server were killed', async () => {
    await crashWith('CREATE TABLE kept AS SELECT 42 AS answer');
    expect(existsSync(pidFile())).toBe(true);
    const service = await startedService({ dataDir, mode: 'own' });
    expect(await queryOnce(service.ready.connection, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('does not take another program for the server when it got the number in postmaster.pid', async () => {
    await crashWith('CREATE TABLE kept AS SELECT 42 AS answer');
    bystander = spawn('sleep', ['600'], { stdio: 'ignore' });
    const lines = (await readFile(pidFile(), 'utf8')).split('\n');
    const socketLock = path.join(lines[4]!, `.s.PGSQL.${lines[3]}.lock`);
    const reused = [String(bystander.pid), ...lines.slice(1)].join('\n');
    await writeFile(pidFile(), reused);
    await writeFile(socketLock, reused);

    const service = await startedService({ dataDir, mode: 'own' });
    expect(await queryOnce(service.ready.connection, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    expect(await service.stop()).toBe(0);
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
  });

  it('does not take the server of another data directory for its own', async () => {
    const other = await mkdtemp(path.join(tmpdir(), 'refund-crash-'));
    try {
      const neighbour = await startedService({ dataDir: other, mode: 'own' });
      await crashWith('CREATE TABLE kept AS SELECT 42 AS answer');
      const lines = (await readFile(pidFile(), 'utf8')).split('\n');
      await writeFile(pidFile(), [String(await serverPid(other)), ...lines.slice(1)].join('\n'));

      const service = await startedService({ dataDir, mode: 'own' });
      expect(await queryOnce(service.ready.connection, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
      expect(await service.stop()).toBe(0);
      expect(await queryOnce(neighbour.ready.connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      await removeDataDir(other);
    }
  });

  it('never starts a second server while one that it cannot see, as in another container, has the data', async () => {
    const service = await startedService({ dataDir, mode: 'own' });
    await service.kill();
    const content = await readFile(pidFile(), 'utf8');
    await writeFile(pidFile(), content.replace(/^\d+/, '4194000'));
    const refused = await startService({ dataDir, mode: 'own' }).outcome;
    await writeFile(pidFile(), content);
    expect(refused).toMatchObject({ event: 'failed', code: 'IN_USE' });
    expect(refused.event === 'failed' && refused.message).toContain('container');
    expect(await queryOnce(service.ready.connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('builds the cluster anew when the service was killed while building it', async () => {
    const service = startService({ dataDir, mode: 'own' });
    const drafts = async (): Promise<string[]> =>
      (await readdir(dataDir)).filter((name) => name.startsWith('.postgres-init-'));
    while ((await drafts()).length === 0) await delay(5);
    await service.kill();
    expect(existsSync(path.join(dataDir, 'postgres'))).toBe(false);

    const next = await startedService({ dataDir, mode: 'own' });
    expect(await queryOnce(next.ready.connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await drafts()).toEqual([]);
  });

  it('starts the server again when only the server dies, and still owns it', async () => {
    const service = await startedService({ dataDir, mode: 'own' });
    const before = await serverPid(dataDir);
    process.kill(before!, 'SIGQUIT');
    await service.waitFor((event) => event.event === 'log' && event.message.includes('owned again'));
    expect(await serverPid(dataDir)).not.toBe(before);
    expect(await queryOnce(service.ready.connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await startService({ dataDir, mode: 'own' }).outcome).toMatchObject({ code: 'IN_USE' });
    expect(await service.stop()).toBe(0);
    expect(await serverPid(dataDir)).toBeUndefined();
  });

  it('owns the server again when only its own session was cut', async () => {
    const service = await startedService({ dataDir, mode: 'own' });
    await queryOnce(
      service.ready.connection,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'pid ${service.pid} %'`,
    );
    await service.waitFor((event) => event.event === 'log' && event.message.includes('owned again'));
    expect(await startService({ dataDir, mode: 'own' }).outcome).toMatchObject({ code: 'IN_USE' });
  });

  it('says so when the password does not fit the data', async () => {
    await crashWith('SELECT 1');
    await writeFile(path.join(dataDir, 'postgres.password'), 'another password\n');
    const refused = await startService({ dataDir, mode: 'own' }).outcome;
    expect(refused).toMatchObject({ event: 'failed', code: 'START_FAILED' });
    expect(refused.event === 'failed' && refused.message).toContain('password');
  });
});
