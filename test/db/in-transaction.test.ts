import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction, OuterDatabaseInTransactionError } from '../../src/db/in-transaction.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

interface Tables {
  things: { id: number };
}

let one: TestDatabase<Tables>;
let other: TestDatabase<Tables>;
beforeAll(async () => {
  one = await createTestDatabase<Tables>('transaction', { max: 1 });
  other = await createTestDatabase<Tables>('transaction', { max: 1 });
  await sql`CREATE TABLE things (id int PRIMARY KEY)`.execute(one.db);
  await sql`CREATE TABLE things (id int PRIMARY KEY)`.execute(other.db);
});
afterAll(async () => {
  await one.drop();
  await other.drop();
});

const ids = async (database: TestDatabase<Tables>): Promise<number[]> =>
  (await database.db.selectFrom('things').select('id').orderBy('id').execute()).map((row) => row.id);

describe('inTransaction', () => {
  it('commits what resolves and rolls back what throws', async () => {
    await inTransaction(one.db, (transaction) =>
      transaction.insertInto('things').values({ id: 1 }).execute(),
    );
    const failed = inTransaction(one.db, async (transaction) => {
      await transaction.insertInto('things').values({ id: 2 }).execute();
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect(await ids(one)).toEqual([1]);
  });

  it('refuses the outer database inside, instead of waiting for itself for ever', async () => {
    const nested = inTransaction(one.db, async (transaction) => {
      await transaction.selectFrom('things').select('id').execute();
      await one.db.selectFrom('things').select('id').execute();
    });
    await expect(nested).rejects.toBeInstanceOf(OuterDatabaseInTransactionError);
    const byPool = inTransaction(one.db, () => one.pool.query('SELECT 1'));
    await expect(byPool).rejects.toBeInstanceOf(OuterDatabaseInTransactionError);
    const again = inTransaction(one.db, () => inTransaction(one.db, async () => 1));
    await expect(again).rejects.toBeInstanceOf(OuterDatabaseInTransactionError);
  });

  it('allows another database inside, also when that one has a transaction of its own', async () => {
    const nested = inTransaction(one.db, () => inTransaction(other.db, () => ids(one)));
    await expect(nested).rejects.toBeInstanceOf(OuterDatabaseInTransactionError);
    expect(await inTransaction(one.db, () => ids(other))).toEqual([]);
  });

  it('lets work that was started inside use the database after the end', async () => {
    let late: Promise<number[]> | undefined;
    let finish: () => void = () => undefined;
    await inTransaction(one.db, async () => {
      late = new Promise<void>((resolve) => (finish = resolve)).then(() => ids(one));
    });
    finish();
    expect(await late).toEqual([1]);
  });
});
