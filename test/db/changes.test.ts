import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  openFeedEpochOfHistory,
  readChanges,
  readFeedEnd,
  type ChangeConditions,
  type ChangesRead,
  type FeedPosition,
} from '../../src/db/changes.ts';
import { openEpoch } from '../../src/db/epochs.ts';
import type { Database } from '../../src/db/tables.ts';
import { loadServiceConfig } from '../../src/config.ts';
import { openDatabase } from '../../src/startup/open-database.ts';
import type { AccountId, PaymentId, RefundId } from '../../src/ids.ts';
import { copyTestDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertPayment, insertRefund, insertTenant, type Tenant } from '../support/rows.ts';

let database: TestDatabase<Database>;
let tenant: Tenant;
let paymentId: PaymentId;
let start: FeedPosition;

beforeAll(async () => {
  database = await createTestDatabase('changes');
  tenant = await insertTenant(database.db, 'demo');
  paymentId = await insertPayment(database.db, tenant);
});
afterAll(() => database.drop());
beforeEach(async () => {
  start = await readFeedEnd(database.db);
});

const read = (after: FeedPosition, more: ChangeConditions & { limit?: number; of?: typeof database } = {}) =>
  readChanges((more.of ?? database).db, tenant.merchantId, after, more, more.limit ?? 100);

/** Other databases of the server hold the horizon back, too: it is waited for until this many have come. */
async function readUntil(count: number, after: FeedPosition, more = {}): Promise<ChangesRead> {
  for (let look = 0; look < 1_200; look += 1) {
    const changes = await read(after, more);
    if (changes.refunds.length >= count) return changes;
    await delay(25);
  }
  throw new Error(`fewer than ${count} changes`);
}

const change = (db: TestDatabase<Database>['db'], id: RefundId) =>
  sql`UPDATE refunds SET version = version + 1 WHERE id = ${id}`.execute(db);
const idsOf = ({ refunds }: ChangesRead) => refunds.map(({ id }) => id);

describe('the feed of changes', () => {
  test('tells what was made and what has a new version, once and as it is now, in the order of the changes', async () => {
    const first = await insertRefund(database.db, tenant, paymentId);
    const second = await insertRefund(database.db, tenant, paymentId);
    await change(database.db, first);
    const changes = await readUntil(2, start);
    expect(changes.refunds.map(({ id, version }) => ({ id, version }))).toEqual([
      { id: second, version: 1 },
      { id: first, version: 2 },
    ]);
    expect(changes.hasMore).toBe(false);
    expect((await read(changes.position)).refunds).toEqual([]);
  });

  test('is silent about what keeps its version', async () => {
    const id = await insertRefund(database.db, tenant, paymentId);
    const { position } = await readUntil(1, start);
    await sql`UPDATE refunds SET note = 'looked at' WHERE id = ${id}`.execute(database.db);
    expect((await read(position)).refunds).toEqual([]);
  });

  test('waits for a transaction that began before and commits after, and then tells both', async () => {
    const [slow, quick] = [
      await insertRefund(database.db, tenant, paymentId),
      await insertRefund(database.db, tenant, paymentId),
    ];
    const before = (await readUntil(2, start)).position;
    let during: ChangesRead | undefined;
    await database.db.transaction().execute(async (tx) => {
      await change(tx, slow);
      await change(database.db, quick);
      during = await read(before);
    });
    expect(during?.refunds).toEqual([]);
    const after = await readUntil(2, during!.position);
    expect(idsOf(after)).toEqual([slow, quick]);
  });

  test('forgets what was rolled back, and what was committed meanwhile is told', async () => {
    const [undone, done] = [
      await insertRefund(database.db, tenant, paymentId),
      await insertRefund(database.db, tenant, paymentId),
    ];
    const before = (await readUntil(2, start)).position;
    const rollingBack = database.db.transaction().execute(async (tx) => {
      await change(tx, undone);
      await change(database.db, done);
      throw new Error('rolled back');
    });
    await expect(rollingBack).rejects.toThrow('rolled back');
    expect(idsOf(await readUntil(1, before))).toEqual([done]);
  });

  test('a transaction that has changed nothing yet does not hold it back', async () => {
    const id = await insertRefund(database.db, tenant, paymentId);
    await database.db.transaction().execute(async (tx) => {
      await sql`SELECT 1 FROM refunds`.execute(tx);
      await change(database.db, id);
      expect(idsOf(await readUntil(1, start))).toEqual([id]);
    });
  });

  test.each([1, 2, 3, 7])('pages of %i have every change once', async (limit) => {
    const made: RefundId[] = [];
    for (let index = 0; index < 7; index += 1) made.push(await insertRefund(database.db, tenant, paymentId));
    await readUntil(7, start);
    const seen: string[] = [];
    let page: ChangesRead = { refunds: [], position: start, hasMore: true };
    while (page.hasMore) {
      page = await read(page.position, { limit });
      expect(page.refunds.length).toBeLessThanOrEqual(limit);
      seen.push(...idsOf(page));
    }
    expect(seen).toEqual(made);
  });

  test('by account and payment; what does not fit is passed over, page by page', async () => {
    const other = await insertPayment(database.db, tenant);
    const wanted = await insertRefund(database.db, tenant, other);
    for (let index = 0; index < 3; index += 1) await insertRefund(database.db, tenant, paymentId);
    await readUntil(4, start);
    const found = await read(start, { paymentId: other });
    expect(idsOf(found)).toEqual([wanted]);
    expect((await read(found.position)).refunds).toEqual([]);
    const nobody = '00000000-0000-7000-8000-000000000000' as AccountId;
    expect((await read(start, { accountId: nobody })).refunds).toEqual([]);
    expect(idsOf(await read(start, { accountId: tenant.accountId }))).toHaveLength(4);
  });

  test('a filter that fits nothing in a thousand changes moves on all the same', async () => {
    const id = await insertRefund(database.db, tenant, paymentId);
    await sql`INSERT INTO refunds SELECT (jsonb_populate_record(NULL::refunds,
        to_jsonb(r) || jsonb_build_object('id', gen_random_uuid()))).* FROM refunds r, generate_series(1, 1500) WHERE r.id = ${id}`.execute(
      database.db,
    );
    const other = await insertPayment(database.db, tenant);
    const wanted = await insertRefund(database.db, tenant, other);
    await readUntil(100, start);
    let page = await read(start, { paymentId: other });
    expect(page).toMatchObject({ refunds: [], hasMore: true });
    page = await readUntil(1, page.position, { paymentId: other });
    expect(idsOf(page)).toEqual([wanted]);
  });

  test('reads its index and nothing else', async () => {
    const { rows } = await sql<{ 'QUERY PLAN': string }>`EXPLAIN SELECT id FROM refunds
      WHERE merchant_id = ${tenant.merchantId} AND change_epoch > 0
        AND (change_epoch, change_xid, change_seq) > (1::bigint, '1'::xid8, 1::bigint)
      ORDER BY change_epoch, change_xid, change_seq LIMIT 1000`.execute(database.db);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('refunds_by_change');
    expect(plan).not.toContain('Sort');
  });
});

