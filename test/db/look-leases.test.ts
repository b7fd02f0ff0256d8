import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { claimDueLegs } from '../../src/db/due.ts';
import { connectDatabase } from '../../src/db/connect.ts';
import { inTransaction } from '../../src/db/in-transaction.ts';
import {
  claimLooks,
  listLooks,
  noteLooked,
  releaseLooks,
  renewLooks,
  type WantedLook,
} from '../../src/db/look-leases.ts';
import type { Database } from '../../src/db/tables.ts';
import type { AccountId, LegId } from '../../src/ids.ts';
import { polledRefunds, type PolledRefund } from '../support/pollers.ts';
import { manyRows } from '../support/many-rows.ts';
import { refundRow, refundsAre } from '../support/rules.ts';
import { silentLog } from '../support/silent-log.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
let accountId: AccountId;
let otherAccountId: AccountId;
let refunds: PolledRefund[];
beforeAll(async () => {
  t = await createTestWorld('look_leases');
  await refundsAre(t, 'pending');
  const all = t.world.connections.all();
  accountId = all.find(({ accountCode }) => accountCode === 'yookassa-demo')!.accountId;
  otherAccountId = all.find(({ accountCode }) => accountCode === 'yookassa-other')!.accountId;
  await polledRefunds(t, 1);
  await manyRows(t.database.db);
});
afterAll(() => t.close());
beforeEach(async () => {
  refunds = await polledRefunds(t, 3);
  await t.advance(10);
});

const leaseMs = 60_000;
/** So many seconds ago. */
const ago = (seconds: number) => new Date(t.clock.now().getTime() - seconds * 1000);
const want = (id: LegId, more: Partial<WantedLook> = {}): WantedLook => ({
  id,
  after: ago(5),
  isUrgent: false,
  isAlong: false,
  ...more,
});
const claim = (wanted: readonly WantedLook[], account = accountId) =>
  claimLooks(t.database.db, 'refund_legs', account, wanted, leaseMs);
const ids = () => refunds.map(({ legId }) => legId);
const legOf = async (index = 0) => (await refundRow(t, refunds[index]!.id)).legs[0]!;
const taken = (rows: Awaited<ReturnType<typeof claim>>) =>
  rows.filter(({ token }) => token !== null).map(({ id }) => id);

describe('a claim of looks', () => {
  test('takes what is older than wanted, and tells how far the rest is', async () => {
    const [first, second] = ids();
    const rows = await claim([want(first!), want(second!, { after: ago(30) })]);
    expect(taken(rows)).toEqual([first]);
    expect(rows.find(({ id }) => id === second)).toMatchObject({
      token: null,
      isLeased: false,
      isPutOff: false,
    });
    expect(await legOf(0)).toMatchObject({
      look_is_shared: true,
      look_lease_until: rows[0]!.token ?? rows[1]!.token,
    });
    expect(await legOf(1)).toMatchObject({ look_is_shared: false, look_lease_until: null });
  });

  test('of two at once shares the rows out', async () => {
    const wanted = ids().map((id) => want(id));
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim(wanted)));
    expect(claims.flatMap(taken).toSorted()).toEqual(ids().toSorted());
  });

  test('takes nothing that another holds, until its lease is over', async () => {
    const wanted = ids().map((id) => want(id));
    await claim(wanted);
    const again = await claim(wanted);
    expect(taken(again)).toEqual([]);
    expect(again.every(({ isLeased }) => isLeased)).toBe(true);
    await t.advance(leaseMs / 1000 + 1);
    expect(taken(await claim(wanted))).toHaveLength(3);
  });

  test('and one of the engine exclude each other', async () => {
    const wanted = ids().map((id) => want(id));
    await t.advance(3_600);
    await claim(wanted);
    const due = (await claimDueLegs(t.database.db, accountId, 1_000, leaseMs)).map(({ id }) => id);
    expect(ids().filter((id) => due.includes(id))).toEqual([]);
    await t.advance(leaseMs / 1000 + 1);
    const later = (await claimDueLegs(t.database.db, accountId, 1_000, leaseMs)).map(({ id }) => id);
    expect(ids().every((id) => later.includes(id))).toBe(true);
    expect(taken(await claim(wanted))).toEqual([]);
    expect(await legOf()).toMatchObject({ look_is_shared: false });
  });

  test('takes what is to come along only beside what is due', async () => {
    const [first, second, third] = ids();
    const along = [want(second!, { isAlong: true }), want(third!, { isAlong: true })];
    expect(taken(await claim([want(first!, { after: ago(30) }), ...along]))).toEqual([]);
    expect(taken(await claim([want(first!), ...along]))).toHaveLength(3);
  });

  test('takes nothing of another account', async () => {
    expect(await claim([want(ids()[0]!)], otherAccountId)).toEqual([]);
    expect(await legOf()).toMatchObject({ look_lease_until: null });
  });

  test('passes over a row that somebody has locked, without waiting', async () => {
    const [first, second] = ids();
    await inTransaction(t.database.db, async (tx) => {
      await tx.selectFrom('refund_legs').select('id').where('id', '=', first!).forUpdate().execute();
      expect(taken(await claimOutside([want(first!), want(second!)]))).toEqual([second]);
    });
  });
});

