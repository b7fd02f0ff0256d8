import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { readPassword } from '../../src/db/embedded/endpoint.ts';
import { SERVER_USER } from '../../src/db/embedded/init-cluster.ts';
import { isAbandoned } from '../../src/db/embedded/ownership.ts';
import { findLiveServer } from '../../src/db/embedded/postmaster-file.ts';
import { stopPostmaster } from '../../src/db/embedded/postmaster.ts';
import { withStartLock } from '../../src/db/embedded/start-lock.ts';

/** Stops the servers of test runs that were killed, and removes their directories. Those of living runs are owned. */
export async function removeOrphans(prefix: string): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(prefix)) continue;
    const dataDir = path.join(tmpdir(), name);
    // Not ours to judge: another user's, or one that is just being started or stopped.
    await withStartLock(dataDir, 0, () => removeOrphan(dataDir)).catch(() => undefined);
  }
}

async function removeOrphan(dataDir: string): Promise<void> {
  const pgdata = path.join(dataDir, 'postgres');
  const live = await findLiveServer(pgdata);
  if (live === undefined) return;
  const password = await readPassword(dataDir);
  const session = new Client({ ...live.endpoint, user: SERVER_USER, password, database: 'postgres' });
  session.on('error', () => undefined);
  await session.connect();
  try {
    if (!(await isAbandoned(session))) return;
    await stopPostmaster(live.pid, pgdata);
    await rm(dataDir, { recursive: true, force: true });
  } finally {
    await session.end();
  }
}
