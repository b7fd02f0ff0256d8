import { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;

/** A journal that is this sandbox's alone. */
export interface JournalLock {
  release(): void;
}

/**
 * Makes a journal this sandbox's, through `<file>.lock` beside it: an exclusive transaction of SQLite on that empty file
 * is a kernel lock, which ends with its process however that dies. Throws at once when another one has it.
 */
export function lockJournal(file: string): JournalLock {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(`${file}.lock`, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    const held = lock;
    return { release: () => held.close() };
  } catch (error) {
    lock?.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) {
      throw new Error(
        `the journal ${file} is in use by another sandbox; stop that one, or set SANDBOX_JOURNAL to another file`,
        { cause: error },
      );
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`the journal ${file} cannot be locked: ${reason}`, { cause: error });
  }
}
