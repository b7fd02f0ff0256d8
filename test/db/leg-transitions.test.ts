import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/db/tables.ts';
import { transitions } from '../../src/refunds/transitions.ts';
import { legStatuses, type LegStatus } from '../../src/vocabulary.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertPayment, insertRefund, insertTenant } from '../support/rows.ts';

let database: TestDatabase<Database>;
/** The leg that stands in each status, one of our own and one that was imported. */
const own = new Map<LegStatus, string>();
const imported = new Map<LegStatus, string>();

beforeAll(async () => {
  database = await createTestDatabase('leg_transitions');
  const { db } = database;
  const tenant = await insertTenant(db, 'demo');
  const legOf = async (status: LegStatus, name: string) => {
    const payment = await insertPayment(db, tenant);
    const lease = status === 'SENDING' ? new Date() : null;
    const refund = await insertRefund(db, tenant, payment, {}, { status, name, lease_until: lease });
    return (
      await db
        .selectFrom('refund_legs')
        .select('id')
        .where('refund_id', '=', refund)
        .executeTakeFirstOrThrow()
    ).id;
  };
  for (const status of legStatuses) {
    own.set(status, await legOf(status, 'all'));
    imported.set(status, await legOf(status, `external:${status}`));
  }
});
afterAll(() => database.drop());

/** The constraint with which the database refuses the move; undefined when it takes it. Nothing is kept. */
async function refusalOf(legId: string | undefined, to: LegStatus): Promise<string | undefined> {
  const client = await database.pool.connect();
  try {
    await client.query('BEGIN');
    const { rowCount } = await client.query(
      `UPDATE refund_legs SET status = $2, sent_at = now(), lease_until = now() WHERE id = $1`,
      [legId, to],
    );
    expect(rowCount).toBe(1);
    return undefined;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    expect(error.code).toBe('23514');
    return error.constraint;
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

const pairs = new Set(transitions.flatMap(({ from, to }) => to.map((target) => `${from} ${target}`)));
const all = legStatuses.flatMap((from) => legStatuses.map((to): [LegStatus, LegStatus] => [from, to]));
const moves = all.filter(([from, to]) => from !== to);
/** What only an import may do: it is closed when it turns out to be one of ours. What is PENDING may also be stopped. */
const isClosing = (from: LegStatus, to: LegStatus): boolean => to === 'CANCELED' && from === 'SUCCEEDED';
const unknown = 'refund_legs_transition_known';

test('the database has the pairs of src/refunds/transitions.ts, and no others', async () => {
  const rows = await database.db.selectFrom('leg_transitions').selectAll().execute();
  expect(rows.map((row) => `${row.from_status} ${row.to_status}`).toSorted()).toEqual([...pairs].toSorted());
});

describe('SQL moves a leg', () => {
  test.each(moves)('from %s to %s only where the table has it', async (from, to) => {
    const isKnown = pairs.has(`${from} ${to}`);
    expect(await refusalOf(own.get(from), to)).toBe(isKnown && !isClosing(from, to) ? undefined : unknown);
    expect(await refusalOf(imported.get(from), to)).toBe(isKnown ? undefined : unknown);
  });

  test.each(legStatuses)('from %s to itself freely: that is no move', async (status) => {
    expect(await refusalOf(own.get(status), status)).toBeUndefined();
  });
});