/** Writers that commit, wait and roll back in any order, and a reader beside them. */
test('under writers in adverse order no change is skipped, and versions only grow', async () => {
  const refunds: RefundId[] = [];
  for (let index = 0; index < 12; index += 1)
    refunds.push(await insertRefund(database.db, tenant, paymentId));
  let isWriting = true;
  const seen = new Map<string, number>();
  let position = start;
  const note = (page: ChangesRead) => {
    for (const { id, version } of page.refunds) {
      expect(version).toBeGreaterThan(seen.get(id) ?? 0);
      seen.set(id, version);
    }
    position = page.position;
  };
  const reader = (async () => {
    while (isWriting) note(await read(position, { limit: 3 }));
  })();
  const writer = async (seed: number): Promise<void> => {
    for (let round = 0; round < 40; round += 1) {
      const own = refunds.filter((_id, index) => index % 4 === seed);
      await database.db
        .transaction()
        .execute(async (tx) => {
          for (const id of own.slice(0, 1 + (round % 3))) await change(tx, id);
          await sql`SELECT pg_sleep(${((round * 7 + seed * 13) % 11) / 1000})`.execute(tx);
          if ((round + seed) % 5 === 0) throw new Error('undone');
        })
        .catch((error: unknown) => expect(String(error)).toContain('undone'));
    }
  };
  await Promise.all([0, 1, 2, 3].map(writer));
  isWriting = false;
  await reader;
  const { rows } = await sql<{ id: string; version: number }>`SELECT id, version FROM refunds
    WHERE id = ANY(${refunds}::uuid[])`.execute(database.db);
  const stored = Object.fromEntries(rows.map((row) => [row.id, row.version]));
  await expect
    .poll(
      async () => {
        note(await read(position));
        return Object.fromEntries([...seen].filter(([id]) => id in stored));
      },
      { timeout: 30_000 },
    )
    .toEqual(stored);
});

