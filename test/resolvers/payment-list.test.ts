import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/db/tables.ts';
import type { World } from '../../src/refunds/world.ts';
import { paymentStatusOf } from '../../src/refunds/refundability.ts';
import { encodeGlobalId } from '../../src/resolvers/global-id.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { ask, codeOf, execute } from '../support/execute.ts';
import { createRowsWorld, insertPayment, insertTenant, type Tenant } from '../support/rows.ts';

let database: TestDatabase<Database>;
let world: World;
let tenant: Tenant;
let account: string;

const kinds = {
  pending: { state: 'PENDING', captured_minor: 0n },
  authorized: { state: 'AUTHORIZED', captured_minor: 0n },
  captured: { state: 'CAPTURED' },
  partly: { state: 'CAPTURED', refunded_minor: 1n },
  refunded: { state: 'CAPTURED', refunded_minor: 150_000n },
  canceled: { state: 'CANCELED', captured_minor: 0n },
  failed: { state: 'FAILED', captured_minor: 0n },
} as const;

beforeAll(async () => {
  database = await createTestDatabase('payment_list');
  world = await createRowsWorld(database.db);
  tenant = await insertTenant(database.db, 'demo');
  account = encodeGlobalId('ProviderAccount', tenant.accountId);
  let day = 1;
  for (const [name, kind] of Object.entries(kinds)) {
    const created = new Date(Date.UTC(2026, 0, day));
    await insertPayment(database.db, tenant, { ...kind, order_reference: name, created_at: created });
    day += 1;
  }
});
afterAll(() => database.drop());

const LIST = `query ($filter: PaymentFilter, $first: Int, $after: String) {
  payments(filter: $filter, first: $first, after: $after) { nodes { orderReference status } pageInfo { hasNextPage endCursor } } }`;
interface List {
  readonly payments: {
    readonly nodes: { readonly orderReference: string; readonly status: string }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

const list = (variables: object) => ask<List>(world, tenant.caller(), LIST, { ...variables });
const found = async (filter: object) =>
  (await list({ filter })).payments.nodes.map((node) => node.orderReference).toReversed();

describe('a list of payments', () => {
  test('shows the newest first, page by page', async () => {
    const names: string[] = [];
    let after: string | null = null;
    do {
      const { payments }: List = await list({ first: 3, after });
      names.push(...payments.nodes.map((node) => node.orderReference));
      after = payments.pageInfo.hasNextPage ? payments.pageInfo.endCursor : null;
    } while (after !== null);
    expect(names).toEqual(Object.keys(kinds).toReversed());
  });

  test.each([
    [['PENDING'], ['pending']],
    [['CAPTURED'], ['captured']],
    [
      ['PARTIALLY_REFUNDED', 'REFUNDED'],
      ['partly', 'refunded'],
    ],
    [
      ['CANCELED', 'FAILED'],
      ['canceled', 'failed'],
    ],
    [[], []],
  ])('finds %j as the field status shows them', async (status, expected) => {
    expect(await found({ account, status })).toEqual(expected);
  });

  test('shows the same status as it filters by', async () => {
    const rows = await database.db.selectFrom('payments').selectAll().execute();
    const { payments } = await list({});
    const byName = Object.fromEntries(rows.map((row) => [row.order_reference, paymentStatusOf(row)]));
    for (const node of payments.nodes) {
      expect(node.status).toBe(byName[node.orderReference]);
      expect(await found({ account, status: [node.status] })).toContain(node.orderReference);
    }
  });

  test('finds by order, by account, by time, and by all together', async () => {
    expect(await found({ orderReference: 'partly' })).toEqual(['partly']);
    expect(await found({ account })).toEqual(Object.keys(kinds));
    expect(await found({ createdAt: { from: '2026-01-02T00:00:00Z', to: '2026-01-04T00:00:00Z' } })).toEqual([
      'authorized',
      'captured',
    ]);
    expect(
      await found({
        status: ['CAPTURED', 'PENDING'],
        createdAt: { from: '2026-01-02T00:00:00Z', to: '2026-01-09T00:00:00Z' },
      }),
    ).toEqual(['captured']);
    expect(await found({ orderReference: 'a\u0000b' })).toEqual([]);
    expect(await found({ account: 'nonsense' })).toEqual([]);
  });

  test('needs a range for a status that nothing else bounds', async () => {
    const { data, errors } = await execute(world, tenant.caller(), LIST, {
      filter: { status: ['CAPTURED'] },
    });
    expect(data).toBeNull();
    expect(codeOf(errors[0])).toBe('BAD_USER_INPUT');
    expect(errors[0]?.message).toMatch(/at most 92 days.*orderReference/);
  });
});
