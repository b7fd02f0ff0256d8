import { AsyncLocalStorage } from 'node:async_hooks';
import type { Kysely, Transaction } from 'kysely';

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

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it throws. Inside, the database it was
 * opened on is out of bounds and answers with `OuterDatabaseInTransactionError`, wherever it is reached from.
 */
export function inTransaction<DB, Result>(
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

function poolOf(db: object): object {
  return pools.get(db) ?? db;
}
