import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/db/tables.ts';
import type { World } from '../../src/refunds/world.ts';
import { encodeGlobalId } from '../../src/resolvers/global-id.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { ask, codeOf, execute } from '../support/execute.ts';
import { createRowsWorld, insertPayment, insertRefund, insertTenant, type Tenant } from '../support/rows.ts';

let database: TestDatabase<Database>;
let world: World;
let owner: Tenant;
let stranger: Tenant;
let ids: {
  refund: string;
  payment: string;
  account: string;
  providerPaymentId: string;
  providerRefundId: string;
};

beforeAll(async () => {
  database = await createTestDatabase('isolation');
  const { db } = database;
  world = await createRowsWorld(db);
  owner = await insertTenant(db, 'demo');
  stranger = await insertTenant(db, 'other');
  const payment = await insertPayment(db, owner, { order_reference: 'order-1' });
  const refund = await insertRefund(db, owner, payment, { reference: 'RF-1' });
  await db
    .insertInto('idempotency')
    .values({
      merchant_id: owner.merchantId,
      key: 'a-key-of-demo',
      hash_version: 1,
      content_hash: Buffer.from('x'),
      refund_id: refund,
      operation_id: null,
    })
    .execute();
  ids = {
    refund: encodeGlobalId('Refund', refund),
    payment: encodeGlobalId('Payment', payment),
    account: encodeGlobalId('ProviderAccount', owner.accountId),
    providerPaymentId: `provider-${payment}`,
    providerRefundId: `provider-${refund}`,
  };
});
afterAll(() => database.drop());

const absent = encodeGlobalId('Refund', '01890000-0000-7000-8000-000000000000');

const ways: [string, string, () => Record<string, unknown>, string][] = [
  [
    'refund by id',
    'query ($id: ID!) { it: refund(by: { id: $id }) { id } }',
    () => ({ id: ids.refund }),
    'refund',
  ],
  ['refund by reference', 'query { it: refund(by: { reference: "RF-1" }) { id } }', () => ({}), 'refund'],
  [
    'refund by key',
    'query { it: refund(by: { idempotencyKey: "a-key-of-demo" }) { id } }',
    () => ({}),
    'refund',
  ],
  [
    'refund by provider id',
    'query ($id: String!) { it: refund(by: { provider: { account: "yookassa-demo", refundId: $id } }) { id } }',
    () => ({ id: ids.providerRefundId }),
    'refund',
  ],
  [
    'payment by id',
    'query ($id: ID!) { it: payment(by: { id: $id }) { id } }',
    () => ({ id: ids.payment }),
    'payment',
  ],
  ['node of a refund', 'query ($id: ID!) { it: node(id: $id) { id } }', () => ({ id: ids.refund }), 'refund'],
  [
    'node of a payment',
    'query ($id: ID!) { it: node(id: $id) { id } }',
    () => ({ id: ids.payment }),
    'payment',
  ],
  [
    'node of an account',
    'query ($id: ID!) { it: node(id: $id) { id } }',
    () => ({ id: ids.account }),
    'account',
  ],
];

