import { randomBytes } from 'node:crypto';
import { chmod, cp, lstat, mkdir, rename, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import type { PostgresBinaries } from './binaries.ts';
import { EmbeddedPostgresError } from './errors.ts';
import type { ServerHome } from './home.ts';
import { writeHomePointer } from './home-pointer.ts';
import { canWork, listSystemUsers, systemUser, type ServerUser } from './server-user.ts';

/**
 * Finds a directory that a system user can enter, with binaries that it can run: DATA_DIR itself where possible (it may be
 * a volume that outlives this machine), else under /var/lib, else under /var/tmp, remembered by a pointer in DATA_DIR.
 */
export async function findHomeForUser(
  dataDir: string,
  binaries: PostgresBinaries,
  known: { home?: string; user?: ServerUser | undefined } = {},
): Promise<ServerHome> {
  const user = known.user ?? (await preferredUser());
  // Never a name that an earlier, deleted data directory may have left behind.
  const name = `refund-federation-${randomBytes(6).toString('hex')}`;
  const candidates =
    known.home === undefined ? [dataDir, `/var/lib/${name}`, `/var/tmp/${name}`] : [known.home];
  for (const directory of candidates) {
    if (directory !== dataDir && !(await makeOwnDirectory(directory))) continue;
    const usable = await reachableBinaries(user, binaries, directory);
    if (usable === undefined) {
      // Fails, as it should, unless it is the empty directory that was just made.
      if (directory !== dataDir) await rmdir(directory).catch(() => undefined);
      continue;
    }
    if (directory !== dataDir && known.home === undefined) {
      await writeHomePointer(dataDir, { home: directory, ready: false });
    }
    return { directory, user, binaries: usable };
  }
  throw new EmbeddedPostgresError(
    'INIT_FAILED',
    `PostgreSQL does not run as root, and ${candidates.join(', ')} cannot be used ${user.description}. ` +
      'Start the service as another user, or set DATABASE_URL.',
  );
}

async function preferredUser(): Promise<ServerUser> {
  const [entry] = await listSystemUsers();
  if (entry === undefined) {
    throw new EmbeddedPostgresError(
      'INIT_FAILED',
      'PostgreSQL does not run as root, and this machine has neither user namespaces nor another user. Set DATABASE_URL.',
    );
  }
  return systemUser(entry.name, entry.uid, entry.gid);
}

/** Creates the directory, or accepts it when it is root's and nobody else can change it (/var/tmp is open to all). */
async function makeOwnDirectory(directory: string): Promise<boolean> {
  await mkdir(directory, { mode: 0o711 }).catch(() => undefined);
  const found = await lstat(directory).catch(() => undefined);
  return found !== undefined && found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0;
}

/** The installed binaries if the user can run them there, else a copy inside `directory`. */
async function reachableBinaries(
  user: ServerUser,
  binaries: PostgresBinaries,
  directory: string,
): Promise<PostgresBinaries | undefined> {
  if (await canWork(user, path.join(binaries.root, 'bin', 'postgres'), directory)) return binaries;
  if (!(await canWork(user, '/bin/true', directory))) return undefined;
  const root = path.join(directory, `binaries-${binaries.version}`);
  if ((await lstat(root).catch(() => undefined)) === undefined) await copyBinaries(binaries.root, root);
  return (await canWork(user, path.join(root, 'bin', 'postgres'), directory))
    ? { ...binaries, root }
    : undefined;
}

async function copyBinaries(from: string, to: string): Promise<void> {
  const draft = `${to}.new`;
  await rm(draft, { recursive: true, force: true });
  await cp(from, draft, { recursive: true, verbatimSymlinks: true, filter: (file) => !file.endsWith('.a') });
  await chmod(draft, 0o755);
  await rename(draft, to);
}
