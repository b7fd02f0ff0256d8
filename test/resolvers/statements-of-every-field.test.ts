import {
  getNamedType,
  isAbstractType,
  isObjectType,
  isRequiredArgument,
  type GraphQLField,
  type GraphQLObjectType,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordStatements, summarise, type StatementLog } from '../../bench/statement-log.ts';
import type { AccountId, PaymentId, RefundId } from '../../src/ids.ts';
import { encodeGlobalId } from '../../src/resolvers/global-id.ts';
import { buildSchema } from '../../src/schema/index.ts';
import { execute } from '../support/execute.ts';
import { insertItems, insertPayment, insertRefund, insertRefundItems, type Tenant } from '../support/rows.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

/** A list of one and a list of so many must cost the same. */
const MANY = 20;
/** Object fields behind one another, from the root on. */
const MAX_STEPS = 7;

const schema = buildSchema();
const query = schema.getQueryType()!;

let t: TestWorld;
let log: StatementLog;

/** Rows of one merchant, all of one kind: what differs between two of them would change the statements. */
interface Rows {
  readonly caller: ReturnType<TestWorld['caller']>;
  readonly refundIds: string[];
  readonly paymentIds: string[];
  /** The cursor of the feed before any of them. */
  feedStart: string;
  /** Payments with one refund and with many. */
  readonly withOne: string;
  readonly withMany: string;
}
const rows = new Map<'demo' | 'other', Rows>();

beforeAll(async () => {
  t = await createTestWorld('statements_of_every_field');
  log = recordStatements();
  for (const merchant of ['demo', 'other'] as const) rows.set(merchant, await insertRows(merchant));
});
afterAll(async () => {
  log.stop();
  await t.close();
});

const failedLeg = { status: 'FAILED', failure: JSON.stringify({ code: 'PROVIDER_REFUSED', message: 'no' }) } as const;
const waits = { status: 'MANUAL_REVIEW', attention: 'MANUAL_REVIEW', attention_since: new Date() } as const;

/** Those of `demo` have ended, after one that had failed; those of `other` wait for a person. */
async function insertRows(merchant: 'demo' | 'other'): Promise<Rows> {
  const { db } = t.database;
  const caller = t.caller(merchant);
  const { merchantId } = caller.viewer;
  const account = await db
    .selectFrom('accounts')
    .select(['id', 'code'])
    .where('code', '=', `yookassa-${merchant}`)
    .executeTakeFirstOrThrow();
  const tenant: Tenant = {
    merchantId,
    accountId: account.id as AccountId,
    accountCode: account.code,
    caller: () => caller,
  };
  const { data } = await execute<{ refundChanges: { cursor: string } }>(
    t.world,
    caller,
    '{ refundChanges { cursor } }',
  );

  const addPayment = async (): Promise<PaymentId> => {
    const paymentId = await insertPayment(db, tenant);
    await insertItems(db, tenant, paymentId, ['mug', 'kettle']);
    return paymentId;
  };
  const addFailed = (paymentId: PaymentId): Promise<RefundId> =>
    insertRefund(db, tenant, paymentId, { status: 'FAILED' }, failedLeg);
  const addRefund = async (paymentId: PaymentId, replaces: RefundId): Promise<string> => {
    const ended = merchant === 'demo';
    const refundId = await insertRefund(
      db,
      tenant,
      paymentId,
      ended ? { replaces } : { replaces, ...waits },
      ended ? {} : { status: waits.status },
    );
    const lines = await db
      .selectFrom('payment_items')
      .select('id')
      .where('payment_id', '=', paymentId)
      .execute();
    const lineIds = lines.map(({ id }) => id);
    await insertRefundItems(db, tenant, refundId, lineIds);
    return encodeGlobalId('Refund', refundId);
  };

  // All that are replaced come first, so that the newest of every list are alike.
  const many = await addPayment();
  const payments: PaymentId[] = [];
  for (let n = 0; n < MANY; n += 1) payments.push(await addPayment());
  const replaced: RefundId[] = [];
  for (let n = 0; n < 2 * MANY; n += 1) replaced.push(await addFailed(payments[n] ?? many));
  const refundIds: string[] = [];
  for (let n = MANY; n < 2 * MANY; n += 1) await addRefund(many, replaced[n]!);
  for (const [n, paymentId] of payments.entries()) refundIds.push(await addRefund(paymentId, replaced[n]!));
  const paymentIds = payments.map((id) => encodeGlobalId('Payment', id));
  return {
    caller,
    refundIds,
    paymentIds,
    feedStart: data.refundChanges.cursor,
    withOne: paymentIds[0]!,
    withMany: encodeGlobalId('Payment', many),
  };
}

