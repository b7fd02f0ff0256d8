import { chmod, cp, lstat, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findBinaries } from '../../../src/db/embedded/binaries.ts';
import { locateHome } from '../../../src/db/embedded/home.ts';
import { canWork, listSystemUsers, namespaceUser } from '../../../src/db/embedded/server-user.ts';
import { run } from '../../../src/db/embedded/run.ts';
import {
  queryOnce,
  removeDataDir,
  serverPid,
  startedService,
  startService,
} from '../../support/service-process.ts';

const isRoot = process.geteuid?.() === 0;
const nobody = (await listSystemUsers()).find((user) => user.name === 'nobody');
const hasNamespaces = isRoot && (await canWork(await namespaceUser(), '/bin/true', '/'));
const ONE = 'SELECT 1 AS one';

let parent: string;
beforeEach(async () => {
  // mkdtemp makes it 0700: nobody else can pass through.
  parent = await mkdtemp(path.join(tmpdir(), 'refund-places-'));
});
afterEach(async () => {
  await removeDataDir(path.join(parent, 'data'));
  await removeDataDir(parent);
});

describe('the place of the embedded PostgreSQL', () => {
  it('may be below a directory that other users cannot enter', async () => {
    expect((await stat(parent)).mode & 0o777).toBe(0o700);
    const service = await startedService({ dataDir: path.join(parent, 'data'), mode: 'own' });
    expect(service.ready.connection.host).toBe(path.join(parent, 'data', 'run'));
    expect((await stat(service.ready.connection.host)).mode & 0o777).toBe(0o700);
    expect((await stat(path.join(parent, 'data', 'postgres.password'))).mode & 0o777).toBe(0o600);
    expect(await queryOnce(service.ready.connection, ONE)).toEqual([{ one: 1 }]);
  });

  it('may have a path too long for a socket: the socket goes to a short private one', async () => {
    const dataDir = path.join(parent, 'd'.repeat(120));
    const service = await startedService({ dataDir, mode: 'own' });
    const { host } = service.ready.connection;
    expect(host.startsWith(tmpdir())).toBe(true);
    expect((await stat(host)).mode & 0o777).toBe(0o700);
    expect(await queryOnce(service.ready.connection, ONE)).toEqual([{ one: 1 }]);
    expect(await service.stop()).toBe(0);
    await expect(stat(host)).rejects.toThrow('ENOENT');
  });

  it('is a loopback port with a password when no private socket directory can be had', async () => {
    const dataDir = path.join(parent, 'd'.repeat(120));
    const first = await startedService({ dataDir, mode: 'own' });
    const { host } = first.ready.connection;
    await first.stop();
    await writeFile(host, 'someone else was here first');
    try {
      const service = await startedService({ dataDir, mode: 'own' });
      const { connection } = service.ready;
      expect(connection.host).toBe('127.0.0.1');
      expect(await queryOnce(connection, ONE)).toEqual([{ one: 1 }]);
      await expect(queryOnce({ ...connection, password: 'guessed' }, ONE)).rejects.toThrow('password');
      process.kill((await serverPid(dataDir))!, 'SIGQUIT');
      await service.waitFor((event) => event.event === 'log' && event.message.includes('owned again'));
      expect(await queryOnce(connection, ONE)).toEqual([{ one: 1 }]);
      expect(await service.stop()).toBe(0);
    } finally {
      await removeDataDir(dataDir);
      await rm(host);
    }
  });

  it('is not a socket directory that someone else has prepared', async () => {
    if (!isRoot || nobody === undefined) return;
    const dataDir = path.join(parent, 'd'.repeat(120));
    const first = await startedService({ dataDir, mode: 'own' });
    const { host } = first.ready.connection;
    await first.stop();
    await mkdir(host, { mode: 0o777 });
    await run({ file: 'chown', args: [nobody.name, host] });
    try {
      const service = await startedService({ dataDir, mode: 'own' });
      expect(service.ready.connection.host).not.toBe(host);
      await service.stop();
    } finally {
      await removeDataDir(dataDir);
      await rm(host, { recursive: true });
    }
  });

  it('that cannot be written is refused with the reason', async () => {
    await chmod(parent, 0o555);
    const rights = isRoot && nobody !== undefined ? { uid: nobody.uid, gid: nobody.gid } : {};
    const refused = await startService({ dataDir: path.join(parent, 'data'), mode: 'own', ...rights })
      .outcome;
    await chmod(parent, 0o700);
    expect(refused).toMatchObject({ event: 'failed', code: 'INIT_FAILED' });
    expect(refused.event === 'failed' && refused.message).toMatch(/permission denied.*DATA_DIR/);
  });

  it.runIf(isRoot)('on a full disk is refused with the reason, and works once there is space', async () => {
    const mounted = await run({ file: 'mount', args: ['-t', 'tmpfs', '-o', 'size=12m', 'none', parent] });
    if (mounted.code !== 0) return;
    const dataDir = path.join(parent, 'data');
    try {
      const refused = await startService({ dataDir, mode: 'own' }).outcome;
      expect(refused).toMatchObject({ event: 'failed', code: 'INIT_FAILED' });
      expect(refused.event === 'failed' && refused.message).toMatch(/no space left/i);
      await run({ file: 'mount', args: ['-o', 'remount,size=200m', parent] });
      const service = await startedService({ dataDir, mode: 'own' });
      expect(await queryOnce(service.ready.connection, ONE)).toEqual([{ one: 1 }]);
      expect(await service.stop()).toBe(0);

      await run({ file: 'sh', args: ['-c', `cat /dev/zero > "${parent}/filler"`] });
      const full = await startService({ dataDir, mode: 'own' }).outcome;
      expect(full.event === 'failed' && full.message).toMatch(/disk is full|no space/i);
    } finally {
      await removeDataDir(dataDir);
      await run({ file: 'umount', args: [parent] });
    }
  });
});

