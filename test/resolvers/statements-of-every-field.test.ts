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
const MAX_STEPS = 3;

const schema = buildSchema();
const query = schema.getQueryType()!;

let t: TestWorld;
let log: StatementLog;

/** Rows of one merchant, all of one kind: what differs between two of them would change the statements. */
interface Rows {
  readonly caller: ReturnType<TestWorld['caller']>;
  readonly refundIds: string[];
  readonly paymentIds: string[];
  /** The n-th refund has it as its reference, its key, and its id at the provider; its payment, too. */
  readonly names: readonly string[];
  readonly accountCode: string;
  readonly accountId: string;
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

const failedLeg = {
  status: 'FAILED',
  failure: JSON.stringify({ code: 'PROVIDER_REJECTED', retry: 'NEVER', message: 'no' }),
} as const;
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

  const addPayment = async (name?: string): Promise<PaymentId> => {
    const paymentId = await insertPayment(
      db,
      tenant,
      name === undefined ? {} : { provider_payment_id: name },
    );
    await insertItems(db, tenant, paymentId, ['mug', 'kettle']);
    return paymentId;
  };
  const addFailed = (paymentId: PaymentId): Promise<RefundId> =>
    insertRefund(db, tenant, paymentId, { status: 'FAILED' }, failedLeg);
  const addRefund = async (paymentId: PaymentId, replaces: RefundId, name?: string): Promise<string> => {
    const ended = merchant === 'demo';
    const refundId = await insertRefund(
      db,
      tenant,
      paymentId,
      { replaces, ...(name !== undefined && { reference: name }), ...(!ended && waits) },
      { ...(name !== undefined && { provider_refund_id: name }), ...(!ended && { status: waits.status }) },
    );
    if (name !== undefined)
      await db
        .insertInto('idempotency')
        .values({
          merchant_id: merchantId,
          key: name,
          hash_version: 1,
          content_hash: Buffer.from('x'),
          refund_id: refundId,
        })
        .execute();
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
  const names = Array.from({ length: MANY }, (_, index) => `the-name-of-${merchant}-${index}`);
  const many = await addPayment();
  const payments: PaymentId[] = [];
  for (let n = 0; n < MANY; n += 1) payments.push(await addPayment(names[n]));
  const replaced: RefundId[] = [];
  for (let n = 0; n < 2 * MANY; n += 1) replaced.push(await addFailed(payments[n] ?? many));
  const refundIds: string[] = [];
  for (let n = MANY; n < 2 * MANY; n += 1) await addRefund(many, replaced[n]!);
  for (const [n, paymentId] of payments.entries())
    refundIds.push(await addRefund(paymentId, replaced[n]!, names[n]));
  const paymentIds = payments.map((id) => encodeGlobalId('Payment', id));
  return {
    caller,
    refundIds,
    paymentIds,
    names,
    accountCode: account.code,
    accountId: encodeGlobalId('ProviderAccount', account.id),
    feedStart: data.refundChanges.cursor,
    withOne: paymentIds[0]!,
    withMany: encodeGlobalId('Payment', many),
  };
}

/** How a field of the query type is asked for `count` objects: as one list, or so many times under other names. */
type Call = (selection: string, count: number, of: Rows) => string;

const list =
  (head: (count: number, of: Rows) => string): Call =>
  (selection, count, of) =>
    `{ ${head(count, of)} ${selection} }`;
const each =
  (head: (index: number, of: Rows) => string): Call =>
  (selection, count, of) =>
    `{ ${Array.from({ length: count }, (_, index) => `a${index}: ${head(index, of)} ${selection}`).join(' ')} }`;

/** All that can be read by its global id, by its type. */
const idsOf = ({ refundIds, paymentIds, accountId }: Rows): Readonly<Record<string, readonly string[]>> => ({
  Refund: refundIds,
  Payment: paymentIds,
  ProviderAccount: Array.from({ length: MANY }, () => accountId),
});
const idOf = (of: Rows, type: string, index: number): string => {
  const id = idsOf(of)[type]?.[index];
  if (id === undefined) throw new Error(`${type} is a node: add its ids to idsOf`);
  return id;
};

/** Every way to ask each field, by the type that it gives. */
const calls: Readonly<Record<string, (type: string) => readonly Call[]>> = {
  node: (type) => [each((index, of) => `node(id: "${idOf(of, type, index)}")`)],
  nodes: (type) => [
    list((count, of) => {
      const ids = Array.from({ length: count }, (_, index) => idOf(of, type, index));
      return `nodes(ids: ${JSON.stringify(ids)})`;
    }),
  ],
  viewer: () => [each(() => 'viewer')],
  accounts: () => [list((count) => `accounts(first: ${count})`)],
  providers: () => [list(() => 'providers')],
  payment: () => [
    each((index, { paymentIds }) => `payment(by: { id: "${paymentIds[index]}" })`),
    each(
      (index, { accountCode, names }) =>
        `payment(by: { provider: { account: "${accountCode}", paymentId: "${names[index]}" } })`,
    ),
  ],
  payments: () => [list((count) => `payments(first: ${count})`)],
  refund: () => [
    each((index, { refundIds }) => `refund(by: { id: "${refundIds[index]}" })`),
    each((index, { names }) => `refund(by: { reference: "${names[index]}" })`),
    each((index, { names }) => `refund(by: { idempotencyKey: "${names[index]}" })`),
    each(
      (index, { accountCode, names }) =>
        `refund(by: { provider: { account: "${accountCode}", refundId: "${names[index]}" } })`,
    ),
  ],
  refunds: () => [list((count) => `refunds(first: ${count})`)],
  refundChanges: () => [
    list((count, { feedStart }) => `refundChanges(after: "${feedStart}", first: ${count})`),
  ],
};

/** Arguments of fields below the root that cannot be left out, by coordinate. */
const requiredArguments: Readonly<Record<string, string>> = {};

type Fields = readonly GraphQLField<unknown, unknown>[];
const fieldsOf = (type: GraphQLObjectType): Fields => Object.values(type.getFields());
const isLeafField = (field: Fields[number]): boolean =>
  !isObjectType(getNamedType(field.type)) && !isAbstractType(getNamedType(field.type));

function callOf(type: GraphQLObjectType, { name, args }: Fields[number]): string {
  // Pages within pages multiply: as many as make a list are enough.
  if (args.some((arg) => arg.name === 'first')) return `${name}(first: 2)`;
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
  /** What the root field gives. */
  readonly type: string;
  /** Object fields behind one another, below the root field. */
  readonly steps: number;
  readonly selection: string;
}

/**
 * Every way over object fields, each type at most twice on it. Of a connection only the shorter way, over `nodes`: edges are
 * the same rows.
 */
function* pathsFrom(type: GraphQLObjectType, name: string, passed: readonly string[] = []): Generator<Path> {
  yield { name, type: type.name, steps: 0, selection: `{ ${leavesOf(type)} }` };
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
        yield { name: path.name, type: type.name, steps: path.steps + 1, selection: `{ ${call} ${inner} }` };
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
  const isAbstract = isAbstractType(getNamedType(root.type));
  for (const type of objectTypesOf(root))
    for (const path of pathsFrom(type, isAbstract ? `${root.name}:${type.name}` : root.name))
      yield isAbstract ? { ...path, selection: `{ ... on ${type.name} ${path.selection} }` } : path;
}

/** What an operation sends, in few words each. */
async function statementsOf(document: string, of: Rows): Promise<string[]> {
  log.take();
  const { errors } = await execute(t.world, of.caller, document);
  expect(errors.map(({ message }) => message)).toEqual([]);
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

describe('one object and many send the same statements', () => {
  test.each(fieldsOf(query).map((root) => [root.name, root] as const))(
    '%s, and everything below it',
    async (_, root) => {
      const found: string[] = [];
      let paths = 0;
      for (const { name, type, steps, selection } of pathsOf(root)) {
        paths += 1;
        // However an object was named, what is below it is the same.
        const ways = calls[root.name]!(type).slice(0, steps < 2 ? undefined : 1);
        for (const [way, call] of ways.entries())
          for (const merchant of merchants) {
            const of = rows.get(merchant)!;
            const ask = (count: number) => statementsOf(call(selection, count, of), of);
            const [one, many] = [await ask(1), await ask(MANY)];
            const counts = `${one.length} for one, ${many.length} for ${MANY}: ${[...new Set(many)].join('; ')}`;
            if (many.length !== one.length) found.push(`${name} (${way}, ${merchant}): ${counts}`);
          }
      }
      expect(found).toEqual([]);
      expect(paths).toBeGreaterThan(0);
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