/** How each field of the query type is asked for `count` objects: as one list, or so many times under other names. */
type Call = (selection: string, count: number, rows: Rows) => string;

const list =
  (head: (count: number, rows: Rows) => string): Call =>
  (selection, count, of) =>
    `{ ${head(count, of)} ${selection} }`;
const each =
  (head: (index: number, rows: Rows) => string): Call =>
  (selection, count, of) =>
    `{ ${Array.from({ length: count }, (_, index) => `a${index}: ${head(index, of)} ${selection}`).join(' ')} }`;

const calls: Readonly<Record<string, Call>> = {
  node: each(
    (index, { refundIds, paymentIds }) => `node(id: "${(index % 2 === 0 ? refundIds : paymentIds)[index]}")`,
  ),
  nodes: list((count, { refundIds }) => `nodes(ids: ${JSON.stringify(refundIds.slice(0, count))})`),
  viewer: each(() => 'viewer'),
  accounts: list((count) => `accounts(first: ${count})`),
  providers: list(() => 'providers'),
  payment: each((index, { paymentIds }) => `payment(by: { id: "${paymentIds[index]}" })`),
  payments: list((count) => `payments(first: ${count})`),
  refund: each((index, { refundIds }) => `refund(by: { id: "${refundIds[index]}" })`),
  refunds: list((count) => `refunds(first: ${count})`),
  refundChanges: list((count, { feedStart }) => `refundChanges(after: "${feedStart}", first: ${count})`),
};

/** Arguments of fields below the root that cannot be left out, by coordinate. */
const requiredArguments: Readonly<Record<string, string>> = {};

type Fields = readonly GraphQLField<unknown, unknown>[];
const fieldsOf = (type: GraphQLObjectType): Fields => Object.values(type.getFields());
const isLeafField = (field: Fields[number]): boolean =>
  !isObjectType(getNamedType(field.type)) && !isAbstractType(getNamedType(field.type));

function callOf(type: GraphQLObjectType, { name, args }: Fields[number]): string {
  if (!args.some(isRequiredArgument)) return name;
  const given = requiredArguments[`${type.name}.${name}`];
  if (given === undefined)
    throw new Error(`${type.name}.${name} needs arguments: add them to requiredArguments`);
  return `${name}(${given})`;
}

const leavesOf = (type: GraphQLObjectType): string =>
  [
    '__typename',
    ...fieldsOf(type)
      .filter(isLeafField)
      .map((field) => callOf(type, field)),
  ].join(' ');

/** A way from the result of a root field to objects, and the selection that goes it. */
interface Path {
  readonly name: string;
  readonly selection: string;
}

/**
 * Every way over object fields, each type at most twice on it. Of a connection only the shorter way, over `nodes`: edges are
 * the same rows.
 */
function* pathsFrom(type: GraphQLObjectType, name: string, passed: readonly string[] = []): Generator<Path> {
  yield { name, selection: `{ ${leavesOf(type)} }` };
  if (passed.length >= MAX_STEPS) return;
  const here = [...passed, type.name];
  for (const field of fieldsOf(type)) {
    if (isLeafField(field)) continue;
    if (field.name === 'edges' && 'nodes' in type.getFields() && passed.length > 0) continue;
    for (const next of objectTypesOf(field)) {
      if (here.filter((one) => one === next.name).length >= (/^(Refund|Payment)/.test(next.name) ? 2 : 1))
        continue;
      const call = callOf(type, field);
      for (const path of pathsFrom(next, `${name}.${field.name}`, here)) {
        const inner = isAbstractType(getNamedType(field.type))
          ? `{ ... on ${next.name} ${path.selection} }`
          : path.selection;
        yield { name: path.name, selection: `{ ${call} ${inner} }` };
      }
    }
  }
}