describe('the embedded PostgreSQL of an ordinary user', () => {
  it.runIf(isRoot && nobody !== undefined)(
    'runs as that user, and is served by root as that user',
    async () => {
      const rights = { uid: nobody!.uid, gid: nobody!.gid };
      await run({ file: 'chown', args: [`${rights.uid}:${rights.gid}`, parent] });
      const dataDir = path.join(parent, 'data');
      const service = await startedService({ dataDir, mode: 'own', ...rights });
      expect(service.ready.place).toContain('as the current user');
      expect((await stat(path.join(dataDir, 'postgres'))).uid).toBe(rights.uid);
      await queryOnce(service.ready.connection, 'CREATE TABLE kept AS SELECT 42 AS answer');
      expect(await service.stop()).toBe(0);

      const byRoot = await startedService({ dataDir, mode: 'own' });
      expect(byRoot.ready.place).toContain('as system user nobody');
      expect(await queryOnce(byRoot.ready.connection, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    },
  );

  it.runIf(isRoot && nobody !== undefined)('does not touch the data of root', async () => {
    await chmod(parent, 0o755);
    const dataDir = path.join(parent, 'data');
    const service = await startedService({ dataDir, mode: 'own', runAs: 'namespace' });
    await service.stop();
    await chmod(dataDir, 0o777);
    const refused = await startService({ dataDir, mode: 'own', uid: nobody!.uid, gid: nobody!.gid }).outcome;
    expect(refused.event === 'failed' && refused.message).toMatch(/belongs to user id 0/);
  });
});

describe('the embedded PostgreSQL of root', () => {
  it.runIf(hasNamespaces)('runs in a user namespace below a closed directory', async () => {
    const dataDir = path.join(parent, 'data');
    const service = await startedService({ dataDir, mode: 'own', runAs: 'namespace' });
    expect(service.ready.place).toContain('as root in a user namespace');
    expect(await queryOnce(service.ready.connection, ONE)).toEqual([{ one: 1 }]);
    expect((await stat(path.join(dataDir, 'postgres'))).uid).toBe(0);
  });

  it.runIf(isRoot)('runs as a system user, elsewhere when it cannot enter the data directory', async () => {
    const dataDir = path.join(parent, 'data');
    const first = await startedService({ dataDir, mode: 'own', runAs: 'user' });
    expect(first.ready.place).toContain('as system user');
    const pointer = JSON.parse(await readFile(path.join(dataDir, 'postgres.location.json'), 'utf8')) as {
      home: string;
    };
    expect(first.ready.place).toContain(pointer.home);
    expect((await lstat(path.join(pointer.home, 'postgres'))).uid).not.toBe(0);
    await queryOnce(first.ready.connection, 'CREATE TABLE kept AS SELECT 42 AS answer');
    expect(await serverPid(pointer.home)).toBeTypeOf('number');
    await first.kill();

    // The data decides from now on, whatever would be preferred for a new cluster.
    const second = await startedService({ dataDir, mode: 'own' });
    expect(second.ready.place).toBe(first.ready.place);
    expect(await queryOnce(second.ready.connection, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    expect(await second.stop()).toBe(0);
    expect(await serverPid(pointer.home)).toBeUndefined();

    await rm(pointer.home, { recursive: true });
    const lost = await startService({ dataDir, mode: 'own' }).outcome;
    expect(lost).toMatchObject({ event: 'failed', code: 'START_FAILED' });
    expect(lost.event === 'failed' && lost.message).toContain(pointer.home);
  });

  it.runIf(isRoot)('runs as a system user inside the data directory when it can enter that', async () => {
    await chmod(parent, 0o755);
    const dataDir = path.join(parent, 'data');
    const service = await startedService({ dataDir, mode: 'own', runAs: 'user' });
    expect(service.ready.place).toContain(path.join(dataDir, 'postgres'));
    expect(await queryOnce(service.ready.connection, ONE)).toEqual([{ one: 1 }]);
    expect(await service.stop()).toBe(0);
    const again = await startedService({ dataDir, mode: 'own' });
    expect(again.ready.place).toContain('as system user');
  });

  it.runIf(isRoot)('copies the binaries for a system user who cannot reach the installed ones', async () => {
    const installed = await findBinaries();
    const closed = path.join(parent, 'checkout');
    await cp(installed.root, closed, { recursive: true, verbatimSymlinks: true });
    const dataDir = path.join(parent, 'data');
    await mkdir(dataDir, { mode: 0o711 });
    const home = await locateHome(dataDir, { ...installed, root: closed }, 'user');
    expect(home.directory.startsWith(parent)).toBe(false);
    expect(home.binaries.root.startsWith(home.directory)).toBe(true);
    const initdb = home.user.command(path.join(home.binaries.root, 'bin', 'initdb'), ['--version']);
    expect(await run(initdb)).toEqual({ code: 0, output: 'initdb (PostgreSQL) 18.4' });
  });
});

describe('a machine without server binaries', () => {
  it.each([
    { os: 'win32', arch: 'x64', isMusl: false },
    { os: 'linux', arch: 'x64', isMusl: true },
    { os: 'linux', arch: 's390x', isMusl: false },
  ])('is told to set DATABASE_URL: $os $arch, musl $isMusl', async (platform) => {
    await expect(findBinaries(platform)).rejects.toMatchObject({
      code: 'UNSUPPORTED_PLATFORM',
      message: expect.stringContaining('DATABASE_URL'),
    });
  });

  it.runIf(process.platform === 'linux')(
    'is told so when the optional package is not installed',
    async () => {
      await expect(findBinaries({ os: 'darwin', arch: 'x64', isMusl: false })).rejects.toMatchObject({
        code: 'BINARIES_MISSING',
        message: expect.stringMatching(/optional.*DATABASE_URL/),
      });
    },
  );
});
