import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectDatabase, type ConnectedDatabase, type ConnectOptions } from '../../src/db/connect.ts';
import { inTransaction } from '../../src/db/in-transaction.ts';
import { isDatabaseUnavailable, wasRolledBack } from '../../src/db/unavailable.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { silentLog } from '../support/silent-log.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

interface Tables {
  things: { id: number; name: string };
}

let database: TestDatabase<Tables>;
let proxy: TcpProxy;
const opened: ConnectedDatabase<Tables>[] = [];
beforeAll(async () => {
  database = await createTestDatabase<Tables>('server_trouble');
  await sql`CREATE TABLE things (id int PRIMARY KEY, name text NOT NULL)`.execute(database.db);
  proxy = await TcpProxy.inFrontOf(database.config);
});
afterAll(async () => {
  await database.drop();
  await proxy.close();
});
beforeEach(async () => {
  await sql`TRUNCATE things`.execute(database.db);
  await sql`INSERT INTO things VALUES (1, 'one'), (2, 'two')`.execute(database.db);
});
afterEach(async () => {
  proxy.pass();
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

function open(options: Partial<ConnectOptions> = {}): ConnectedDatabase<Tables> {
  const each = connectDatabase<Tables>({ config: database.config, log: silentLog, ...options });
  opened.push(each);
  return each;
}

const failureOf = (task: Promise<unknown>): Promise<unknown> =>
  task.then(
    () => 'no failure',
    (error: unknown) => error,
  );
const rename = (db: ConnectedDatabase<Tables>['db'], id: number, name: string) =>
  db.updateTable('things').set({ name }).where('id', '=', id).execute();
const names = async (): Promise<string[]> =>
  (await database.db.selectFrom('things').select('name').orderBy('id').execute()).map(({ name }) => name);

/** Resolves when so many sessions of an application are in this state. */
async function untilSessions(application: string, condition: string, count: number): Promise<void> {
  for (;;) {
    const { rows } = await sql`SELECT pid FROM pg_stat_activity
      WHERE application_name = ${application} AND ${sql.raw(condition)}`.execute(database.db);
    if (rows.length === count) return;
    await sleep(5);
  }
}

describe('what the server says', () => {
  it.each(
    '08000 08003 08006 08P01 25006 25P03 25P04 28000 3D000 40001 40003 40P01 53100 53200 53300 55000 55P03 57014 57P01 57P02 57P03 57P05 58000 58030'.split(
      ' ',
    ),
  )('%s is trouble of the database', async (code) => {
    const failure = await failureOf(raise(code));
    expect(failure).toMatchObject({ code });
    expect(isDatabaseUnavailable(failure)).toBe(true);
    expect(wasRolledBack(failure)).toBe(['40001', '40P01'].includes(code));
  });

  it.each('0A000 22003 23505 23514 25P02 42601 42P01 42501 P0001 XX000 XX001 58P01'.split(' '))(
    '%s is not, and would be no better a moment later',
    async (code) => {
      const failure = await failureOf(raise(code));
      expect(failure).toMatchObject({ code });
      expect(isDatabaseUnavailable(failure)).toBe(false);
      expect(wasRolledBack(failure)).toBe(false);
    },
  );

  const raise = (code: string): Promise<unknown> =>
    sql.raw(`DO $$ BEGIN RAISE EXCEPTION 'said' USING ERRCODE = '${code}'; END $$`).execute(database.db);
});

describe('a server that takes no writes any more', () => {
  const readOnly = (value: 'on' | 'off') =>
    sql
      .raw(`ALTER DATABASE ${database.config.database} SET default_transaction_read_only = ${value}`)
      .execute(database.db);

  it('loses all its connections with the first refused write, so that the next ones find the primary', async () => {
    await readOnly('on');
    const replica = open({ max: 4 });
    await Promise.all([1, 2, 3, 4].map(() => sql`SELECT pg_sleep(0.02)`.execute(replica.db)));
    expect(replica.pool.idleCount).toBe(4);
    await readOnly('off');
    const refused = await failureOf(rename(replica.db, 1, 'written'));
    expect(refused).toMatchObject({ code: '25006' });
    expect(isDatabaseUnavailable(refused)).toBe(true);
    await Promise.all([1, 2, 1, 2].map((id) => rename(replica.db, id, 'written')));
    expect(await names()).toEqual(['written', 'written']);
  });

  it('is left by a transaction, too', async () => {
    await readOnly('on');
    const replica = open({ max: 1 });
    const write = () => inTransaction(replica.db, (tx) => rename(tx, 1, 'written'));
    expect(await failureOf(write())).toMatchObject({ code: '25006' });
    await readOnly('off');
    await write();
    expect(await names()).toEqual(['written', 'two']);
  });
});

describe('a network that swallows everything', () => {
  it('fails a transaction once the server must have answered, and takes its connection away', async () => {
    const through = open({ config: proxy.through(database.config), max: 1, statementTimeoutMs: 100 });
    await sql`SELECT 1`.execute(through.db);
    const started = performance.now();
    const failure = await failureOf(
      inTransaction(through.db, async (tx) => {
        await rename(tx, 1, 'lost');
        proxy.hold();
        await rename(tx, 2, 'lost');
      }),
    );
    expect(isDatabaseUnavailable(failure)).toBe(true);
    const lastedMs = performance.now() - started;
    expect(lastedMs).toBeGreaterThan(5_000);
    // Not once more for the rollback.
    expect(lastedMs).toBeLessThan(9_000);
    proxy.pass();
    await rename(through.db, 1, 'after');
    expect(await names()).toEqual(['after', 'two']);
  });
});

describe('a transaction that the server gave up for another one', () => {
  it('in a deadlock runs again, from its start', async () => {
    const ours = open({ max: 1, applicationName: 'ours' });
    // The other one is patient, so that ours is the victim.
    const url = new URL(database.connectionString);
    url.searchParams.set('options', '-c deadlock_timeout=30s -c lock_timeout=0');
    const other = open({ connectionString: url.toString(), max: 1, lockTimeoutMs: 0 });
    const seen: string[] = [];
    const crossing = Promise.withResolvers<void>();
    let mine: Promise<unknown> | undefined;
    await inTransaction(other.db, async (tx) => {
      await rename(tx, 2, 'other');
      mine = inTransaction(ours.db, async (own) => {
        const [row] = await own.selectFrom('things').selectAll().where('id', '=', 1).forUpdate().execute();
        seen.push(row!.name);
        crossing.resolve();
        await rename(own, 2, 'ours');
      });
      await crossing.promise;
      await untilSessions('ours', "wait_event_type = 'Lock'", 1);
      await rename(tx, 1, 'other');
    });
    await mine;
    expect(seen).toEqual(['one', 'other']);
    expect(await names()).toEqual(['other', 'ours']);
  });

  it('because it could not be put in an order runs again, on what is true now', async () => {
    const seen: string[] = [];
    await inTransaction(database.db, async (tx) => {
      await sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`.execute(tx);
      const row = await tx.selectFrom('things').select('name').where('id', '=', 1).executeTakeFirstOrThrow();
      seen.push(row.name);
      if (seen.length === 1) await rename(open({ max: 1 }).db, 1, 'other');
      await rename(tx, 1, `${row.name}+`);
    });
    expect(seen).toEqual(['one', 'other']);
    expect(await names()).toEqual(['other+', 'two']);
  });

  it('because a migration changed its table runs again', async () => {
    const one = open({ max: 1 });
    const read = () =>
      inTransaction(one.db, (tx) => tx.selectFrom('things').selectAll().where('id', '=', 1).execute());
    await read();
    await sql`ALTER TABLE things ADD COLUMN more int`.execute(database.db);
    expect(await read()).toEqual([{ id: 1, name: 'one', more: null }]);
    await sql`ALTER TABLE things DROP COLUMN more`.execute(database.db);
  });

  it('each time ends after a few times with an error that is worth another request', async () => {
    let attempts = 0;
    const failure = await failureOf(
      inTransaction(database.db, async (tx) => {
        attempts += 1;
        await sql`DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$`.execute(tx);
      }),
    );
    expect(isDatabaseUnavailable(failure)).toBe(true);
    expect(attempts).toBe(4);
  });

  it('is the only kind that runs again', async () => {
    let attempts = 0;
    const failure = await failureOf(
      inTransaction(database.db, async (tx) => {
        attempts += 1;
        await sql`DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '57P01'; END $$`.execute(tx);
      }),
    );
    expect([attempts, isDatabaseUnavailable(failure)]).toEqual([1, true]);
  });
});

describe('a limit that is reached inside a transaction', () => {
  it('of a statement: nothing is kept, and the connection goes on', async () => {
    const one = open({ max: 1, statementTimeoutMs: 50, applicationName: 'limited' });
    const pidOf = async () =>
      (await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(one.db)).rows[0]!.pid;
    const before = await pidOf();
    const failure = await failureOf(
      inTransaction(one.db, async (tx) => {
        await rename(tx, 1, 'lost');
        await sql`SELECT pg_sleep(60)`.execute(tx);
      }),
    );
    expect(isDatabaseUnavailable(failure)).toBe(true);
    expect(await names()).toEqual(['one', 'two']);
    expect(await pidOf()).toBe(before);
  });

  it('of a lock: nothing is kept', async () => {
    const one = open({ max: 1, lockTimeoutMs: 50 });
    await inTransaction(database.db, async (tx) => {
      await rename(tx, 2, 'other');
      const failure = await failureOf(
        inTransaction(one.db, async (own) => {
          await rename(own, 1, 'lost');
          await rename(own, 2, 'lost');
        }),
      );
      expect(failure).toMatchObject({ code: '55P03' });
    });
    expect(await names()).toEqual(['one', 'other']);
  });

  it('of idleness: the server ends it, its locks are free, the process lives', async () => {
    const one = open({ max: 1, idleInTransactionTimeoutMs: 50, applicationName: 'idle-one' });
    const failure = await failureOf(
      inTransaction(one.db, async (tx) => {
        await rename(tx, 1, 'lost');
        await untilSessions('idle-one', 'true', 0);
        await rename(database.db as never, 1, 'free');
        await rename(tx, 2, 'lost');
      }),
    );
    expect(isDatabaseUnavailable(failure)).toBe(true);
    await rename(one.db, 2, 'again');
    expect(await names()).toEqual(['free', 'again']);
  });
});
