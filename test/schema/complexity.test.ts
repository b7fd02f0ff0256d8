import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/db/tables.ts';
import type { World } from '../../src/refunds/world.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { codeOf, execute } from '../support/execute.ts';
import { createRowsWorld, insertTenant, type Tenant } from '../support/rows.ts';

let database: TestDatabase<Database>;
let world: World;
let tenant: Tenant;
const statements: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase('complexity', { onQuery: (sql) => statements.push(sql) });
  world = await createRowsWorld(database.db);
  tenant = await insertTenant(database.db, 'demo');
});
afterAll(() => database.drop());

const MONEY = '{ value currency minorUnits exponent }';
const FAILURE = '{ code message retry providerCode }';
const LEG = `{ id status amount ${MONEY} attempt providerRefundId failure ${FAILURE} nextLookAt }`;
const ACCOUNT = '{ id code provider displayName health }';
const FRESHNESS = '{ asOf isStale pollAfterMs }';
const PAYMENT = `{ id account ${ACCOUNT} providerPaymentId orderReference status version amount ${MONEY} captured ${MONEY}
  refunded ${MONEY} reserved ${MONEY} refundable ${MONEY} externalRefunds freshness ${FRESHNESS} capturedAt createdAt
  sources { seller captured ${MONEY} refunded ${MONEY} reserved ${MONEY} refundable ${MONEY} platformFee ${MONEY} } }`;
const REFUND = `{ id payment ${PAYMENT} account ${ACCOUNT} merchant { code name } reference version retries status isFinal
  moneyMovement amount ${MONEY} returned ${MONEY} legs ${LEG}
  sources { seller amount ${MONEY} returned ${MONEY} platformFee ${MONEY} leg ${LEG} }
  reason note metadata origin failure ${FAILURE} traceReferences { kind value availability } freshness ${FRESHNESS}
  createdAt updatedAt finalizedAt }`;

const run = async (source: string) => {
  statements.length = 0;
  return execute(world, tenant.caller(), source);
};

describe('the limits of one operation', () => {
  test.each([
    [
      'a page of 100 refunds with every field of everything',
      `{ refunds(first: 100) { nodes ${REFUND} pageInfo { hasNextPage endCursor } } }`,
    ],
    ['the same through edges', `{ refunds(first: 100) { edges { cursor node ${REFUND} } } }`],
    [
      'a page of 50 payments with their refunds',
      '{ payments(first: 50) { nodes { id status refunds(first: 10) { nodes { id status amount { value } } } } } }',
    ],
    [
      'what a console shows first',
      `{ viewer { merchant { name } } accounts { nodes ${ACCOUNT} } providers { code capabilities { partialRefunds } } refunds { nodes ${REFUND} } }`,
    ],
  ])('let pass %s', async (_name, source) => {
    expect((await run(source)).errors).toEqual([]);
  });

  test.each([
    [
      'a list in a list in a list',
      '{ payments(first: 100) { nodes { refunds(first: 100) { nodes { payment { refunds(first: 100) { nodes { id } } } } } } } }',
    ],
    [
      'many large pages in one operation',
      `{ ${Array.from({ length: 10 }, (_, index) => `r${index}: refunds(first: 100) { nodes ${REFUND} }`).join(' ')} }`,
    ],
    [
      'endless depth',
      `{ refund(by: { reference: "x" }) ${'{ payment { refunds(first: 1) { nodes '.repeat(6)} { id } ${'} } }'.repeat(6)} }`,
    ],
  ])('refuse %s before anything is read', async (_name, source) => {
    const { data, errors } = await run(source);
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) expect(codeOf(error)).toBe('QUERY_TOO_COMPLEX');
    expect(statements).toEqual([]);
    expect(data === null || Object.values(data as object).every((value) => value === null)).toBe(true);
  });
});