/** By a connection of its own, as another process would. */
async function claimOutside(wanted: readonly WantedLook[]) {
  const outside = connectDatabase<Database>({ config: t.database.config, log: silentLog });
  try {
    return await claimLooks(outside.db, 'refund_legs', accountId, wanted, leaseMs);
  } finally {
    await outside.close();
  }
}

describe('a lease', () => {
  test('is renewed and given back by its own token only', async () => {
    const { db } = t.database;
    const [row] = await claim([want(ids()[0]!)]);
    const token = row!.token!;
    const other = new Date(token.getTime() - 1);
    expect(await renewLooks(db, 'refund_legs', ids(), other, leaseMs)).toBeUndefined();
    expect(await releaseLooks(db, 'refund_legs', ids(), other)).toEqual([]);
    await t.advance(2);
    const renewed = await renewLooks(db, 'refund_legs', ids(), token, leaseMs);
    expect(renewed!.ids).toEqual([row!.id]);
    expect(renewed!.token.getTime()).toBeGreaterThan(token.getTime());
    expect(await releaseLooks(db, 'refund_legs', ids(), token), 'the old token').toEqual([]);
    expect(await releaseLooks(db, 'refund_legs', ids(), renewed!.token)).toEqual([row!.id]);
    expect(await legOf()).toMatchObject({ look_lease_until: null, look_is_shared: false });
  });
});

describe('what is noted of a look', () => {
  const retryInMs = async () => {
    const [state] = await listLooks(t.database.db, 'refund_legs', [ids()[0]!]);
    return (await legOf()).look_retry_at!.getTime() - state!.now.getTime();
  };
  const fail = (jitter: number) =>
    noteLooked(t.database.db, 'refund_legs', [{ id: ids()[0]!, lookedAt: null }], jitter);

  test('in vain puts readers off for longer each time, up to a minute, and not the urgent', async () => {
    for (const seconds of [2, 4, 8, 16, 32, 60, 60]) {
      await fail(0);
      expect(Math.abs((await retryInMs()) - seconds * 1000)).toBeLessThan(1_500);
    }
    const [id] = ids();
    const [put] = await claim([want(id!)]);
    expect(put).toMatchObject({ token: null, isPutOff: true, isLeased: false });
    expect(taken(await claim([want(id!, { isUrgent: true })]))).toEqual([id]);
    await t.advance(61);
    const [state] = await listLooks(t.database.db, 'refund_legs', [id!]);
    expect(state).toMatchObject({ isPutOff: false, isLeased: false });
  });

  test('is shortened by up to a fifth', async () => {
    for (let failures = 0; failures < 5; failures += 1) await fail(1);
    expect(Math.abs((await retryInMs()) - 0.8 * 32_000)).toBeLessThan(1_500);
  });

  test('that was answered ends the pauses, and counts as known also where nothing was found', async () => {
    const { db } = t.database;
    const [id] = ids();
    await fail(0);
    const lookedAt = ago(1);
    await noteLooked(db, 'refund_legs', [{ id: id!, lookedAt }]);
    expect(await legOf()).toMatchObject({ look_retries: 0, look_retry_at: null, looked_at: lookedAt });
    expect(taken(await claim([want(id!)]))).toEqual([]);
    await noteLooked(db, 'refund_legs', [{ id: id!, lookedAt: ago(100) }]);
    expect((await legOf()).looked_at, 'it only moves forward').toEqual(lookedAt);
  });
});

describe('every statement about looks', () => {
  test.each(['refund_legs', 'payments'] as const)(
    'reads %s by an index on its ids, with any list',
    async (table) => {
      const statements: string[] = [];
      const listening = connectDatabase<Database>({
        config: t.database.config,
        log: silentLog,
        onQuery: (text) => statements.push(text),
      });
      const { db } = listening;
      const id = table === 'payments' ? refunds[0]!.paymentId : refunds[0]!.legId;
      const wanted = { id, after: ago(5), isUrgent: false, isAlong: false };
      const [row] = await claimLooks(db, table, accountId, [wanted], leaseMs);
      const renewed = await renewLooks(db, table, [id], row!.token!, leaseMs);
      await listLooks(db, table, [id]);
      await noteLooked(db, table, [{ id, lookedAt: ago(1) }]);
      expect(await releaseLooks(db, table, [id], renewed!.token)).toEqual([id]);
      expect(statements).toHaveLength(5);
      for (const text of statements) {
        // As it is prepared once for all lists.
        const { rows } = await listening.pool.query<{ 'QUERY PLAN': string }>(
          `EXPLAIN (GENERIC_PLAN) ${text}`,
        );
        const plan = rows.map((line) => line['QUERY PLAN']).join('\n');
        expect(plan).toMatch(/Index Cond: .*id = ANY/);
        expect(plan).not.toMatch(new RegExp(`Seq Scan on ${table}`));
        // Once for the statement, and not for each row.
        if (text.includes('(SELECT app_now())')) expect(plan).toContain('InitPlan');
      }
      await listening.close();
    },
  );
});
