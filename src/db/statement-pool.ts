import { createHash } from 'node:crypto';
import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import type { Pool, PoolClient } from 'pg';

/** Lists of varying length make ever new texts; the server keeps every named one in each session. */
const MAX_NAMED_STATEMENTS = 500;

/** What Kysely's statements pass through on their way to pg. */
export interface StatementOptions {
  /** Names statements, so that PostgreSQL parses and plans each once per session. Off behind a transaction pooler. */
  named: boolean;
  /** Hears the text of every statement, before it is sent. */
  onQuery?: ((sql: string) => void) | undefined;
}

/** The pool as Kysely sees it; pg underneath stays the only owner of connections. */
export function statementPool(pool: Pool, options: StatementOptions): PostgresPool {
  const names = new Map<string, string>();
  const wrapped = new WeakMap<PoolClient, PostgresPoolClient>();

  const nameOf = (sql: string): string | undefined => {
    const known = names.get(sql);
    if (known !== undefined || names.size >= MAX_NAMED_STATEMENTS) return known;
    const name = createHash('sha256').update(sql).digest('base64url').slice(0, 22);
    names.set(sql, name);
    return name;
  };

  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect();
      const known = wrapped.get(client);
      if (known !== undefined) return known;
      const fresh = wrapClient(client, options, nameOf);
      wrapped.set(client, fresh);
      return fresh;
    },
  };
}

function wrapClient(
  client: PoolClient,
  options: StatementOptions,
  nameOf: (sql: string) => string | undefined,
): PostgresPoolClient {
  let hasOutdatedPlans = false;

  function query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  function query<R>(sql: string | PostgresCursor<R>, parameters: readonly unknown[] = []): unknown {
    if (typeof sql !== 'string') throw new TypeError('Cursors are not used here.');
    options.onQuery?.(sql);
    // Without parameters pg uses the simple protocol, which has no names: begin, commit, set.
    const name = options.named && parameters.length > 0 ? nameOf(sql) : undefined;
    const sent = client.query({
      text: sql,
      values: [...parameters],
      ...(name === undefined ? {} : { name }),
    });
    return name === undefined ? sent : sent.catch(noteOutdatedPlan);
  }

  const noteOutdatedPlan = (error: unknown): never => {
    // "cached plan must not change result type": a migration changed a table under this session.
    if (error instanceof Error && 'code' in error && error.code === '0A000') hasOutdatedPlans = true;
    throw error;
  };

  return { query, release: (destroy) => client.release(destroy === true || hasOutdatedPlans) };
}
