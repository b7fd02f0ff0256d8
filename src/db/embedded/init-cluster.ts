import { chown, mkdtemp, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createPassword } from './endpoint.ts';
import { EmbeddedPostgresError, reasonOf } from './errors.ts';
import { clusterOf, type ServerHome } from './home.ts';
import { readHomePointer, writeHomePointer } from './home-pointer.ts';
import { run } from './run.ts';

/** The superuser of the embedded server; the service works as it. */
export const SERVER_USER = 'refund_federation';

const DRAFT_PREFIX = '.postgres-init-';

/**
 * Makes the cluster if there is none: built in a draft directory and renamed when complete, so that a crash leaves either
 * no cluster or a whole one. Remains of interrupted attempts are removed. Call it under the start lock.
 * Throws `INIT_FAILED` with what `initdb` or the system said (disk full, no permission).
 */
export async function initCluster(dataDir: string, home: ServerHome, durable: boolean): Promise<void> {
  const pgdata = clusterOf(home);
  if (await exists(path.join(pgdata, 'PG_VERSION'))) return;
  try {
    await removeDrafts(home.directory);
    const draft = await mkdtemp(path.join(home.directory, DRAFT_PREFIX));
    try {
      await build(draft, home, await createPassword(dataDir), durable);
      await rename(path.join(draft, 'data'), pgdata);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
    if (durable) await syncDirectory(home.directory);
    const pointer = await readHomePointer(dataDir);
    if (pointer !== undefined) await writeHomePointer(dataDir, { ...pointer, ready: true });
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error;
    throw new EmbeddedPostgresError(
      'INIT_FAILED',
      `The database cannot be created in ${home.directory}: ${reasonOf(error)}.`,
      { cause: error },
    );
  }
}

async function build(draft: string, home: ServerHome, password: string, durable: boolean): Promise<void> {
  const passwordFile = path.join(draft, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (home.user.kind === 'user') {
    await chown(draft, home.user.uid, home.user.gid);
    await chown(passwordFile, home.user.uid, home.user.gid);
  }
  const result = await run(
    home.user.command(path.join(home.binaries.root, 'bin', 'initdb'), [
      `--pgdata=${path.join(draft, 'data')}`,
      `--username=${SERVER_USER}`,
      `--pwfile=${passwordFile}`,
      // Also on the socket: a file mode alone does not tell the service apart from others of the same system user.
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // The same order and case rules on every operating system, whatever its libraries say.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
      ...(durable ? [] : ['--no-sync']),
    ]),
    draft,
  );
  if (result.code !== 0) {
    const said = result.output
      .split('\n')
      .filter((line) => /error|fatal|could not|not found|ENOENT/i.test(line));
    throw new EmbeddedPostgresError(
      'INIT_FAILED',
      `The database cannot be created in ${home.directory}: ${(said.length > 0 ? said : [result.output]).join(' / ')}`,
    );
  }
}

/** An initdb whose service was killed may still be writing; what it puts back is removed by the next start. */
async function removeDrafts(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith(DRAFT_PREFIX)) continue;
    const options = { recursive: true, force: true, maxRetries: 10, retryDelay: 20 };
    await rm(path.join(directory, name), options).catch(() => undefined);
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  await handle.sync().finally(() => handle.close());
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined;
}
