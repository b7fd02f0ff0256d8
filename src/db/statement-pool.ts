import { createHash } from 'node:crypto';
import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import { Client, type Pool, type PoolClient } from 'pg';
import { isOutdatedPlan, isReadOnly, isUnanswered } from './unavailable.ts';

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
  const wrapped = new WeakMap<PoolClient, WrappedClient>();
  let generation = 0;

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
      for (;;) {
        const client = await pool.connect();
        const known = wrapped.get(client);
        if (known !== undefined && !known.isRetired()) return known;
        if (known === undefined) {
          const born = generation;
          const fresh = wrapClient(client, options, nameOf, {
            isRetired: () => born < generation,
            retireAll: () => (generation = Math.max(generation, born + 1)),
          });
          wrapped.set(client, fresh);
          return fresh;
        }
        client.release(true);
      }
    },
  };
}

interface WrappedClient extends PostgresPoolClient {
  isRetired(): boolean;
}

/** Connections of a server that turned read-only go together, idle ones too: each of them would fail once. */
interface Generation {
  readonly isRetired: () => boolean;
  /** Retires this connection and all that are as old. */
  readonly retireAll: () => void;
}

function wrapClient(
  client: PoolClient,
  options: StatementOptions,
  nameOf: (sql: string) => string | undefined,
  { isRetired, retireAll }: Generation,
): WrappedClient {
  let isUnfit = false;

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
    return sent.catch(noteTrouble);
  }

  const noteTrouble = (error: unknown): never => {
    if (isOutdatedPlan(error)) isUnfit = true;
    if (isReadOnly(error)) retireAll();
    if (isUnanswered(error)) {
      isUnfit = true;
      // Whatever is sent after it, a rollback too, would wait behind it for as long again.
      if (client instanceof Client) void client.end().catch(() => undefined);
    }
    throw error;
  };

  return {
    query,
    isRetired,
    release: (destroy) => client.release(destroy === true || isUnfit || isRetired()),
  };
}
