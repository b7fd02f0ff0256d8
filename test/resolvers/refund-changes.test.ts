import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/db/tables.ts';
import type { PaymentId, RefundId } from '../../src/ids.ts';
import type { World } from '../../src/refunds/world.ts';
import { encodeGlobalId } from '../../src/resolvers/global-id.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { ask, codeOf, execute } from '../support/execute.ts';
import { createRowsWorld, insertPayment, insertRefund, insertTenant, type Tenant } from '../support/rows.ts';

let database: TestDatabase<Database>;
let world: World;
let tenant: Tenant;
let stranger: Tenant;
let payment: PaymentId;

beforeAll(async () => {
  database = await createTestDatabase('refund_changes');
  world = await createRowsWorld(database.db);
  tenant = await insertTenant(database.db, 'demo');
  stranger = await insertTenant(database.db, 'other');
  payment = await insertPayment(database.db, tenant);
});
afterAll(() => database.drop());

interface Page {
  readonly refundChanges: {
    readonly changes: readonly {
      readonly version: number;
      readonly changedAt: string;
      readonly refund: { readonly id: string; readonly version: number; readonly status: string };
    }[];
    readonly cursor: string;
    readonly hasMore: boolean;
  };
}

const document = `query ($after: String, $first: Int! = 100, $filter: RefundChangeFilter) {
  refundChanges(after: $after, first: $first, filter: $filter) {
    changes { version changedAt refund { id version status } } cursor hasMore
  } }`;

const changes = async (variables: Record<string, unknown> = {}, caller = tenant.caller()) =>
  (await ask<Page>(world, caller, document, variables)).refundChanges;

/** Other databases of the server may hold the end of the feed back for a moment. */
async function changesFrom(after: string, count: number, more: Record<string, unknown> = {}) {
  let page = await changes({ after, ...more });
  await expect
    .poll(async () => (page = await changes({ after, ...more })).changes.length, { timeout: 30_000 })
    .toBeGreaterThanOrEqual(count);
  return page;
}

const id = (refund: RefundId) => encodeGlobalId('Refund', refund);

describe('refundChanges', () => {
  test('without a cursor: no changes, and the cursor of now', async () => {
    await insertRefund(database.db, tenant, payment);
    const now = await changes();
    expect(now).toMatchObject({ changes: [], hasMore: false });
    const made = await insertRefund(database.db, tenant, payment);
    const page = await changesFrom(now.cursor, 1);
    expect(page.changes.map((change) => change.refund.id)).toContain(id(made));
  });

  test('shows the refund as it is now, with the version and the time of its last change', async () => {
    const { cursor } = await changes();
    const made = await insertRefund(database.db, tenant, payment);
    await sql`UPDATE refunds SET version = 7, updated_at = '2026-03-01T10:00:00.5Z' WHERE id = ${made}`.execute(
      database.db,
    );
    const page = await changesFrom(cursor, 1);
    expect(page.changes).toEqual([
      {
        version: 7,
        changedAt: '2026-03-01T10:00:00.500Z',
        refund: { id: id(made), version: 7, status: expect.any(String) as string },
      },
    ]);
  });

  test('is read page by page to its end', async () => {
    const { cursor } = await changes();
    const made: string[] = [];
    for (let index = 0; index < 5; index += 1)
      made.push(id(await insertRefund(database.db, tenant, payment)));
    await changesFrom(cursor, 5);
    const seen: string[] = [];
    let page = { cursor, hasMore: true };
    while (page.hasMore) {
      const next = await changes({ after: page.cursor, first: 2 });
      seen.push(...next.changes.map((change) => change.refund.id));
      page = next;
    }
    expect(seen).toEqual(made);
  });

  test("has a merchant's own refunds only", async () => {
    const { cursor } = await changes();
    const theirs = await insertPayment(database.db, stranger);
    await insertRefund(database.db, stranger, theirs);
    const own = await insertRefund(database.db, tenant, payment);
    const page = await changesFrom(cursor, 1);
    expect(page.changes.map((change) => change.refund.id)).toEqual([id(own)]);
    const foreign = await changes({ after: cursor, filter: { payment: encodeGlobalId('Payment', theirs) } });
    expect(foreign.changes).toEqual([]);
  });

  test('by payment; an id of something else fits nothing', async () => {
    const { cursor } = await changes();
    const other = await insertPayment(database.db, tenant);
    await insertRefund(database.db, tenant, payment);
    const wanted = await insertRefund(database.db, tenant, other);
    const filter = { payment: encodeGlobalId('Payment', other) };
    const page = await changesFrom(cursor, 1, { filter });
    expect(page.changes.map((change) => change.refund.id)).toEqual([id(wanted)]);
    const none = await changes({ after: cursor, filter: { payment: id(wanted) } });
    expect(none.changes).toEqual([]);
  });

  test.each([
    ['a word', 'tomorrow'],
    ['a cursor of a list', Buffer.from('2026-03-01T10:00:00.000000Z|x').toString('base64url')],
    ['a number beyond 64 bits', Buffer.from('f1.1.18446744073709551616.0').toString('base64url')],
    ['nothing', ''],
  ])('refuses %s as a cursor', async (_name, after) => {
    const result = await execute(world, tenant.caller(), document, { after });
    expect(codeOf(result.errors[0])).toBe('BAD_USER_INPUT');
    expect(result.errors[0]?.extensions['path']).toEqual(['after']);
  });

  test.each([0, -1, 101])('refuses a page of %i', async (first) => {
    const result = await execute(world, tenant.caller(), document, { first });
    expect(codeOf(result.errors[0])).toBe('BAD_USER_INPUT');
  });
});

describe('changesCursor of a list', () => {
  const list = (
    fragment: string,
  ) => `{ refunds(first: 100, filter: { payment: "${encodeGlobalId('Payment', payment)}" }) {
    nodes { id } ${fragment} } } fragment cursor on RefundConnection { changesCursor }`;

  test.each([
    ['directly', 'changesCursor ... on RefundConnection { __typename } ...cursor'],
    ['by a fragment', '...cursor'],
    ['inline', '... on RefundConnection { changesCursor } ...cursor'],
  ])('asked for %s leads on from the list without a gap', async (_name, fragment) => {
    const { refunds } = await ask<{
      refunds: { nodes: readonly { id: string }[]; changesCursor: string };
    }>(lateWorld(), tenant.caller(), list(fragment));
    const page = await changesFrom(refunds.changesCursor, 1);
    const told = page.changes.map((change) => change.refund.id);
    // It committed after the cursor was read and before the list was: it is in both.
    expect(told).toHaveLength(1);
    expect(refunds.nodes.map((refund) => refund.id)).toContain(told[0]);
  });

  test('is one for all lists of an operation', async () => {
    const result = await ask<Record<'a' | 'b', { changesCursor: string }>>(
      world,
      tenant.caller(),
      `{ a: refunds(first: 1) { changesCursor } b: refunds(first: 2) { changesCursor } }`,
    );
    expect(result.a.changesCursor).toBe(result.b.changesCursor);
  });

  /** A refund is made and committed right after the first statement of the operation. */
  function lateWorld(): World {
    let isMade = false;
    const db = world.db.withPlugin({
      transformQuery: ({ node }) => node,
      async transformResult({ result }) {
        if (!isMade) {
          isMade = true;
          await insertRefund(database.db, tenant, payment);
        }
        return result;
      },
    });
    return { ...world, db };
  }
});
