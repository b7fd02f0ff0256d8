import type { Client } from 'pg';
import { checks, foreignKeys } from './generated-checks.ts';
import { batchMoves, batchRows } from './generated-rows.ts';
import { batchTables, generatedSchema, REFUNDS_PER_GROUP } from './generated-schema.ts';

/** Whose refunds are made. The first account is the large one; the last has two payments' worth, whatever the size. */
export interface Owner {
  /** Code of an account that exists. */
  readonly account: string;
  readonly hasSplits?: boolean;
  readonly hasItems?: boolean;
  /** Code of an event endpoint that exists and listens. */
  readonly endpoint?: string;
}

export interface Generation {
  /** At least; rounded up to whole groups of six. */
  readonly refunds: number;
  readonly seed?: number;
  readonly owners: readonly [Owner, Owner, ...Owner[]];
  /** Groups of one transaction. */
  readonly groupsAtOnce?: number;
  /** Hears how many refunds there are after each transaction. */
  readonly onBatch?: (refunds: number) => void;
}

/** The database is not one that generated data may be written to. The message says why. */
export class NotForGeneratingError extends Error {
  override readonly name = 'NotForGeneratingError';
}

/**
 * Writes refunds with all that belongs to them, as if the service had made them over three years: the same for the same
 * seed. Each batch is one transaction that also notes how far it came, so that a run that was killed goes on where it
 * ended when it is started again. Triggers and foreign keys are off meanwhile, in this session alone, which needs a
 * superuser; `findGeneratedViolations` shows afterwards that nothing was broken.
 *
 * @throws NotForGeneratingError when there are refunds or payments that it has not made, or of another seed or size
 */
export async function generateRefunds(client: Client, generation: Generation): Promise<void> {
  const groups = Math.ceil(generation.refunds / REFUNDS_PER_GROUP);
  const seed = generation.seed ?? 1;
  // Two at once would both go on at the same place.
  await client.query("SELECT pg_advisory_lock(hashtextextended('refund-federation.generate', 0))");
  let next = await begin(client, groups, seed, generation.owners);
  await client.query('SET session_replication_role = replica; SET synchronous_commit = off');
  await client.query("SET work_mem = '256MB'; SET statement_timeout = 0");
  // The temporary tables have no statistics, and no table of the ledger is read.
  await client.query('SET enable_nestloop = off');
  const atOnce = generation.groupsAtOnce ?? 8_000;
  while (next < groups) {
    const end = Math.min(next + atOnce, groups);
    await writeBatch(client, next, end, groups);
    next = end;
    generation.onBatch?.(next * REFUNDS_PER_GROUP);
  }
  await client.query(
    'RESET session_replication_role; RESET synchronous_commit; RESET work_mem; RESET enable_nestloop',
  );
  await client.query('VACUUM (ANALYZE)');
  await client.query("SELECT pg_advisory_unlock(hashtextextended('refund-federation.generate', 0))");
}

/** Where to go on: 0 in a database without refunds, and what was noted where this very run was begun before. */
async function begin(
  client: Client,
  groups: number,
  seed: number,
  owners: readonly Owner[],
): Promise<number> {
  if ((await client.query("SELECT FROM pg_namespace WHERE nspname = 'generated'")).rowCount === 1) {
    const { rows } = await client.query<{ seed: number; refunds: string; groups_done: string }>(
      'SELECT seed, refunds, groups_done FROM generated.run',
    );
    const [run] = rows;
    if (run?.seed !== seed || Number(run.refunds) !== groups * REFUNDS_PER_GROUP)
      throw new NotForGeneratingError(
        `This database was made with seed ${run?.seed} and ${run?.refunds} refunds. Use another database for another run.`,
      );
    return Number(run.groups_done);
  }
  const { rows } = await client.query<{ has: boolean }>(
    'SELECT EXISTS (SELECT FROM refunds) OR EXISTS (SELECT FROM payments) OR EXISTS (SELECT FROM events) AS has',
  );
  if (rows[0]!.has) throw new NotForGeneratingError('This database has refunds or payments of its own.');
  await client.query('BEGIN');
  await client.query(generatedSchema);
  await client.query('INSERT INTO generated.run (seed, refunds) VALUES ($1, $2)', [
    seed,
    groups * REFUNDS_PER_GROUP,
  ]);
  for (const [position, owner] of owners.entries()) await insertOwner(client, owner, position, owners.length);
  await client.query('COMMIT');
  return 0;
}

/** The first has nine of ten; those between share the rest. */
async function insertOwner(client: Client, owner: Owner, position: number, count: number): Promise<void> {
  const middle = Math.max(1, count - 2);
  const from = position === 0 ? 0 : 900 + Math.floor((100 * (position - 1)) / middle);
  const to =
    count === 2 ? 1000 : position === 0 ? 900 : 900 + Math.floor((100 * Math.min(position, middle)) / middle);
  const { rowCount } = await client.query(
    `INSERT INTO generated.owners (position, merchant_id, account_id, code, wire, takes_from, takes_to, is_small, has_splits,
       has_items, endpoint_id)
     SELECT $1, merchant_id, id, code, provider || '/1', $3, $4, $5, $6, $7, (SELECT id FROM event_endpoints WHERE code = $8)
     FROM accounts WHERE code = $2`,
    [
      position,
      owner.account,
      from,
      position === count - 1 ? from : to,
      position === count - 1,
      owner.hasSplits ?? false,
      owner.hasItems ?? false,
      owner.endpoint ?? null,
    ],
  );
  if (rowCount !== 1) throw new NotForGeneratingError(`There is no account ${owner.account}.`);
}

async function writeBatch(client: Client, first: number, end: number, groups: number): Promise<void> {
  await client.query('BEGIN');
  try {
    const [ofGroups, ...others] = batchTables.split(/;\n+/).filter((statement) => statement.trim() !== '');
    await client.query(ofGroups!, [first, end, groups]);
    await client.query([...others, batchMoves].join(';'));
    for (const rows of batchRows) await client.query(rows);
    await client.query('UPDATE generated.run SET groups_done = $1', [end]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

/** What contradicts the invariants, with how many rows of each; empty: they hold. Reads whole tables. */
export async function findGeneratedViolations(client: Client): Promise<readonly string[]> {
  const { rows: keys } = await client.query<{ name: string; sql: string }>(foreignKeys);
  const found: string[] = [];
  for (const { name, sql } of [...checks, ...keys]) {
    const { rowCount } = await client.query(sql);
    if (rowCount !== 0) found.push(`${name}: ${rowCount} rows`);
  }
  return found;
}
