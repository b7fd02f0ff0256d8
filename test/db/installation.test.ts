import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  makeClockMovable,
  markInstallation,
  refuseOtherMode,
  setClockOffset,
  WrongInstallationError,
} from '../../src/db/installation.ts';
import { uuidv7, type MerchantId } from '../../src/ids.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertTenant } from '../support/rows.ts';
import type { Database } from '../../src/db/tables.ts';

let database: TestDatabase<Database>;
beforeEach(async () => {
  database = await createTestDatabase('installation');
});
afterEach(() => database.drop());

const addMerchant = () =>
  database.db
    .insertInto('merchants')
    .values({ id: uuidv7<MerchantId>(), code: 'acme', name: 'Acme' })
    .execute();

describe('the mark of a database', () => {
  it.each([true, false])(
    'is set once on an empty one, and passes the same mode again: demo %s',
    async (demo) => {
      await refuseOtherMode(database.db, demo);
      await markInstallation(database.db, demo);
      await addMerchant();
      await markInstallation(database.db, demo);
      await refuseOtherMode(database.db, demo);
      expect(await database.db.selectFrom('installation').select('demo').execute()).toEqual([{ demo }]);
    },
  );

  it.each([true, false])('refuses the other mode, before and after migrating: demo %s', async (demo) => {
    await markInstallation(database.db, demo);
    await expect(refuseOtherMode(database.db, !demo)).rejects.toThrow(WrongInstallationError);
    await expect(markInstallation(database.db, !demo)).rejects.toThrow(WrongInstallationError);
  });

  it('refuses a demo on data that no demo has made', async () => {
    await addMerchant();
    await expect(markInstallation(database.db, true)).rejects.toThrow(/may hold real refunds/);
    expect(await database.db.selectFrom('installation').selectAll().execute()).toEqual([]);
  });

  it('passes a database without any table', async () => {
    await sql`DROP TABLE installation CASCADE`.execute(database.db);
    await refuseOtherMode(database.db, true);
  });

  it('may be set by many at once', async () => {
    await Promise.all(Array.from({ length: 5 }, () => markInstallation(database.db, true)));
    expect(await database.db.selectFrom('installation').select('demo').execute()).toEqual([{ demo: true }]);
  });
});

describe('app_now()', () => {
  const offset = async (): Promise<number> => {
    const { rows } = await sql<{ seconds: number }>`
      SELECT extract(epoch FROM app_now() - now())::float8 AS seconds`.execute(database.db);
    return rows[0]!.seconds;
  };

  it('is real time unless it was made movable', async () => {
    await markInstallation(database.db, true);
    await setClockOffset(database.db, 3_600);
    expect(await offset()).toBe(0);
  });

  it('follows the offset, forth and back, for every connection', async () => {
    await markInstallation(database.db, true);
    await Promise.all(Array.from({ length: 5 }, () => makeClockMovable(database.db)));
    expect(await offset()).toBe(0);
    await setClockOffset(database.db, 30 * 86_400);
    expect(await offset()).toBe(30 * 86_400);
    await setClockOffset(database.db, -1.5);
    expect(await offset()).toBe(-1.5);
  });

  it('leaves nothing planned for a time that it has left: accounts are swept at once', async () => {
    await markInstallation(database.db, true);
    await makeClockMovable(database.db);
    await insertTenant(database.db, 'acme');
    await setClockOffset(database.db, 86_400);
    await database.db
      .updateTable('accounts')
      .set({ next_sweep_at: sql<Date>`app_now() + interval '5 minutes'`, swept_until: sql<Date>`app_now()` })
      .execute();
    const account = () =>
      database.db
        .selectFrom('accounts')
        .select(['next_sweep_at', sql<boolean>`swept_until <= app_now()`.as('swept')])
        .executeTakeFirstOrThrow();
    await setClockOffset(database.db, 90_000);
    expect((await account()).next_sweep_at, 'forth: as it was').not.toBeNull();
    await setClockOffset(database.db, 0);
    expect(await account()).toEqual({ next_sweep_at: null, swept: true });
  });
});
