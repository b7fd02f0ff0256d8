import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findGeneratedViolations, generateRefunds } from '../../bench/generate.ts';
import { refuseUsedDatabase } from '../../bench/generated-guard.ts';
import { generatedOwners, insertGeneratedTenants } from '../../bench/growth-database.ts';
import { markInstallation } from '../../src/db/installation.ts';
import type { Database } from '../../src/db/tables.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { findViolations } from '../support/invariants.ts';
import { takeSnapshot } from '../support/snapshot.ts';

let database: TestDatabase<Database>;
let client: Client;
beforeEach(async () => {
  database = await createTestDatabase('generate');
  client = new Client(database.config);
  await client.connect();
  await insertGeneratedTenants(client, database, 'http://127.0.0.1:9/v3');
});
afterEach(async () => {
  await client.end();
  await database.drop();
});

const of = (refunds: number, more: object = {}) => ({
  refunds,
  owners: generatedOwners,
  groupsAtOnce: 40,
  ...more,
});
const ids = async (): Promise<unknown> => {
  const { rows } = await client.query(
    'SELECT md5(string_agg(r::text, $1 ORDER BY id)) FROM (SELECT id, status, amount_minor FROM refunds) r',
    [','],
  );
  return rows;
};

describe('generated refunds', () => {
  test('hold every invariant, of every kind of refund', async () => {
    await generateRefunds(client, of(900));
    expect(await findGeneratedViolations(client)).toEqual([]);
    expect(findViolations(await takeSnapshot(database.db), [], { quiet: false })).toEqual([]);
    const { rows } = await client.query('SELECT DISTINCT status FROM refunds');
    expect(rows.length).toBeGreaterThan(7);
  });

  test('are found to be broken when one amount is another', async () => {
    await generateRefunds(client, of(300));
    await client.query('UPDATE payments SET refunded_minor = refunded_minor - 1 WHERE refunded_minor > 0');
    expect((await findGeneratedViolations(client)).join()).toMatch(/I1, I6 of payments/);
  });

  test('go on where a run was interrupted, and are the same then', async () => {
    const stopped = generateRefunds(
      client,
      of(900, {
        onBatch: () => {
          throw new Error('stopped');
        },
      }),
    );
    await expect(stopped).rejects.toThrow('stopped');
    const { rows } = await client.query('SELECT count(*)::int AS count FROM refunds');
    expect(rows[0]).toEqual({ count: 240 });
    // As after a kill: another session.
    await client.end();
    client = new Client(database.config);
    await client.connect();
    await generateRefunds(client, of(900));
    const whole = await client.query('SELECT count(*)::int AS count FROM refunds');
    expect(whole.rows[0]).toEqual({ count: 900 });
    expect(await findGeneratedViolations(client)).toEqual([]);
    const before = await ids();
    await generateRefunds(client, of(900));
    expect(await ids(), 'nothing is made twice').toEqual(before);
    await expect(generateRefunds(client, of(1200))).rejects.toMatchObject({ name: 'NotForGeneratingError' });
  });
});

describe('a database is refused', () => {
  const guard = (isOurs: boolean, environment: NodeJS.ProcessEnv = {}) =>
    refuseUsedDatabase(client, { isOurs, environment });

  test('whose name does not say what it is for', async () => {
    await expect(guard(false)).rejects.toThrow(/_generated/);
    await expect(guard(true)).resolves.toBeUndefined();
  });

  test('where somebody says that this is production', () =>
    expect(guard(true, { NODE_ENV: 'production' })).rejects.toThrow(/production/));

  test('on which a service was started', async () => {
    await markInstallation(database.db, false);
    await expect(guard(true)).rejects.toThrow(/service was started/);
  });

  test('that has merchants of its own', async () => {
    await client.query("INSERT INTO merchants (id, code, name) VALUES (gen_random_uuid(), 'acme', 'Acme')");
    await expect(guard(true)).rejects.toThrow(/data of its own/);
  });

  test('that has tables of something else', async () => {
    await client.query('DROP TABLE installation; CREATE TABLE something ()');
    await expect(guard(true)).rejects.toThrow(/not of this service/);
  });
});