describe('after a restore', () => {
  test('cursors of before and of what was lost see every change of the new history', async () => {
    const kept = await insertRefund(database.db, tenant, paymentId);
    const untouched = await insertRefund(database.db, tenant, paymentId);
    const before = (await readUntil(2, start)).position;
    const backup = await copyTestDatabase(database);
    try {
      // What the backup does not know: five versions, which a client has seen.
      for (let index = 0; index < 5; index += 1) await change(database.db, kept);
      const lost = await readUntil(1, before);
      expect(lost.refunds[0]).toMatchObject({ id: kept, version: 6 });

      await openEpoch(backup.db);
      const made = await insertRefund(backup.db, tenant, paymentId);
      await change(backup.db, kept);
      for (const cursor of [before, lost.position]) {
        const told = await readUntil(2, cursor, { of: backup });
        expect(idsOf(told)).toEqual([made, kept]);
        // Higher than what anybody has seen of it.
        expect(told.refunds[1]!.version).toBeGreaterThan(6);
        expect(idsOf(told)).not.toContain(untouched);
      }
    } finally {
      await backup.drop();
    }
  });

  test('what had not changed since there is a feed outranks the versions of the lost history, too', async () => {
    const id = await insertRefund(database.db, tenant, paymentId);
    // A release of before made it and changed it last.
    await sql`UPDATE refunds SET change_epoch = 0, change_xid = '0', change_seq = 0 WHERE id = ${id}`.execute(
      database.db,
    );
    const backup = await copyTestDatabase(database);
    try {
      for (let index = 0; index < 5; index += 1) await change(database.db, id);
      await openEpoch(backup.db);
      await change(backup.db, id);
      const row = await backup.db
        .selectFrom('refunds')
        .select('version')
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      expect(row.version).toBeGreaterThan(6);
    } finally {
      await backup.drop();
    }
    // Without a restore nobody has seen what is not here.
    const ours = database.db.selectFrom('refunds').select('version').where('id', '=', id);
    expect(await ours.executeTakeFirstOrThrow()).toEqual({ version: 6 });
  });

  test('a transaction that still writes in the old epoch is waited for', async () => {
    const backup = await copyTestDatabase(database);
    try {
      const id = await insertRefund(backup.db, tenant, paymentId);
      const before = (await readUntil(1, start, { of: backup })).position;
      let opening: Promise<unknown> | undefined;
      let during: ChangesRead | undefined;
      await backup.db.transaction().execute(async (tx) => {
        await change(tx, id);
        opening = openEpoch(backup.db);
        await delay(300);
        during = await read(before, { of: backup });
      });
      await opening;
      expect(during!.refunds).toEqual([]);
      expect(idsOf(await readUntil(1, during!.position, { of: backup }))).toEqual([id]);
    } finally {
      await backup.drop();
    }
  });

  test('two restores of one backup have two epochs', async () => {
    const epochs: bigint[] = [];
    for (let restore = 0; restore < 2; restore += 1) {
      const backup = await copyTestDatabase(database);
      await openEpoch(backup.db);
      epochs.push((await readFeedEnd(backup.db)).epoch);
      await backup.drop();
      // Numbers are seconds; nobody restores twice in one.
      await delay(1_100);
    }
    expect(epochs[1]).toBeGreaterThan(epochs[0]!);
  });

  test('a dump in another cluster opens an epoch at the first start, and only one', async () => {
    const dump = await copyTestDatabase(database);
    try {
      await sql`UPDATE feed_epochs SET system_identifier = 'the one before'`.execute(dump.db);
      const { epoch } = await readFeedEnd(dump.db);
      await Promise.all(Array.from({ length: 5 }, () => openFeedEpochOfHistory(dump.db)));
      const opened = (await readFeedEnd(dump.db)).epoch;
      expect(opened).toBeGreaterThan(epoch);
      await openFeedEpochOfHistory(dump.db);
      expect((await readFeedEnd(dump.db)).epoch).toBe(opened);
      const { rows } = await sql`SELECT FROM feed_epochs`.execute(dump.db);
      expect(rows).toHaveLength(2);
    } finally {
      await dump.drop();
    }
  });

  test('which every service and worker looks for when it starts', async () => {
    const dump = await copyTestDatabase(database);
    try {
      await sql`UPDATE feed_epochs SET system_identifier = 'the one before'`.execute(dump.db);
      const { epoch } = await readFeedEnd(dump.db);
      const config = loadServiceConfig({ DATABASE_URL: dump.connectionString });
      const opened = await openDatabase({
        config,
        log: pino({ level: 'silent' }),
        mode: 'attach',
        movableClock: false,
      });
      await opened.close();
      expect((await readFeedEnd(dump.db)).epoch).toBeGreaterThan(epoch);
    } finally {
      await dump.drop();
    }
  });

  test('a promoted standby opens one with its first change, whoever makes it', async () => {
    const standby = await copyTestDatabase(database);
    try {
      const ids = [
        await insertRefund(standby.db, tenant, paymentId),
        await insertRefund(standby.db, tenant, paymentId),
      ];
      const before = await readFeedEnd(standby.db);
      await sql`UPDATE feed_epochs SET timeline = '00000000'`.execute(standby.db);
      await Promise.all(ids.map((id) => change(standby.db, id)));
      const told = await readUntil(2, before, { of: standby });
      expect(idsOf(told).toSorted()).toEqual(ids.toSorted());
      expect(told.refunds.map(({ change_epoch: epoch }) => epoch > before.epoch)).toEqual([true, true]);
      const { rows } = await sql`SELECT FROM feed_epochs`.execute(standby.db);
      expect(rows).toHaveLength(2);
    } finally {
      await standby.drop();
    }
  });
});

test('the role of the service needs no more than its tables', async () => {
  await sql`CREATE ROLE feed_reader`.execute(database.db).catch(() => undefined);
  await database.db.transaction().execute(async (tx) => {
    await sql`GRANT SELECT ON feed_epochs TO feed_reader`.execute(tx);
    await sql`SET LOCAL ROLE feed_reader`.execute(tx);
    await sql`SELECT open_feed_epoch(false), feed_timeline()`.execute(tx);
  });
});
