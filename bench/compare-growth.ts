import { Client } from 'pg';
import type { ConnectionConfig } from '../src/db/connect.ts';
import { findGeneratedViolations, generateRefunds } from './generate.ts';
import { generatedOwners, insertGeneratedTenants, openGrownWorld } from './growth-database.ts';
import type { GrownOperation } from './growth-operations.ts';
import { connectPlanLog } from './plan-log.ts';
import { runOperations, type RanStatement } from './run-operations.ts';

/** Pages by which two runs of one statement differ, where rows lie closer together or not. */
const ALLOWANCE = 3;

/** What a merchant's statements cost at one size, and how deep the indexes are there. */
export interface Measured {
  readonly refunds: number;
  readonly generatedSeconds: number;
  readonly statements: readonly (RanStatement & { readonly merchant: string })[];
  /** Levels below the root, by index. */
  readonly depths: ReadonlyMap<string, number>;
}

/**
 * Generates so many refunds in an empty database of this release, and runs every operation on them.
 *
 * @param baseUrl of a provider that takes every refund (bench/provider-stub.ts)
 * @param prepare what is done to the database before anything is measured
 */
export async function measureSize(
  config: ConnectionConfig,
  baseUrl: string,
  refunds: number,
  prepare: (client: Client) => Promise<unknown> = () => Promise.resolve(),
): Promise<Measured> {
  const client = new Client(config);
  await client.connect();
  const log = connectPlanLog(config);
  try {
    const tenants = await insertGeneratedTenants(client, log, baseUrl);
    const startedMs = performance.now();
    await generateRefunds(client, { refunds, owners: generatedOwners });
    const generatedSeconds = (performance.now() - startedMs) / 1_000;
    const broken = await findGeneratedViolations(client);
    if (broken.length > 0) throw new Error(`the generated data is not consistent: ${broken.join('; ')}`);
    await prepare(client);
    const world = await openGrownWorld(client, log, tenants, baseUrl);
    await client.query('VACUUM (ANALYZE) payments');
    const statements = [];
    for (const merchant of ['large', 'small'] as const)
      for (const ran of await runOperations(world[merchant], log, merchant === 'large'))
        statements.push({ ...ran, merchant });
    await world.close();
    return { refunds, generatedSeconds, statements, depths: await readDepths(client) };
  } finally {
    await log.close();
    await client.end();
  }
}

async function readDepths(client: Client): Promise<Map<string, number>> {
  await client.query('CREATE EXTENSION IF NOT EXISTS pageinspect');
  const { rows } = await client.query<{ name: string; level: number }>(
    `SELECT indexrelid::regclass::text AS name, (bt_metap(indexrelid::regclass::text)).level::integer AS level
     FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_am a ON a.oid = c.relam
     WHERE a.amname = 'btree' AND c.relnamespace = 'public'::regnamespace`,
  );
  return new Map(rows.map(({ name, level }) => [name, level]));
}

/** One statement at the least and at the largest size. */
export interface Compared {
  readonly merchant: string;
  readonly operation: string;
  readonly part: GrownOperation['part'];
  readonly summary: string;
  readonly few: RanStatement;
  readonly many: RanStatement;
  /** Pages that are read more only since an index has more levels: one for each search and level. */
  readonly levels: number;
  /** Without these, and for each row where there are more of them to answer with. */
  readonly times: number;
}

/** Statements that run at the same moment come in any order: they are paired by what they are. */
export function compare(few: Measured, many: Measured): Compared[] {
  const nameOf = ({ merchant, operation, text }: Measured['statements'][number]): string =>
    `${merchant} ${operation} ${text}`;
  const left = Map.groupBy(few.statements, nameOf);
  return many.statements.flatMap((statement) => {
    const before = left.get(nameOf(statement))?.shift();
    if (before === undefined) return [];
    const levels = statement.steps.reduce((sum, { index = '', searches }) => {
      const deeper = (many.depths.get(index) ?? 0) - (few.depths.get(index) ?? 0);
      return sum + searches * Math.max(0, deeper);
    }, 0);
    const { merchant, operation, part, summary } = statement;
    const moreRows = Math.max(1, statement.rows / Math.max(1, before.rows));
    const same = Math.max(1, statement.buffers - levels - ALLOWANCE);
    const times = Math.max(1, same / Math.max(1, before.buffers) / moreRows);
    return [{ merchant, operation, part, summary, few: before, many: statement, levels, times }];
  });
}
