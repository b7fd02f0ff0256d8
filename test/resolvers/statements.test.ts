import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../src/db/tables.ts';
import type { World } from '../../src/refunds/world.ts';
import { encodeGlobalId } from '../../src/resolvers/global-id.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { ask } from '../support/execute.ts';
import {
  createRowsWorld,
  insertItems,
  insertPayment,
  insertRefund,
  insertRefundItems,
  insertTenant,
  type Tenant,
} from '../support/rows.ts';

let database: TestDatabase<Database>;
let world: World;
let tenant: Tenant;
let other: Tenant;
const refundIds: string[] = [];
const statements: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase('statements', { onQuery: (sql) => statements.push(sql) });
  world = await createRowsWorld(database.db);
  tenant = await insertTenant(database.db, 'demo');
  other = await insertTenant(database.db, 'other');
  for (let index = 0; index < 30; index += 1) {
    const payment = await insertPayment(database.db, tenant);
    const lines = await insertItems(database.db, tenant, payment, ['mug', 'kettle']);
    for (let of = 0; of < 3; of += 1) {
      const refundId = await insertRefund(database.db, tenant, payment);
      await insertRefundItems(database.db, tenant, refundId, lines);
      refundIds.push(encodeGlobalId('Refund', refundId));
    }
  }
});
afterAll(() => database.drop());
beforeEach(() => {
  statements.length = 0;
});

const EVERYTHING = `
  id status isFinal moneyMovement returned { value } failure { code } traceReferences { kind availability }
  freshness { asOf isStale pollAfterMs }
  account { code } merchant { name }
  legs { id status amount { value } } history { kind at evidence leg { id } } allowedActions replaces { id } summary
  sources { seller amount { value } returned { value } leg { id } } items { quantity item { item refundable { value } } }
  payment { id status account { code } sources { seller refundable { value } } items { item refundableQuantity } externalRefunds freshness { asOf }
    refundability { state maximum { value } reasons } allowedActions }`;

describe('statements', () => {
  test.each([1, 10, 90])(
    'a page of %i refunds with all they have takes as many as a page of one',
    async (first) => {
      const data = await ask<{ refunds: { nodes: unknown[] } }>(
        world,
        tenant.caller(),
        `query ($first: Int) { refunds(first: $first) { nodes { ${EVERYTHING} } } }`,
        { first },
      );
      expect(data.refunds.nodes).toHaveLength(first);
      // The list, then legs, shares, items, events, replacements, payments, shares and items of payments, their open
      // legs and operations, accounts, the merchant.
      expect(statements).toHaveLength(13);
    },
  );

  test('the refunds under each payment of a list are one statement', async () => {
    const data = await ask<{ payments: { nodes: { refunds: { nodes: unknown[]; pageInfo: unknown } }[] } }>(
      world,
      tenant.caller(),
      '{ payments(first: 30) { nodes { refunds(first: 2) { nodes { id status } pageInfo { hasNextPage } } } } }',
    );
    expect(data.payments.nodes).toHaveLength(30);
    for (const { refunds } of data.payments.nodes) {
      expect(refunds.nodes).toHaveLength(2);
      expect(refunds.pageInfo).toEqual({ hasNextPage: true });
    }
    expect(statements).toHaveLength(2);
  });

  test('the same list of one payment with other arguments is another list', async () => {
    const data = await ask<{ refund: { payment: Record<'one' | 'all', { nodes: unknown[] }> } }>(
      world,
      tenant.caller(),
      `query ($id: ID!) { refund(by: { id: $id }) { payment {
        one: refunds(first: 1) { nodes { id } } all: refunds(first: 100) { nodes { id } } } } }`,
      { id: refundIds[0] },
    );
    expect(data.refund.payment.one.nodes).toHaveLength(1);
    expect(data.refund.payment.all.nodes).toHaveLength(3);
  });

  test('reads of one merchant that arrive together are one statement, and nothing is kept', async () => {
    const source = 'query ($id: ID!) { refund(by: { id: $id }) { id status } }';
    const poll = () =>
      Promise.all(
        refundIds
          .slice(0, 40)
          .map((id) => ask<{ refund: { id: string } }>(world, tenant.caller(), source, { id })),
      );
    const answers = await poll();
    expect(answers.map(({ refund }) => refund.id)).toEqual(refundIds.slice(0, 40));
    expect(statements).toHaveLength(1);
    await poll();
    expect(statements).toHaveLength(2);
  });

  test('reads of two merchants never share a statement', async () => {
    const source = 'query ($id: ID!) { refund(by: { id: $id }) { id } }';
    const [mine, theirs] = await Promise.all([
      ask<{ refund: unknown }>(world, tenant.caller(), source, { id: refundIds[0] }),
      ask<{ refund: unknown }>(world, other.caller(), source, { id: refundIds[0] }),
    ]);
    expect(mine.refund).toEqual({ id: refundIds[0] });
    expect(theirs.refund).toBeNull();
    expect(statements).toHaveLength(2);
  });
});
