import { sql } from 'kysely';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connectDatabase, type ConnectedDatabase } from '../../src/db/connect.ts';
import { migrateToLatest } from '../../src/db/migrate.ts';
import type { Database } from '../../src/db/tables.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { dumpSchema } from '../support/schema-dump.ts';
import { silentLog } from '../support/silent-log.ts';

const processes = 5;
const opened: ConnectedDatabase<Database>[] = [];
let migrated: TestDatabase<Database>;
const name = `migrations_${process.pid}_${Date.now()}`;

beforeAll(async () => {
  migrated = await createTestDatabase('migrations_reference');
  await sql.raw(`CREATE DATABASE ${name}`).execute(migrated.db);
  for (let each = 0; each < processes; each += 1)
    opened.push(
      connectDatabase<Database>({
        config: { ...inject('testServer'), database: name },
        log: silentLog,
        max: 2,
      }),
    );
});
afterAll(async () => {
  await Promise.all(opened.map((each) => each.close()));
  await sql.raw(`DROP DATABASE ${name} WITH (FORCE)`).execute(migrated.db);
  await migrated.drop();
});

test('five that start on an empty database at once make one schema', async () => {
  const ran = await Promise.all(opened.map((each) => migrateToLatest(each.db as never)));
  const names = ran.flat();
  expect(names.length).toBeGreaterThan(0);
  expect(new Set(names).size, 'each migration ran once').toBe(names.length);
  expect(await dumpSchema(opened[0]!.db)).toBe(await dumpSchema(migrated.db));
});

test('a database that is up to date is left alone', async () => {
  const before = await dumpSchema(migrated.db);
  expect(await migrateToLatest(migrated.db as never)).toEqual([]);
  expect(await dumpSchema(migrated.db)).toBe(before);
});

test('a database of a newer release is refused', async () => {
  const { db } = opened[0]!;
  await sql`INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-of-tomorrow', '2100-01-01')`.execute(
    db,
  );
  await expect(migrateToLatest(db as never)).rejects.toMatchObject({
    name: 'WrongInstallationError',
    message: expect.stringMatching(/newer release \(9999-of-tomorrow\)/) as string,
  });
});