function objectTypesOf(field: Fields[number]): readonly GraphQLObjectType[] {
  const type = getNamedType(field.type);
  if (isAbstractType(type)) return schema.getPossibleTypes(type);
  return isObjectType(type) ? [type] : [];
}

function* pathsOf(root: Fields[number]): Generator<Path> {
  const abstract = isAbstractType(getNamedType(root.type));
  for (const type of objectTypesOf(root))
    for (const { name, selection } of pathsFrom(type, abstract ? `${root.name}:${type.name}` : root.name))
      yield { name, selection: abstract ? `{ ... on ${type.name} ${selection} }` : selection };
}

/** What an operation sends, in few words each. */
async function statementsOf(document: string, of: Rows): Promise<string[]> {
  log.take();
  const { errors } = await execute(t.world, of.caller, document);
  expect(errors).toEqual([]);
  return log
    .take()
    .map(({ text }) => summarise(text))
    .toSorted();
}

const merchants = ['demo', 'other'] as const;

test('every field of the query type is known here', () => {
  expect(
    fieldsOf(query)
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(Object.keys(calls).toSorted());
});

describe('a list of one and a list of many send the same statements', () => {
  test.each(fieldsOf(query).map((root) => [root.name, root] as const))(
    '%s, and everything below it',
    async (_, root) => {
      const paths = [...pathsOf(root)];
      expect(paths.length).toBeGreaterThan(0);
      const found: string[] = [];
      for (const merchant of merchants) {
        const of = rows.get(merchant)!;
        for (const { name, selection } of paths) {
          const ask = (count: number) => statementsOf(calls[root.name]!(selection, count, of), of);
          const [one, many] = [await ask(1), await ask(MANY)];
          // One node is of one kind, many are of two.
          if (root.name === 'node' ? many.length > 2 * Math.max(1, one.length) : many.length !== one.length)
            found.push(
              `${name} (${merchant}): ${one.length} for one, ${many.length} for ${MANY}: ${[...new Set(many)].join('; ')}`,
            );
        }
      }
      expect(found).toEqual([]);
    },
  );

  test('one payment with one refund, or with many of them', async () => {
    const found: string[] = [];
    for (const merchant of merchants) {
      const of = rows.get(merchant)!;
      const payment = fieldsOf(query).find(({ name }) => name === 'payment')!;
      for (const { name, selection } of pathsOf(payment)) {
        const ask = (id: string) => statementsOf(`{ payment(by: { id: "${id}" }) ${selection} }`, of);
        const [one, many] = [await ask(of.withOne), await ask(of.withMany)];
        if (one.length !== many.length) found.push(`${name} (${merchant}): ${one.length} and ${many.length}`);
      }
    }
    expect(found).toEqual([]);
  });
});

test('the rows are there: a list that is empty would cost the same for ever', async () => {
  for (const merchant of merchants) {
    const of = rows.get(merchant)!;
    const { data } = await execute<
      Record<string, { nodes: { refunds?: { nodes: unknown[] } }[]; changes: unknown[] }>
    >(
      t.world,
      of.caller,
      `{ refunds(first: ${MANY}) { nodes { id payment { id } items { quantity } } } payments(first: ${MANY}) { nodes { refunds { nodes { id } } } }
         refundChanges(after: "${of.feedStart}", first: ${MANY}) { changes { version } } }`,
    );
    expect(data['refunds']!.nodes).toHaveLength(MANY);
    expect(data['payments']!.nodes.every(({ refunds }) => refunds!.nodes.length > 0)).toBe(true);
    expect(data['refundChanges']!.changes).toHaveLength(MANY);
  }
});