describe('what another merchant has', () => {
  test.each(ways)('%s: its owner sees it, a stranger sees null', async (_name, source, variables, what) => {
    const mine = await ask<{ it: unknown }>(world, owner.caller(), source, variables());
    expect(mine.it).toEqual({ id: ids[what as keyof typeof ids] });
    const theirs = await execute<{ it: unknown }>(world, stranger.caller(), source, variables());
    expect(theirs).toEqual({ data: { it: null }, errors: [] });
  });

  test('a payment by its provider id is not there for a stranger who names the account', async () => {
    const source =
      'query ($id: String!) { payment(by: { provider: { account: "yookassa-demo", paymentId: $id } }) { id } }';
    const answer = await execute(world, stranger.caller(), source, { id: ids.providerPaymentId });
    expect(answer).toEqual({ data: { payment: null }, errors: [] });
  });

  test('nodes keeps the order and gives null for what is foreign, absent or malformed', async () => {
    const source = 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }';
    const wanted = [ids.payment, 'nonsense', ids.refund, absent, '', ids.account];
    const mine = await ask<{ nodes: unknown[] }>(world, owner.caller(), source, { ids: wanted });
    expect(mine.nodes).toEqual([
      { __typename: 'Payment', id: ids.payment },
      null,
      { __typename: 'Refund', id: ids.refund },
      null,
      null,
      { __typename: 'ProviderAccount', id: ids.account },
    ]);
    const theirs = await ask<{ nodes: unknown[] }>(world, stranger.caller(), source, { ids: wanted });
    expect(theirs.nodes).toEqual([null, null, null, null, null, null]);
  });

  test('lists of accounts, payments and refunds show their own only', async () => {
    const source =
      '{ accounts { nodes { code } } payments { nodes { id } } refunds { nodes { id } } viewer { merchant { code name } } }';
    expect(await ask(world, stranger.caller(), source)).toEqual({
      accounts: { nodes: [{ code: 'yookassa-other' }] },
      payments: { nodes: [] },
      refunds: { nodes: [] },
      viewer: { merchant: { code: 'other', name: 'Merchant other' } },
    });
    expect(await ask(world, owner.caller(), source)).toMatchObject({
      accounts: { nodes: [{ code: 'yookassa-demo' }] },
      payments: { nodes: [{ id: ids.payment }] },
      refunds: { nodes: [{ id: ids.refund }] },
    });
  });

  test.each([
    [
      'cancelRefund',
      'mutation ($id: ID!) { it: cancelRefund(input: { refund: $id }) { refund { id } errors { __typename code path } } }',
    ],
    [
      'retryRefund',
      'mutation ($id: ID!) { it: retryRefund(input: { refund: $id, expectedRetries: 0 }) { refund { id } errors { __typename code path } } }',
    ],
    [
      'syncRefund',
      'mutation ($id: ID!) { it: syncRefund(input: { refund: $id }) { refund { id } errors { __typename code path } } }',
    ],
    [
      'resolveRefund',
      'mutation ($id: ID!) { it: resolveRefund(input: { refund: $id, expectedVersion: 1, verdict: { notReturned: {} }, evidence: "Seen." }) { refund { id } errors { __typename code path } } }',
    ],
  ])('%s answers a foreign refund exactly like an absent or malformed one', async (_name, source) => {
    const answers = [ids.refund, absent, 'nonsense', ids.payment].map((id) =>
      ask<{ it: unknown }>(world, stranger.caller(), source, { id }),
    );
    for (const { it } of await Promise.all(answers))
      expect(it).toEqual({
        refund: null,
        errors: [{ __typename: 'NotFound', code: 'NOT_FOUND', path: ['input', 'refund'] }],
      });
  });

  test.each(['createRefund', 'cancelPayment'])(
    '%s answers a foreign payment exactly like an absent one',
    async (name) => {
      const rest = name === 'createRefund' ? 'amount: { remaining: true }, reason: OTHER' : 'reason: OTHER';
      const source = `mutation ($payment: PaymentRefInput!) { it: ${name}(input: { idempotencyKey: "key-of-stranger", payment: $payment, ${rest} }) { refund { id } errors { __typename code message path retry } } }`;
      const refs = [
        { id: ids.payment },
        { id: encodeGlobalId('Payment', '01890000-0000-7000-8000-000000000000') },
        { id: 'nonsense' },
        { provider: { account: 'yookassa-demo', paymentId: ids.providerPaymentId } },
        { provider: { account: 'no-such-account', paymentId: 'x' } },
      ];
      const answers = await Promise.all(
        refs.map((payment) => ask(world, stranger.caller(), source, { payment })),
      );
      expect(answers[0]).toMatchObject({
        it: { refund: null, errors: [{ __typename: 'NotFound', path: ['input', 'payment'] }] },
      });
      for (const answer of answers) expect(answer).toEqual(answers[0]);
    },
  );
});

describe('scopes of a key', () => {
  test('a key without write cannot run any mutation, and nothing is looked up', async () => {
    const source = 'mutation ($id: ID!) { cancelRefund(input: { refund: $id }) { refund { id } } }';
    const { data, errors } = await execute(world, owner.caller(['read']), source, { id: ids.refund });
    expect(data).toBeNull();
    expect(codeOf(errors[0])).toBe('FORBIDDEN');
    expect(errors[0]?.message).toContain('write');
  });

  test('a key without read cannot run any query', async () => {
    const { data, errors } = await execute(world, owner.caller(['write']), '{ viewer { keyName } }');
    expect(data).toBeNull();
    expect(codeOf(errors[0])).toBe('FORBIDDEN');
  });

  test('a key learns its own scopes', async () => {
    const data = await ask(world, owner.caller(['read']), '{ viewer { keyName scopes } }');
    expect(data).toEqual({ viewer: { keyName: 'test', scopes: ['READ'] } });
  });
});
