import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_ABOVE_HORIZON, stateReadsOf } from '../../src/db/read-states.ts';
import type { Database } from '../../src/db/tables.ts';
import type { PaymentId, RefundId } from '../../src/ids.ts';
import type { World } from '../../src/refunds/world.ts';
import { createValidators } from '../../src/resolvers/validators.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createRowsWorld, insertPayment, insertRefund, insertTenant, type Tenant } from '../support/rows.ts';

let database: TestDatabase<Database>;
let world: World;
let tenant: Tenant;
let stranger: Tenant;
let payment: PaymentId;

beforeAll(async () => {
  database = await createTestDatabase('read_states');
  world = await createRowsWorld(database.db);
  tenant = await insertTenant(database.db, 'demo');
  stranger = await insertTenant(database.db, 'other');
  payment = await insertPayment(database.db, tenant);
});
afterAll(() => database.drop());

const feed = async () => (await stateReadsOf(database.db).feed(tenant.merchantId, 'feed'))!;

/** Changes a refund, and commits when it is told to. */
async function held(id: RefundId): Promise<() => Promise<void>> {
  const mayCommit = Promise.withResolvers<void>();
  const changed = Promise.withResolvers<void>();
  const done = database.db.transaction().execute(async (tx) => {
    await sql`UPDATE refunds SET version = version + 1 WHERE id = ${id}`.execute(tx);
    changed.resolve();
    await mayCommit.promise;
  });
  await changed.promise;
  return () => {
    mayCommit.resolve();
    return done;
  };
}

describe('the state of the feed', () => {
  test('is another one after every change, also where one commits that began before', async () => {
    const first = await insertRefund(database.db, tenant, payment);
    const second = await insertRefund(database.db, tenant, payment);
    const commit = await held(first);
    const seen = [JSON.stringify(await feed())];
    for (const version of [2, 3]) {
      await sql`UPDATE refunds SET version = version + 1 WHERE id = ${second}`.execute(database.db);
      const state = await feed();
      // The older transaction is open: what was changed since is named, with its version.
      expect(state.above?.split(' ')).toContain(`${second}:${version}`);
      expect(state.above).not.toContain(first);
      seen.push(JSON.stringify(state));
    }
    await commit();
    seen.push(JSON.stringify(await feed()));
    expect(new Set(seen).size).toBe(seen.length);
  });

  test("does not move with another merchant's changes, nor with what a refund is looked at", async () => {
    const id = await insertRefund(database.db, tenant, payment);
    const theirs = await insertRefund(database.db, stranger, await insertPayment(database.db, stranger));
    const settled = async () => {
      await expect.poll(async () => (await feed()).above_count, { timeout: 30_000 }).toBe(0);
      return feed();
    };
    const before = await settled();
    await sql`UPDATE refunds SET version = version + 1 WHERE id = ${theirs}`.execute(database.db);
    await sql`UPDATE refund_legs SET as_of = app_now() WHERE refund_id = ${id}`.execute(database.db);
    expect(await settled()).toEqual(before);
  });

  test('cannot be told while very much is changed above the horizon', async () => {
    const validators = createValidators(world);
    const readFeed = () => validators.readFeed(tenant.merchantId);
    const first = await insertRefund(database.db, tenant, payment);
    const others: RefundId[] = [];
    for (let count = 0; count <= MAX_ABOVE_HORIZON; count += 1)
      others.push(await insertRefund(database.db, tenant, payment));
    const commit = await held(first);
    const change = (ids: readonly RefundId[]) =>
      sql`UPDATE refunds SET version = version + 1 WHERE id = ANY(${[...ids]}::uuid[])`.execute(database.db);
    await change(others.slice(0, 10));
    expect(await readFeed()).toContain(others[0]);
    await change(others);
    expect(await readFeed()).toBeUndefined();
    await commit();
    await expect.poll(readFeed, { timeout: 30_000 }).toBeDefined();
  });
});

describe('the states of refunds and payments', () => {
  test("are those of the merchant's own", async () => {
    const id = await insertRefund(database.db, tenant, payment);
    const { refund, payment: read } = stateReadsOf(database.db);
    const own = await Promise.all([refund(tenant.merchantId, id), read(tenant.merchantId, payment)]);
    expect(own).toMatchObject([
      { id, version: 1, payment_version: 1 },
      { id: payment, version: 1 },
    ]);
    const theirs = await Promise.all([refund(stranger.merchantId, id), read(stranger.merchantId, payment)]);
    expect(theirs).toEqual([undefined, undefined]);
  });
});
