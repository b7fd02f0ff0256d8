import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { PostgresBinaries } from './binaries.ts';
import { EmbeddedPostgresError } from './errors.ts';
import { findHomeForUser } from './home-for-user.ts';
import { readHomePointer } from './home-pointer.ts';
import {
  canWork,
  currentUser,
  namespaceUser,
  systemUser,
  systemUserName,
  type ServerUser,
} from './server-user.ts';

/** Where the server lives and who runs it. `directory` holds the cluster and is DATA_DIR unless its user cannot enter that. */
export interface ServerHome {
  directory: string;
  user: ServerUser;
  binaries: PostgresBinaries;
}

/** Forces one of root's two ways; for tests and for machines where the probe misleads. */
export type RunAs = 'namespace' | 'user';

/** The cluster inside a home. */
export function clusterOf(home: ServerHome): string {
  return path.join(home.directory, 'postgres');
}

/**
 * Decides where and as whom the server runs. An existing cluster decides by its owner; a new one of root's prefers a user
 * namespace, then a system user. Call it under the start lock: it may create directories and copy binaries.
 * Throws `START_FAILED` when the existing cluster cannot be served by the present user, `INIT_FAILED` when there is no way.
 */
export async function locateHome(
  dataDir: string,
  binaries: PostgresBinaries,
  runAs?: RunAs,
): Promise<ServerHome> {
  const here = currentUser();
  const owner = await ownerOf(path.join(dataDir, 'postgres'));
  if (here.uid !== 0) {
    if (owner !== undefined && owner.uid !== here.uid) throw foreignCluster(dataDir, owner.uid, here.uid);
    return { directory: dataDir, user: here, binaries };
  }
  const pointer = await readHomePointer(dataDir);
  if (pointer !== undefined) {
    const elsewhere = await ownerOf(path.join(pointer.home, 'postgres'));
    if (elsewhere === undefined && pointer.ready) throw lostCluster(dataDir, pointer.home);
    return findHomeForUser(dataDir, binaries, { home: pointer.home, user: await userOf(elsewhere) });
  }
  if (owner !== undefined && owner.uid !== 0) {
    return findHomeForUser(dataDir, binaries, { home: dataDir, user: await userOf(owner) });
  }
  if (runAs !== 'user' || owner !== undefined) {
    const user = await namespaceUser();
    const works = await canWork(user, path.join(binaries.root, 'bin', 'postgres'), dataDir);
    if (works) return { directory: dataDir, user, binaries };
    if (owner !== undefined) throw namespaceForbidden(dataDir);
    if (runAs === 'namespace') {
      throw new EmbeddedPostgresError(
        'INIT_FAILED',
        `This machine does not let root run a server in a user namespace.`,
      );
    }
  }
  return findHomeForUser(dataDir, binaries);
}

interface Owner {
  uid: number;
  gid: number;
}

async function ownerOf(directory: string): Promise<Owner | undefined> {
  const found = await stat(directory).catch(() => undefined);
  return found && { uid: found.uid, gid: found.gid };
}

async function userOf(owner: Owner | undefined): Promise<ServerUser | undefined> {
  return owner && systemUser(await systemUserName(owner.uid), owner.uid, owner.gid);
}

function foreignCluster(dataDir: string, ownerUid: number, ourUid: number): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'START_FAILED',
    `The database in ${dataDir} belongs to user id ${ownerUid}, the service runs as ${ourUid}. ` +
      'Start it as the same user as before, or point DATA_DIR elsewhere.',
  );
}

function namespaceForbidden(dataDir: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'START_FAILED',
    `The database in ${dataDir} was made by root in a user namespace, which this machine does not allow (any more). ` +
      `Give it to a system user who can enter ${dataDir} (chown -R postgres: ${dataDir}/postgres), or set DATABASE_URL.`,
  );
}

function lostCluster(dataDir: string, home: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'START_FAILED',
    `${dataDir} says that its database is in ${home}, and it is not there. Bring it back, ` +
      `or remove ${dataDir}/postgres.location.json to begin with an empty database.`,
  );
}
