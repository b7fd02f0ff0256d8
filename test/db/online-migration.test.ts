import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { connectDatabase, type ConnectedDatabase } from '../../src/db/connect.ts';
import { migrateToLatest } from '../../src/db/migrate.ts';
import { online as growth } from '../../src/db/migrations/0010-growth.ts';
import { onlineSteps, oneAtATime, type OnlineMigration } from '../../src/db/online-migration.ts';
import { createTestDatabase } from '../support/database.ts';
import { insertPayment, insertRefund, insertTenant } from '../support/rows.ts';
import { silentLog } from '../support/silent-log.ts';

type All = Record<string, Migration | OnlineMigration>;

const tables: Migration = {
  up: async (db) => void (await sql`CREATE TABLE things (id integer, name text)`.execute(db)),
};
const index = (unique?: 'unique'): OnlineMigration => ({
  online: ({ createIndex }) => createIndex('things_by_name', 'ON things (name)', unique),
});

let admin: ConnectedDatabase<never>;
let processes: ConnectedDatabase<never>[];
let name: string;

beforeEach(async () => {
  admin = connectDatabase<never>({ config: inject('testServer'), log: silentLog, max: 1 });
  name = `online_${process.pid}_${Date.now()}`;
  await sql.raw(`CREATE DATABASE ${name}`).execute(admin.db);
  const config = { ...inject('testServer'), database: name };
  processes = [0, 1, 2].map(() => connectDatabase<never>({ config, log: silentLog, max: 3 }));
});
afterEach(async () => {
  await Promise.all(processes.map((each) => each.close()));
  await sql.raw(`DROP DATABASE ${name} WITH (FORCE)`).execute(admin.db);
  await admin.close();
});

const noted = async (): Promise<string[]> =>
  (
    await processes[0]!.pool.query<{ name: string }>('SELECT name FROM kysely_migration ORDER BY name')
  ).rows.map((row) => row.name);

/** Null: there is none. */
const isValid = async (): Promise<boolean | null> => {
  const { rows } = await processes[0]!.pool.query<{ valid: boolean }>(
    `SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass('things_by_name')`,
  );
  return rows[0]?.valid ?? null;
};

describe('a migration that runs online', () => {
  test('has its place among the others, and runs once', async () => {
    const { db } = processes[0]!;
    const all: All = { '1-tables': tables, '2-index': index(), '3-more': { up: () => Promise.resolve() } };
    expect(await migrateToLatest(db, all)).toEqual(['1-tables', '2-index', '3-more']);
    expect(await isValid()).toBe(true);
    expect(await migrateToLatest(db, all)).toEqual([]);
    expect(await noted()).toEqual(['1-tables', '2-index', '3-more']);
  });

  test('of three processes that start at once is run by one, and none of them is undone', async () => {
    const all: All = { '1-tables': tables, '2-index': index(), '3-more': { up: () => Promise.resolve() } };
    const ran = await Promise.all(processes.map(({ db }) => migrateToLatest(db, all)));
    expect(ran.flat().toSorted()).toEqual(['1-tables', '2-index', '3-more']);
    expect(await noted()).toEqual(['1-tables', '2-index', '3-more']);
    expect(await isValid()).toBe(true);
  });

  test('that failed is not noted, and the next start does what is left', async () => {
    const { db, pool } = processes[0]!;
    await migrateToLatest(db, { '1-tables': tables });
    await pool.query("INSERT INTO things VALUES (1, 'same'), (2, 'same')");
    const all: All = { '1-tables': tables, '2-index': index('unique') };
    await expect(migrateToLatest(db, all)).rejects.toMatchObject({ code: '23505' });
    expect(await noted()).toEqual(['1-tables']);
    expect(await isValid(), 'PostgreSQL leaves it behind').toBe(false);
    await pool.query('DELETE FROM things WHERE id = 2');
    expect(await migrateToLatest(db, all)).toEqual(['2-index']);
    expect(await isValid()).toBe(true);
  });

  test('blocks no writer while it builds, and begins anew when its connection was cut', async () => {
    const [own, other] = [processes[0]!, processes[1]!];
    await migrateToLatest(own.db, { '1-tables': tables });
    const all: All = { '1-tables': tables, '2-index': index() };
    const open = await other.pool.connect();
    try {
      // The build waits for it.
      await open.query("BEGIN; INSERT INTO things VALUES (1, 'open')");
      const building = migrateToLatest(own.db, all).then(
        () => 'done',
        () => 'cut',
      );
      const builder = await untilBuilding(other);
      await other.pool.query("INSERT INTO things VALUES (2, 'meanwhile')");
      await other.pool.query('SELECT pg_terminate_backend($1)', [builder]);
      expect(await building).toBe('cut');
      await open.query('COMMIT');
    } finally {
      open.release();
    }
    expect(await noted()).toEqual(['1-tables']);
    expect(await isValid()).toBe(false);
    expect(await migrateToLatest(other.db, all)).toEqual(['2-index']);
    expect(await isValid()).toBe(true);
  });

  test('is noted by a newer release only, which an older one refuses', async () => {
    const { db } = processes[0]!;
    await migrateToLatest(db, { '1-tables': tables, '2-index': index() });
    await expect(migrateToLatest(db, { '1-tables': tables })).rejects.toMatchObject({
      name: 'WrongInstallationError',
    });
  });
});

/** The server process that builds an index, once it has noted it and waits for writers. */
async function untilBuilding({ pool }: ConnectedDatabase<never>): Promise<number> {
  for (;;) {
    const { rows } = await pool.query<{ pid: number }>(
      // Other databases of the same server build indexes, too.
      `SELECT pid FROM pg_stat_progress_create_index
       WHERE datname = current_database() AND phase = 'waiting for writers before build'`,
    );
    if (rows[0] !== undefined) return rows[0].pid;
  }
}

test('sellers of refunds that an older release has made are found, those of before and those of meanwhile', async () => {
  const database = await createTestDatabase('sellers');
  try {
    const tenant = await insertTenant(database.db, 'sellers');
    const paymentId = await insertPayment(database.db, tenant);
    const before = await insertRefund(database.db, tenant, paymentId);
    const listed = async () => {
      const rows = await database.db.selectFrom('refund_sellers').selectAll().execute();
      return rows.map(({ refund_id, seller }) => ({ refund_id, seller }));
    };
    const of = (refund_id: string) => ({ refund_id, seller: tenant.accountCode });
    expect(await listed(), 'by the trigger, whoever inserts').toEqual([of(before)]);
    // As it was before this release.
    await sql`DROP TRIGGER leg_sources_seller ON leg_sources`.execute(database.db);
    await sql`DELETE FROM refund_sellers`.execute(database.db);
    const later = await insertRefund(database.db, tenant, paymentId);
    expect(await listed()).toEqual([]);
    await oneAtATime(database.pool, (client) => growth(onlineSteps(client)));
    expect(new Set(await listed())).toEqual(new Set([of(before), of(later)]));
    const after = await insertRefund(database.db, tenant, paymentId);
    expect(await listed()).toContainEqual(of(after));
    await oneAtATime(database.pool, (client) => growth(onlineSteps(client)));
    expect(await listed(), 'once more changes nothing').toHaveLength(3);
  } finally {
    await database.drop();
  }
});
