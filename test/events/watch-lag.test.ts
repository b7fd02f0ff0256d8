import { sql } from 'kysely';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AlertCode } from '../../src/alerts.ts';
import { makeClockMovable, markInstallation, setClockOffset } from '../../src/db/installation.ts';
import { syncEndpoints } from '../../src/db/event-endpoints.ts';
import { readFeedHorizon } from '../../src/db/event-lag.ts';
import { insertOperatorMessage } from '../../src/db/event-messages.ts';
import type { Database } from '../../src/db/tables.ts';
import { noteLag, readLag, startLagWatch } from '../../src/events/watch-lag.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const silent = pino({ level: 'silent' });
let database: TestDatabase<Database>;
const raised: [AlertCode, object][] = [];
const alerts = { raise: (code: AlertCode, details: object) => void raised.push([code, details]) };
let now = 0;

beforeAll(async () => {
  database = await createTestDatabase('watch-lag');
  await markInstallation(database.db, true);
  await makeClockMovable(database.db);
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query('TRUNCATE event_deliveries, event_messages, event_endpoints, standing_alerts');
  await listen('pager', 'second');
  raised.length = 0;
});

const listen = (...codes: string[]) =>
  syncEndpoints(
    database.db,
    {
      merchants: [],
      operatorEndpoints: codes.map((code) => ({
        code,
        url: 'https://pager.example.com/',
        secrets: [],
        events: [],
        allowPrivateNetwork: false,
      })),
    },
    new Map(),
  );
const advance = (seconds: number) => setClockOffset(database.db, (now += seconds));
const tell = () => insertOperatorMessage(database.db, { type: 'alert.raised', data: {} });
/** What other tests of this server keep open is none of our business here. */
const look = async (horizon?: { ageSeconds: number; pid: number; database: string }) =>
  noteLag({ db: database.db, alerts }, { ...(await readLag(database.db)), horizon });
const deliver = (code: string) =>
  database.pool.query(
    "UPDATE event_deliveries SET status = 'DELIVERED', ended_at = app_now() WHERE endpoint_id = (SELECT id FROM event_endpoints WHERE code = $1)",
    [code],
  );
const fail = (code: string, failures: number) =>
  database.pool.query('UPDATE event_endpoints SET failures = $2 WHERE code = $1', [code, failures]);

describe('deliveries that wait', () => {
  test('for five minutes are told once for each endpoint, and again after it has caught up', async () => {
    await tell();
    await advance(299);
    await look();
    expect(raised).toEqual([]);
    await deliver('second');
    await advance(2);
    await look();
    await look();
    await advance(3600);
    await look();
    expect(raised).toEqual([['EVENTS_LAG', { endpoint: 'pager', overdueSeconds: 301 }]]);

    await deliver('pager');
    await look();
    await tell();
    await advance(301);
    await look();
    await look();
    expect(raised.map(([, details]) => details)).toMatchObject([
      { endpoint: 'pager' },
      { endpoint: 'pager' },
      { endpoint: 'second' },
    ]);
  });

  test('do not begin again while they are only a little less late', async () => {
    await tell();
    await deliver('second');
    await advance(310);
    await look();
    for (const late of [250, 305]) {
      await sql`UPDATE event_deliveries SET next_attempt_at = app_now() - make_interval(secs => ${late})`.execute(
        database.db,
      );
      await look();
    }
    expect(raised).toHaveLength(1);
  });

  test('at an endpoint that fails are no lag: others tell of that, and what has begun goes on', async () => {
    await tell();
    await deliver('second');
    await fail('pager', 1);
    await advance(400);
    await look();
    expect(raised).toEqual([]);
    await fail('pager', 0);
    await look();
    await fail('pager', 3);
    await look();
    await fail('pager', 0);
    await look();
    expect(raised).toHaveLength(1);
  });

  test('for their next attempt are not late before it', async () => {
    await tell();
    await database.pool.query(
      "UPDATE event_deliveries SET next_attempt_at = app_now() + interval '10 hours'",
    );
    await advance(9 * 3600);
    await look();
    expect(raised).toEqual([]);
  });

  test('at an endpoint that is disabled or not configured any more are none of ours', async () => {
    await tell();
    await advance(400);
    await database.pool.query(
      "UPDATE event_endpoints SET disabled_at = app_now(), disabled_because = 'GONE' WHERE code = 'pager'",
    );
    await database.pool.query("UPDATE event_endpoints SET configured = false WHERE code = 'second'");
    await look();
    expect(raised).toEqual([]);
  });

  test('leave alone what stands of another kind', async () => {
    await database.pool.query(
      "INSERT INTO standing_alerts (code, subject) VALUES ('ANOTHER', 'endpoint pager')",
    );
    await tell();
    await advance(400);
    await look();
    expect(raised).toHaveLength(2);
    await deliver('pager');
    await deliver('second');
    await look();
    const { rows } = await database.pool.query('SELECT code, subject FROM standing_alerts');
    expect(rows).toEqual([{ code: 'ANOTHER', subject: 'endpoint pager' }]);
  });

  test('are told by one of many processes that notice it at once', async () => {
    await tell();
    await advance(400);
    await Promise.all(Array.from({ length: 8 }, () => look()));
    expect(raised.map(([, details]) => details)).toMatchObject([
      { endpoint: 'pager' },
      { endpoint: 'second' },
    ]);
  });
});

describe('a transaction that stays open', () => {
  const held = (ageSeconds: number) => ({ ageSeconds, pid: 4711, database: 'postgres' });

  test('is told once when it is five minutes old, and the next one again', async () => {
    for (const age of [10, 299, 300.4, 900, 3600]) await look(held(age));
    expect(raised).toEqual([['EVENTS_LAG', { pid: 4711, database: 'postgres', ageSeconds: 300 }]]);
    await look(held(10));
    await look(held(301));
    await look();
    await look(held(302));
    expect(raised).toHaveLength(3);
  });

  test('is found with its session, in whatever database of the server it is', async () => {
    const client = await database.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('SELECT pg_current_xact_id()');
      const { rows } = await client.query<{ pid: number; since: number }>(
        'SELECT pg_backend_pid() AS pid, extract(epoch FROM now())::float8 AS since',
      );
      const open = await readFeedHorizon(database.db);
      expect(open?.ageSeconds).toBeGreaterThan(0);
      // Tests beside this one may have an older one open.
      const older = await database.pool.query<{ pid: number }>(
        'SELECT pid FROM pg_stat_activity WHERE xact_start <= to_timestamp($1)',
        [rows[0]!.since],
      );
      expect(older.rows.map(({ pid }) => pid).concat(rows[0]!.pid)).toContain(open?.pid);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });

  test('that has ended is not found any more', async () => {
    const { rows } = await database.pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    expect((await readFeedHorizon(database.db))?.pid).not.toBe(rows[0]!.pid);
  });
});

test('the watch looks at once, goes on without the database, and ends when it is asked to', async () => {
  await tell();
  await advance(400);
  const watch = startLagWatch({ db: database.db, log: silent, alerts });
  await vi.waitFor(() => expect(raised.length).toBeGreaterThanOrEqual(2));
  await watch.stop();
});
