import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/db/tables.ts';
import type { World } from '../../src/refunds/world.ts';
import { encodeGlobalId } from '../../src/resolvers/global-id.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { ask, codeOf, execute } from '../support/execute.ts';
import { createRowsWorld, insertPayment, insertRefund, insertTenant, type Tenant } from '../support/rows.ts';

let database: TestDatabase<Database>;
let world: World;
let tenant: Tenant;
/** Global ids, newest first. */
let newestFirst: string[];

const COUNT = 25;

beforeAll(async () => {
  database = await createTestDatabase('refund_pages');
  world = await createRowsWorld(database.db);
  tenant = await insertTenant(database.db, 'demo');
  const payment = await insertPayment(database.db, tenant);
  const ids: { id: string; micros: number }[] = [];
  for (let index = 0; index < COUNT; index += 1) {
    const id = await insertRefund(database.db, tenant, payment);
    // Groups of five within one millisecond, and in each group two of one microsecond.
    const micros = Math.floor(index / 5) * 1000 + Math.min(index % 5, 3) * 7;
    await sql`UPDATE refunds SET created_at = '2026-03-01T10:00:00Z'::timestamptz + ${micros} * interval '1 microsecond' WHERE id = ${id}`.execute(
      database.db,
    );
    ids.push({ id, micros });
  }
  newestFirst = ids
    .toSorted((a, b) => b.micros - a.micros || (a.id < b.id ? 1 : -1))
    .map(({ id }) => encodeGlobalId('Refund', id));
});
afterAll(() => database.drop());

interface Page {
  readonly refunds: {
    readonly nodes: { readonly id: string }[];
    readonly edges: { readonly cursor: string; readonly node: { readonly id: string } }[];
    readonly pageInfo: {
      readonly hasNextPage: boolean;
      readonly hasPreviousPage: boolean;
      readonly startCursor: string | null;
      readonly endCursor: string | null;
    };
  };
}

const PAGE = `query ($first: Int, $after: String, $last: Int, $before: String, $order: RefundOrder) {
  refunds(first: $first, after: $after, last: $last, before: $before, order: $order) {
    nodes { id } edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

const page = async (variables: Record<string, unknown>) =>
  (await ask<Page>(world, tenant.caller(), PAGE, variables)).refunds;

async function walk(forward: boolean, size: number, order: string): Promise<string[]> {
  const pages: string[][] = [];
  let cursor: string | null = null;
  for (;;) {
    const { nodes, pageInfo } = await page(
      forward ? { first: size, after: cursor, order } : { last: size, before: cursor, order },
    );
    const ids = nodes.map((node) => node.id);
    if (forward) pages.push(ids);
    else pages.unshift(ids);
    if (!(forward ? pageInfo.hasNextPage : pageInfo.hasPreviousPage)) return pages.flat();
    cursor = forward ? pageInfo.endCursor : pageInfo.startCursor;
  }
}

describe('a list of refunds', () => {
  test.each([1, 2, 3, 7, 24, 25, 100])('shows every refund once, read forwards by %i', async (size) => {
    expect(await walk(true, size, 'CREATED_AT_DESC')).toEqual(newestFirst);
  });

  test.each([1, 3, 24, 25])('shows every refund once, read backwards by %i', async (size) => {
    expect(await walk(false, size, 'CREATED_AT_DESC')).toEqual(newestFirst);
  });

  test.each([true, false])('can be read oldest first (forwards: %s)', async (forward) => {
    expect(await walk(forward, 4, 'CREATED_AT_ASC')).toEqual(newestFirst.toReversed());
  });

  test('is stable when something is added in front of it', async () => {
    const first = await page({ first: 10 });
    const payment = await insertPayment(database.db, tenant);
    const added = await insertRefund(database.db, tenant, payment);
    const second = await page({ first: 10, after: first.pageInfo.endCursor });
    expect(second.nodes.map((node) => node.id)).toEqual(newestFirst.slice(10, 20));
    await database.db
      .deleteFrom('leg_sources')
      .where('merchant_id', '=', tenant.merchantId)
      .where('leg_id', 'in', (eb) => eb.selectFrom('refund_legs').select('id').where('refund_id', '=', added))
      .execute();
    await database.db.deleteFrom('refund_legs').where('refund_id', '=', added).execute();
    await database.db.deleteFrom('refunds').where('id', '=', added).execute();
  });

  test('has 20 entries when nothing is said, and a cursor for each', async () => {
    const { edges, nodes, pageInfo } = await page({});
    expect(edges.map((edge) => edge.node.id)).toEqual(newestFirst.slice(0, 20));
    expect(nodes.map((node) => node.id)).toEqual(newestFirst.slice(0, 20));
    expect(new Set(edges.map((edge) => edge.cursor)).size).toBe(20);
    expect(pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    expect(pageInfo.endCursor).toBe(edges.at(-1)?.cursor);
  });

  test('can be read between two cursors', async () => {
    const { edges } = await page({ first: 25 });
    const between = await page({ first: 100, after: edges[4]!.cursor, before: edges[9]!.cursor });
    expect(between.nodes.map((node) => node.id)).toEqual(newestFirst.slice(5, 9));
  });

  test.each([
    ['first', { first: 0 }],
    ['first', { first: 101 }],
    ['first', { first: -1 }],
    ['last', { last: 0 }],
    ['last', { last: 101 }],
    ['after', { after: 'nonsense' }],
    ['after', { after: Buffer.from('2026-99-99T99:99:99.000000Z|x').toString('base64url') }],
    ['before', { before: '' }],
    [
      'after',
      {
        after: Buffer.from('2026-02-30T00:00:00.000000Z|01890000-0000-7000-8000-000000000000').toString(
          'base64url',
        ),
      },
    ],
  ])('refuses a wrong "%s": %j', async (name, variables) => {
    const { data, errors } = await execute<null>(world, tenant.caller(), PAGE, variables);
    expect(data).toBeNull();
    expect(codeOf(errors[0])).toBe('BAD_USER_INPUT');
    expect(errors[0]?.extensions['path']).toEqual([name]);
    expect(errors[0]?.message).toContain(name);
  });
});
