import { access, constants, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { EmbeddedPostgresError, reasonOf } from './errors.ts';

const LOCK_FILE = 'start.lock';
const POLL_MS = 20;
const SQLITE_BUSY = 5;

/**
 * Runs `action` while no other process inspects, starts or stops the server of this data directory.
 * Node has no `flock`; an exclusive transaction of its built-in SQLite on an empty file is the same kernel lock, on every
 * platform, and unlike a lock *file* it ends with its process, however that dies.
 * Throws `START_FAILED` after `waitMs`.
 */
export async function withStartLock<T>(
  dataDir: string,
  waitMs: number,
  action: () => Promise<T>,
): Promise<T> {
  const file = path.join(dataDir, LOCK_FILE);
  const deadline = performance.now() + waitMs;
  let lock = tryLock(file);
  while (lock === undefined) {
    if (performance.now() > deadline) {
      throw new EmbeddedPostgresError(
        'START_FAILED',
        `Another process has been starting or stopping the database in ${dataDir} for ${waitMs / 1000} s. ` +
          'Wait until it is done, or stop it, and start again.',
      );
    }
    await delay(POLL_MS);
    lock = tryLock(file);
  }
  try {
    return await action();
  } finally {
    lock.close();
  }
}

function tryLock(file: string): DatabaseSync | undefined {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(file, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return undefined;
    throw new EmbeddedPostgresError('INIT_FAILED', `Cannot lock ${file}: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
}

/** Creates the data directory if needed. Throws `INIT_FAILED` with the system's reason (read-only, no permission, disk full). */
export async function prepareDataDir(dataDir: string, isRoot: boolean): Promise<void> {
  try {
    // Started by root the server may have to run as another user, who must be able to pass through (not to list).
    await mkdir(dataDir, { recursive: true, mode: isRoot ? 0o711 : 0o700 });
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new EmbeddedPostgresError(
      'INIT_FAILED',
      `The data directory ${dataDir} cannot be written: ${reasonOf(error)}. ` +
        'Point DATA_DIR to a directory that this user can write, or set DATABASE_URL.',
      { cause: error },
    );
  }
}
