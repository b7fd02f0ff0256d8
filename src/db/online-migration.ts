import { setTimeout as sleep } from 'node:timers/promises';
import { Client, DatabaseError, type ClientConfig, type Pool } from 'pg';

/**
 * A migration that runs outside of a transaction, so that reads and writes go on meanwhile, whatever it takes. It may end
 * anywhere and is begun again from its start: each step finds out what is left of it.
 */
export interface OnlineMigration {
  readonly online: (steps: OnlineSteps) => Promise<void>;
}

export interface OnlineSteps {
  /**
   * Builds an index CONCURRENTLY unless it is there. What an interrupted build left behind, an index that is not valid,
   * is waited for while somebody builds it, and else dropped and built again.
   *
   * @param name unqualified, as it is in docs/schema.sql
   * @param definition what follows the name, from `ON`
   */
  readonly createIndex: (name: string, definition: string, unique?: 'unique') => Promise<void>;
  /**
   * Runs statements that are harmless when they are repeated, in one transaction. They must need their locks for a moment
   * only: where they would wait for them longer than two seconds they step back, since others wait behind them.
   */
  readonly run: (sql: string) => Promise<void>;
  /**
   * Repeats a statement that does a part of the work until it writes nothing, each time in a transaction of its own.
   * It gets the last value of the column `place` that it returned, and null at first.
   */
  readonly repeat: (sql: string) => Promise<void>;
}

/** How often a process asks that waits for another one's migration, in milliseconds. */
const ASK_AGAIN_MS = 100;

const LOCK_NOT_AVAILABLE = '55P03';

/** Of every process that migrates online; only one does so at a time. The number is ours alone. */
const LOCK = "hashtextextended('refund-federation.online-migration', 0)";

/**
 * Runs `work` in one process at a time; the others wait. The lock is that of an open transaction on a connection of its
 * own, so that it ends with the process, also behind a pooler in transaction mode. It is tried and not waited for: who
 * waits inside of a statement has a snapshot, and CREATE INDEX CONCURRENTLY would wait for that.
 */
export async function oneAtATime<T>(pool: Pool, work: (client: Client) => Promise<T>): Promise<T> {
  const holder = await connectUnlimited(pool);
  try {
    for (;;) {
      await holder.query('BEGIN');
      const { rows } = await holder.query<{ got: boolean }>(
        `SELECT pg_try_advisory_xact_lock(${LOCK}) AS got`,
      );
      if (rows[0]!.got) break;
      await holder.query('ROLLBACK');
      await sleep(ASK_AGAIN_MS);
    }
    const client = await connectUnlimited(pool);
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  } finally {
    await holder.end();
  }
}

/** A connection to the same database without limits of time: an index of a large table takes minutes. */
async function connectUnlimited(pool: Pool): Promise<Client> {
  const { options } = pool;
  const config: ClientConfig = { ...options, application_name: 'refund-federation migration' };
  // The pool hides it from printers, and so from the line above.
  if (options.password !== undefined) config.password = options.password;
  delete config.query_timeout;
  const limits =
    '-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0 -c default_transaction_isolation=read\\ committed';
  if (config.connectionString === undefined || !URL.canParse(config.connectionString))
    config.options = limits;
  else {
    const url = new URL(config.connectionString);
    url.searchParams.set('options', `${url.searchParams.get('options') ?? ''} ${limits}`.trim());
    config.connectionString = url.toString();
  }
  const client = new Client(config);
  // Whoever uses it is told by its next statement.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** The steps on a connection that is in no transaction. */
export function onlineSteps(client: Client): OnlineSteps {
  const stateOf = async (name: string): Promise<'absent' | 'valid' | 'building' | 'left behind'> => {
    const { rows } = await client.query<{ isValid: boolean; isBuilt: boolean }>(
      `SELECT i.indisvalid AS "isValid", EXISTS (
         SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid) AS "isBuilt"
       FROM pg_index i WHERE i.indexrelid = to_regclass($1)`,
      [name],
    );
    const [found] = rows;
    if (found === undefined) return 'absent';
    return found.isValid ? 'valid' : found.isBuilt ? 'building' : 'left behind';
  };
  return {
    async createIndex(name, definition, unique) {
      for (;;) {
        const state = await stateOf(name);
        if (state === 'valid') return;
        // The server goes on with what a process has begun that was killed.
        if (state === 'building') await sleep(ASK_AGAIN_MS);
        else if (state === 'left behind') await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
        else await client.query(`CREATE ${unique ?? ''} INDEX CONCURRENTLY ${name} ${definition}`);
      }
    },
    async run(sql) {
      for (;;) {
        try {
          return void (await client.query(`BEGIN; SET LOCAL lock_timeout = '2s'; ${sql}; COMMIT`));
        } catch (error) {
          await client.query('ROLLBACK');
          if (!(error instanceof DatabaseError && error.code === LOCK_NOT_AVAILABLE)) throw error;
          await sleep(ASK_AGAIN_MS);
        }
      }
    },
    async repeat(sql) {
      let place: unknown = null;
      for (;;) {
        const { rows } = await client.query<{ place: unknown }>(sql, [place]);
        const last = rows.at(-1);
        if (last === undefined) return;
        place = last.place;
      }
    },
  };
}
