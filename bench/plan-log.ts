import { connectDatabase, type ConnectedDatabase, type ConnectionConfig } from '../src/db/connect.ts';
import type { Database } from '../src/db/tables.ts';
import { urlOf } from './database.ts';

/** A step of a plan that was run, as often as `loops` says. */
export interface PlanStep {
  readonly type: string;
  readonly relation: string | undefined;
  readonly index: string | undefined;
  /** Rows that came out of it, in all its loops. */
  readonly rows: number;
  /** Rows that were read and thrown away. */
  readonly removed: number;
  /** How often an index was descended from its root; 0 before PostgreSQL 18, which counts them. */
  readonly searches: number;
}

/** What one statement of the service did, its triggers and the checks of its foreign keys included. */
export interface RunStatement {
  readonly text: string;
  /** Pages that were read, from memory or from disk. */
  readonly buffers: number;
  readonly ms: number;
  /** What it answered or changed. */
  readonly rows: number;
  readonly steps: readonly PlanStep[];
}

export interface PlanLog extends ConnectedDatabase<Database> {
  /** Every statement since the last call, in the order in which they ended. */
  take(): RunStatement[];
}

const settings = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_buffers': 'on',
  'auto_explain.log_nested_statements': 'on',
  'auto_explain.log_format': 'json',
  'auto_explain.log_level': 'notice',
  // Plans that do not know the parameters: what a named statement has after five executions, and a bad one has for ever.
  plan_cache_mode: 'force_generic_plan',
  // Compiling takes longer than these statements do.
  jit: 'off',
};

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * A way to the database on which PostgreSQL tells the plan of everything that it runs, with real parameters and what it
 * read (auto_explain, part of PostgreSQL). Needs a superuser.
 */
export function connectPlanLog(config: ConnectionConfig): PlanLog {
  const url = new URL(urlOf(config));
  url.searchParams.set(
    'options',
    Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
  );
  const sent = new Set<string>();
  let done: RunStatement[] = [];
  const connected = connectDatabase<Database>({
    connectionString: url.toString(),
    log: quiet,
    onQuery: (text) => sent.add(text.trim()),
  });
  connected.pool.on('connect', (client) => {
    // Statements inside of a statement (triggers, foreign keys) end, and are told of, before it.
    let inner: RunStatement[] = [];
    client.on('notice', ({ message }) => {
      const told = readPlan(message ?? '');
      if (told === undefined) return;
      inner.push(told);
      if (!sent.has(told.text.trim())) return;
      done.push({
        text: told.text,
        buffers: inner.reduce((sum, each) => sum + each.buffers, 0),
        ms: told.ms,
        rows: told.rows,
        steps: inner.flatMap((each) => each.steps),
      });
      inner = [];
    });
  });
  return {
    ...connected,
    take() {
      const taken = done;
      done = [];
      return taken;
    },
  };
}

interface Node {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly 'Index Searches'?: number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly Node[];
}

function readPlan(message: string): RunStatement | undefined {
  const found = /^duration: ([\d.]+) ms {2}plan:\n/.exec(message);
  if (found === null) return undefined;
  const told = JSON.parse(message.slice(found[0].length)) as { 'Query Text': string; Plan: Node };
  return {
    text: told['Query Text'],
    buffers: told.Plan['Shared Hit Blocks'] + told.Plan['Shared Read Blocks'],
    ms: Number(found[1]),
    rows: rowsOf(told.Plan),
    steps: stepsOf(told.Plan),
  };
}

/** A statement that writes and returns nothing counts what it has written. */
const rowsOf = (plan: Node): number =>
  (plan['Node Type'] === 'ModifyTable' ? (plan.Plans?.[0] ?? plan) : plan)['Actual Rows'];

function stepsOf(node: Node): PlanStep[] {
  const loops = node['Actual Loops'];
  const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0);
  return [
    {
      type: node['Node Type'],
      relation: node['Relation Name'],
      index: node['Index Name'],
      rows: node['Actual Rows'] * loops,
      removed: removed * loops,
      searches: node['Index Searches'] ?? 0,
    },
    ...(node.Plans ?? []).flatMap(stepsOf),
  ];
}
