import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely, Transaction } from 'kysely';
import { wasRolledBack } from './unavailable.ts';

/** A transaction that is being run by `inTransaction`, as the code inside it sees it. */
interface OpenTransaction {
  db: object;
  isOpen: boolean;
  outer: OpenTransaction | undefined;
}

const openTransactions = new AsyncLocalStorage<OpenTransaction>();

/** The outer database was used inside a transaction callback: with a full pool this would wait for itself. */
export class OuterDatabaseInTransactionError extends Error {
  override readonly name = 'OuterDatabaseInTransactionError';

  constructor() {
    super(
      'The outer database was used inside a transaction on it; use the transaction that the callback is given.',
    );
  }
}

/** How often a transaction is begun that loses to another one each time. */
const ATTEMPTS_AT_MOST = 4;
/** The longest random pause before the second attempt, in milliseconds; it doubles. */
const FIRST_PAUSE_MS = 20;

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it throws. Inside, the database it was
 * opened on is out of bounds and answers with `OuterDatabaseInTransactionError`, wherever it is reached from.
 *
 * A transaction that the server gave up for another one (a deadlock, a serialization failure) is run again from its
 * start, at most four times. So `work` reads what it decides on inside, and changes nothing outside that must not happen
 * twice. A connection that is lost in COMMIT is never repeated here: whether it took effect must be read first.
 *
 * @throws what `work` throws, and the errors of the database
 */
export async function inTransaction<DB, Result>(
  db: Kysely<DB>,
  work: (transaction: Transaction<DB>) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(db, work);
    } catch (error) {
      if (attempt === ATTEMPTS_AT_MOST || !wasRolledBack(error)) throw error;
      // Random, so that two that hurt each other do not meet again.
      await sleep(Math.random() * FIRST_PAUSE_MS * 2 ** attempt);
    }
  }
}

function once<DB, Result>(
  db: Kysely<DB>,
  work: (transaction: Transaction<DB>) => Promise<Result>,
): Promise<Result> {
  return db.transaction().execute(async (transaction) => {
    const scope: OpenTransaction = { db: poolOf(db), isOpen: true, outer: openTransactions.getStore() };
    try {
      return await openTransactions.run(scope, () => work(transaction));
    } finally {
      // Work that was started inside and goes on afterwards may use the database again.
      scope.isOpen = false;
    }
  });
}

const pools = new WeakMap<object, object>();

/** Tells which pool a database takes its connections from; `refuseInTransaction` is asked about that pool. */
export function registerPool(db: object, pool: object): void {
  pools.set(db, pool);
}

/** Throws `OuterDatabaseInTransactionError` when the present code runs inside a transaction on this pool. */
export function refuseInTransaction(pool: object): void {
  for (let scope = openTransactions.getStore(); scope !== undefined; scope = scope.outer) {
    if (scope.isOpen && scope.db === pool) throw new OuterDatabaseInTransactionError();
  }
}

/** The pool that a database takes its connections from; the database itself where that is not known. */
export function poolOf(db: object): object {
  return pools.get(db) ?? db;
}
