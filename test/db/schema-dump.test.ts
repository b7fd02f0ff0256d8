import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { dumpSchema } from '../support/schema-dump.ts';
import type { Database } from '../../src/db/tables.ts';

let database: TestDatabase<Database>;
beforeAll(async () => {
  database = await createTestDatabase('schema_dump');
});
afterAll(() => database.drop());

test('the schema is the one that is checked in', async () => {
  await expect(await dumpSchema(database.db)).toMatchFileSnapshot('../../docs/schema.sql');
});

test('the dump notices every kind of change', async () => {
  const before = await dumpSchema(database.db);
  const changes = [
    'ALTER TABLE payments ADD COLUMN extra text',
    'ALTER TABLE payments ALTER COLUMN extra SET DEFAULT 1',
    'ALTER TABLE payments ADD CONSTRAINT extra_short CHECK (length(extra) < 9)',
    'CREATE INDEX payments_extra ON payments (extra)',
    "COMMENT ON COLUMN payments.extra IS 'more'",
    'CREATE OR REPLACE FUNCTION app_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$SELECT now()$$',
    'DROP TRIGGER events_no_truncate ON events',
    'CREATE VIEW extra AS SELECT 1 AS one',
  ];
  const seen = new Set([before]);
  for (const change of changes) {
    await sql.raw(change).execute(database.db);
    seen.add(await dumpSchema(database.db));
  }
  expect(seen.size).toBe(changes.length + 1);
});
