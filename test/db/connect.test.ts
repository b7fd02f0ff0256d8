import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDatabase, type ConnectedDatabase } from '../../src/db/connect.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { silentLog } from '../support/silent-log.ts';

interface Tables {
  things: { id: bigint; name: string };
}

let database: TestDatabase<Tables>;
beforeAll(async () => {
  database = await createTestDatabase<Tables>('connect');
  await sql`CREATE TABLE things (id bigint PRIMARY KEY, name text NOT NULL)`.execute(database.db);
});
afterAll(() => database.drop());

async function setting(
  opened: Pick<ConnectedDatabase<Tables>, 'db'>,
  name: string,
): Promise<string | undefined> {
  const { rows } = await sql<{ value: string }>`SELECT current_setting(${name}) AS value`.execute(opened.db);
  return rows[0]?.value;
}

describe('values of the database', () => {
  it('arrive exact: bigint for int8, text for numeric and date, Date for timestamptz', async () => {
    const { rows } =
      await sql`SELECT 9223372036854775807::int8 AS big, '{1,NULL,-9223372036854775808}'::int8[] AS bigs,
      '{{1,2},{3,4}}'::int8[] AS nested, 1.10::numeric AS price, '{1.10,0.30}'::numeric[] AS prices,
      '2026-02-28'::date AS day, '2026-02-28 12:00+03'::timestamptz AS instant`.execute(database.db);
    expect(rows).toEqual([
      {
        big: 9223372036854775807n,
        bigs: [1n, null, -9223372036854775808n],
        nested: [
          [1n, 2n],
          [3n, 4n],
        ],
        price: '1.10',
        prices: ['1.10', '0.30'],
        day: '2026-02-28',
        instant: new Date('2026-02-28T09:00:00Z'),
      },
    ]);
  });

  it('go there exact, alone and in arrays', async () => {
    const ids = [9007199254740993n, 9223372036854775807n];
    const { rows } = await sql`SELECT ${ids[0]}::int8 AS one, ${ids}::int8[] AS many`.execute(database.db);
    expect(rows).toEqual([{ one: ids[0], many: ids }]);
  });
});

describe('a connection', () => {
  it('has limits on statements, locks and idle transactions', async () => {
    expect(await setting(database, 'statement_timeout')).toBe('15s');
    expect(await setting(database, 'lock_timeout')).toBe('5s');
    expect(await setting(database, 'idle_in_transaction_session_timeout')).toBe('15s');
  });

  it('can be opened by URL, joins the options in it, and leaves a limit of 0 to the server', async () => {
    const opened = connectDatabase<Tables>({
      connectionString: `${database.connectionString}&options=-c%20work_mem%3D8MB%20-c%20lock_timeout%3D7s`,
      statementTimeoutMs: 0,
      applicationName: 'by-url',
      log: silentLog,
    });
    expect(await setting(opened, 'work_mem')).toBe('8MB');
    expect(await setting(opened, 'lock_timeout')).toBe('7s');
    expect(await setting(opened, 'idle_in_transaction_session_timeout')).toBe('15s');
    expect(await setting(opened, 'statement_timeout')).toBe('0');
    expect(await setting(opened, 'application_name')).toBe('by-url');
    await opened.close();
  });

  it('that is not free in time is an error, not an endless wait', async () => {
    const opened = connectDatabase<Tables>({
      config: database.config,
      max: 1,
      connectTimeoutMs: 1_000,
      log: silentLog,
    });
    const held = await opened.pool.connect();
    await expect(opened.db.selectFrom('things').selectAll().execute()).rejects.toThrow('timeout');
    held.release();
    expect(await opened.db.selectFrom('things').selectAll().execute()).toEqual([]);
    await opened.close();
  });

  it('is closed by close, used or not, once or twice', async () => {
    const opened = connectDatabase<Tables>({ config: database.config, log: silentLog });
    await opened.close();
    await opened.close();
    await expect(opened.db.selectFrom('things').selectAll().execute()).rejects.toThrow();
  });
});

describe('statements', () => {
  const open = (preparedStatements: boolean, onQuery?: (text: string) => void): ConnectedDatabase<Tables> =>
    connectDatabase<Tables>({
      config: database.config,
      max: 1,
      preparedStatements,
      log: silentLog,
      ...(onQuery === undefined ? {} : { onQuery }),
    });
  const byId = (opened: ConnectedDatabase<Tables>, id: bigint): Promise<unknown> =>
    opened.db.selectFrom('things').selectAll().where('id', '=', id).execute();
  const prepared = async (opened: ConnectedDatabase<Tables>): Promise<unknown[]> =>
    (await opened.pool.query<{ statement: string }>('SELECT statement FROM pg_prepared_statements')).rows;

  it('with parameters are prepared once per connection', async () => {
    const opened = open(true);
    await byId(opened, 1n);
    await byId(opened, 2n);
    expect(await prepared(opened)).toEqual([{ statement: 'select * from "things" where "id" = $1' }]);
    await opened.close();
  });

  it('are not prepared by name when that is turned off', async () => {
    const opened = open(false);
    await byId(opened, 1n);
    expect(await prepared(opened)).toEqual([]);
    await opened.close();
  });

  it('fail at most once per connection when a migration changed their table', async () => {
    const opened = open(true);
    await sql`CREATE TABLE changing (id int)`.execute(database.db);
    const read = (): Promise<unknown> => sql`SELECT * FROM changing WHERE id <> ${0}`.execute(opened.db);
    await read();
    await sql`ALTER TABLE changing ADD COLUMN name text`.execute(database.db);
    await expect(read()).rejects.toMatchObject({ code: '0A000' });
    await expect(read()).resolves.toMatchObject({ rows: [] });
    await opened.close();
  });

  it('are all heard by onQuery, those of a transaction too', async () => {
    const heard: string[] = [];
    const opened = open(true, (text) => heard.push(text));
    await opened.db
      .transaction()
      .execute((transaction) => transaction.selectFrom('things').select('id').execute());
    expect(heard).toEqual(['begin', 'select "id" from "things"', 'commit']);
    await opened.close();
  });
});
