import pg from 'pg';

/** One message to the database that was waited for: a statement, or a `begin` or `commit`. */
export interface SentStatement {
  readonly text: string;
  /** Numbers the connections of this process. */
  readonly connection: number;
}

/** What an operation cost the database. */
export interface Tally {
  /** Every message that waits for the server's answer, `begin` and `commit` among them. */
  readonly roundTrips: number;
  /** Round trips without `begin` and `commit`. */
  readonly statements: number;
  /** Transactions that made the disk wait: `commit`, and statements that write outside of one. */
  readonly commits: number;
}

export interface StatementLog {
  /** Everything since the last call, in the order it was sent. */
  take(): SentStatement[];
  stop(): void;
}

/**
 * Hears everything that this process sends to any PostgreSQL server through pg, below pool and Kysely. pg sends
 * the next message of a connection when the one before was answered, so a message is a round trip.
 */
export function recordStatements(): StatementLog {
  const connections = new WeakMap<object, number>();
  let lastConnection = 0;
  let sent: SentStatement[] = [];
  const original = Reflect.get(pg.Client.prototype, 'query');
  function recording(this: object, ...args: unknown[]): unknown {
    const connection = connections.get(this) ?? (lastConnection += 1);
    connections.set(this, connection);
    sent.push({ text: textOf(args[0]), connection });
    return Reflect.apply(original, this, args);
  }
  Reflect.set(pg.Client.prototype, 'query', recording);
  return {
    take() {
      const taken = sent;
      sent = [];
      return taken;
    },
    stop: () => void Reflect.set(pg.Client.prototype, 'query', original),
  };
}

function textOf(query: unknown): string {
  if (typeof query === 'string') return query;
  const text = typeof query === 'object' && query !== null && 'text' in query ? query.text : undefined;
  if (typeof text !== 'string') throw new TypeError('This log reads queries that have a text only.');
  return text;
}

const BEGIN = /^\s*(begin|start transaction)\b/i;
const END = /^\s*(commit|rollback)\b/i;
const WRITES = /\b(insert into|update|delete from|for update|for no key update)\b/i;

/** Counts what was sent. A transaction that only took row locks commits to the disk, too. */
export function tally(sent: readonly SentStatement[]): Tally {
  const open = new Set<number>();
  let statements = 0;
  let commits = 0;
  for (const { text, connection } of sent) {
    if (BEGIN.test(text)) open.add(connection);
    else if (END.test(text)) {
      open.delete(connection);
      if (/commit/i.test(text)) commits += 1;
    } else {
      statements += 1;
      if (!open.has(connection) && WRITES.test(text)) commits += 1;
    }
  }
  return { roundTrips: sent.length, statements, commits };
}

/** A statement in few words: what it does and to which tables, in the order they appear. */
export function summarise(text: string): string {
  const parts = [...text.matchAll(/\b(insert into|update|delete from|from|join)\s+"?([a-z_]+)"?/gi)]
    .map(([, verb = '', table = '']) => `${verb.toLowerCase()} ${table}`)
    .filter((part) => part !== 'update set');
  const lock = /\bfor update\b/i.test(text) ? ' for update' : '';
  return parts.length === 0 ? text.trim().slice(0, 60) : `${[...new Set(parts)].join(', ')}${lock}`;
}
