import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compare, measureSize, type Measured } from '../../bench/compare-growth.ts';
import type { RanStatement } from '../../bench/run-operations.ts';
import type { Database } from '../../src/db/tables.ts';
import { copyTestDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts';
import { startProviderStub } from '../support/provider-stub.ts';

/** Large enough that a plan for few rows is a bad one, and that a table is more than a few pages. */
const FEW = 3_000;
const MANY = 18_000;

/** Rows that a statement may read for a page of 50 or a batch of 20, whatever there is. */
const READ_AT_MOST = 300;
/** The feed reads a window of so many rows whatever they are; gauges read all that is under way, or waits for a person. */
const moreAllowed: readonly (readonly [RegExp, number])[] = [
  [/^refundChanges/, 1_001],
  [/^metrics and lag$/, 1_000],
];

/** Tables with a row or more for each refund, payment or message. */
const large =
  /^(payments|payment_sources|payment_items|refunds|refund_legs|refund_items|leg_sources|leg_attempts|provider_refunds|refund_sellers|idempotency|events|event_messages|event_deliveries|webhook_deliveries|payment_operations)$/;

let few: Measured;
let many: Measured;
let stub: Awaited<ReturnType<typeof startProviderStub>>;

let grown: TestDatabase<Database>;
const made: TestDatabase<Database>[] = [];

beforeAll(async () => {
  stub = await startProviderStub();
  const small = await createTestDatabase('growth_few');
  grown = await createTestDatabase('growth_many');
  made.push(small, grown);
  few = await measureSize(small.config, stub.url, FEW);
  many = await measureSize(grown.config, stub.url, MANY);
}, 300_000);
afterAll(async () => {
  await stub.stop();
  for (const database of made) await database.drop();
});

const nameOf = (statement: RanStatement & { readonly merchant: string }): string =>
  `${statement.merchant}, ${statement.operation}: ${statement.summary}`;

/** Scans of whole large tables. */
const scans = ({ statements }: Measured): string[] =>
  statements.flatMap((statement) =>
    statement.steps
      .filter(({ type, relation = '' }) => type === 'Seq Scan' && large.test(relation))
      // A table with next to nothing in it is read as a whole for good reason.
      .filter(({ rows, removed }) => rows + removed > 2_000)
      .map(({ relation }) => `${nameOf(statement)}: scans ${relation}`),
  );

/** Steps that read or sort more rows than a page or a batch is made of. */
const unbounded = ({ statements }: Measured): string[] =>
  statements.flatMap((statement) => {
    const atMost = moreAllowed.find(([name]) => name.test(statement.operation))?.[1] ?? READ_AT_MOST;
    return statement.steps
      .filter(({ rows, removed }) => rows + removed > atMost)
      .map(
        ({ type, relation = '', rows, removed }) =>
          `${nameOf(statement)}: ${type} ${relation} ${rows} + ${removed}`,
      );
  });

/** Statements that read more pages than a factor of rows explains, besides those of new levels of an index. */
const growing = (a: Measured, b: Measured): string[] =>
  compare(a, b)
    // Gauges read what is open, and what is forgotten is what there is to forget, up to a batch.
    .filter(({ operation, part }) => operation !== 'metrics and lag' && part !== 'forget')
    .filter(({ times }) => times > 1.5)
    .map(
      ({ merchant, operation, summary, few: before, many: after }) =>
        `${merchant}, ${operation}: ${summary}: ${before.buffers} pages, then ${after.buffers}`,
    );

describe('with six times the refunds, and plans that do not know the parameters', () => {
  test('every part of the service is measured, for a large merchant and a small one beside it', () => {
    const parts = new Set(many.statements.map(({ merchant, part }) => `${merchant} ${part}`));
    expect([...parts].toSorted()).toEqual([
      'large create',
      'large engine',
      'large feed',
      'large forget',
      'large list',
      'large read',
      'small engine',
      'small feed',
      'small list',
      'small read',
    ]);
    expect(compare(few, many).length).toBeGreaterThan(90);
  });

  test('no statement scans a large table', () => expect(scans(many)).toEqual([]));

  test('no statement reads or sorts more rows than its page or batch needs', () =>
    expect(unbounded(many)).toEqual([]));

  test('no statement reads more pages', () => expect(growing(few, many)).toEqual([]));
});

test('an index that is missing is noticed', async () => {
  const copy = await copyTestDatabase(grown, 'growth_copy');
  made.push(copy);
  const without = await measureSize(copy.config, stub.url, MANY, (client) =>
    client.query('DROP INDEX refunds_by_status'),
  );
  expect([...scans(without), ...unbounded(without)].join('\n')).toMatch(/refunds: (PENDING|FAILED)/);
}, 300_000);
