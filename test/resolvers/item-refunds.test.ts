import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { World } from '../../src/refunds/world.ts';
import { encodeGlobalId } from '../../src/resolvers/global-id.ts';
import { ask } from '../support/execute.ts';
import { createItemProvider } from '../support/items.ts';
import { armFault, clearFaults, newKey, paymentRow } from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

const provider = createItemProvider();
let t: TestWorld;
let world: World;
beforeAll(async () => {
  t = await createTestWorld('item_refunds_graphql');
  world = await t.replica({ adapter: provider.adapter });
});
afterAll(() => t.close());
beforeEach(() => clearFaults(t));

/** Three mugs at 100.00 and one kettle at 700.00. */
async function sell(): Promise<string> {
  const paymentId = await t.payment('1000.00');
  provider.sell(paymentId, [
    { item: 'mug', units: 3, priceMinor: 10_000n },
    { item: 'kettle', units: 1, priceMinor: 70_000n },
  ]);
  return paymentId;
}

interface Created {
  readonly refund: { readonly status: string; readonly items: readonly object[] } | null;
  readonly errors: readonly { readonly __typename: string }[];
}

const ITEM = `item title unitPrice { value } quantity sold { value } returnedQuantity returned { value }
  reservedQuantity reserved { value } refundableQuantity refundable { value currency }`;

async function create(paymentId: string, amount: object, by = world): Promise<Created> {
  const { createRefund } = await ask<{ createRefund: Created }>(
    by,
    t.caller(),
    `mutation ($input: CreateRefundInput!) { createRefund(input: $input) {
      refund { status allowedActions items { quantity amount { value } item { item refundableQuantity } } }
      errors { __typename code path
        ... on AmountNotAllocatable { nearest { value } nearestAmounts { value currency } }
        ... on AmountExceedsRefundable { refundable { value } }
        ... on CapabilityMissing { capability alternative } } } }`,
    {
      input: {
        idempotencyKey: newKey(),
        payment: { provider: { account: 'yookassa-demo', paymentId } },
        amount,
        reason: 'RETURNED_GOODS',
        waitMs: 10_000,
      },
    },
  );
  return createRefund;
}

async function itemsOf(paymentId: string): Promise<Record<string, unknown>[]> {
  const { id } = await paymentRow(t, paymentId);
  const { payment } = await ask<{ payment: { items: Record<string, unknown>[] } }>(
    world,
    t.caller(),
    `query ($id: ID!) { payment(by: { id: $id }) { items { ${ITEM} } } }`,
    { id: encodeGlobalId('Payment', id) },
  );
  return payment.items;
}

describe('items', () => {
  test('of a payment say what was sold, and what can be refunded of it', async () => {
    const paymentId = await sell();
    const { refund, errors } = await create(paymentId, { items: [{ item: 'mug', quantity: '1.5' }] });
    expect(errors).toEqual([]);
    expect(refund).toEqual({
      status: 'SUCCEEDED',
      allowedActions: ['SYNC'],
      items: [
        { quantity: '1.5', amount: { value: '150.00' }, item: { item: 'mug', refundableQuantity: '1.5' } },
      ],
    });
    expect(await itemsOf(paymentId)).toEqual([
      {
        item: 'mug',
        title: 'MUG',
        unitPrice: { value: '100.00' },
        quantity: '3',
        sold: { value: '300.00' },
        returnedQuantity: '1.5',
        returned: { value: '150.00' },
        reservedQuantity: '0',
        reserved: { value: '0.00' },
        refundableQuantity: '1.5',
        refundable: { value: '150.00', currency: 'RUB' },
      },
      expect.objectContaining({ item: 'kettle', refundableQuantity: '1' }),
    ]);
  });

  test('are empty where there are none', async () => {
    const paymentId = await t.payment('10.00');
    const { refund } = await create(paymentId, { remaining: true }, t.world);
    expect(refund).toMatchObject({ status: 'SUCCEEDED', items: [] });
    expect(await itemsOf(paymentId)).toEqual([]);
  });

  test('of a refund that failed are free, and a person is told that it can be retried', async () => {
    const paymentId = await sell();
    await armFault(t, 'refuse', { code: 'insufficient_funds' });
    const { refund } = await create(paymentId, { items: [{ item: 'mug', quantity: '2' }] });
    expect(refund).toMatchObject({ status: 'FAILED', allowedActions: ['RETRY', 'SYNC'] });
    await create(paymentId, { items: [{ item: 'mug', quantity: '2' }] });
    const { id } = await paymentRow(t, paymentId);
    const { payment } = await ask<{ payment: { refunds: { nodes: object[] } } }>(
      world,
      t.caller(),
      'query ($id: ID!) { payment(by: { id: $id }) { refunds(first: 5) { nodes { status allowedActions } } } }',
      { id: encodeGlobalId('Payment', id) },
    );
    expect(payment.refunds.nodes).toEqual([
      { status: 'SUCCEEDED', allowedActions: ['SYNC'] },
      { status: 'FAILED', allowedActions: ['SYNC'] },
    ]);
  });
});

describe('an amount by items is refused', () => {
  test.each<[string, object[], string[]]>([
    ['without any', [], ['input', 'amount', 'items']],
    ['that says neither how many nor how much', [{ item: 'mug' }], ['input', 'amount', 'items', '0']],
    [
      'that says both',
      [{ item: 'mug', quantity: '1', amount: { value: '1.00', currency: 'RUB' } }],
      ['input', 'amount', 'items', '0'],
    ],
    [
      'that names one twice',
      [
        { item: 'mug', quantity: '1' },
        { item: 'mug', quantity: '1' },
      ],
      ['input', 'amount', 'items', '1', 'item'],
    ],
    ['of nothing', [{ item: 'mug', quantity: '0.00' }], ['input', 'amount', 'items', '0', 'quantity']],
    [
      'of less than nothing',
      [{ item: 'mug', quantity: '-1' }],
      ['input', 'amount', 'items', '0', 'quantity'],
    ],
    ['of thousandths', [{ item: 'mug', quantity: '0.001' }], ['input', 'amount', 'items', '0', 'quantity']],
    [
      'off the price by nothing',
      [{ item: 'mug', amount: { value: '0.00', currency: 'RUB' } }],
      ['input', 'amount', 'items', '0', 'amount', 'value'],
    ],
    ['of a nameless one', [{ item: '', quantity: '1' }], ['input', 'amount', 'items', '0', 'item']],
    [
      'of more than a hundred',
      Array.from({ length: 101 }, (_, index) => ({ item: `item-${index}`, quantity: '1' })),
      ['input', 'amount', 'items'],
    ],
  ])('%s', async (_name, items, path) => {
    const { refund, errors } = await create('any', { items });
    expect(refund).toBeNull();
    expect(errors).toEqual([{ __typename: 'InvalidInput', code: 'INVALID_INPUT', path }]);
  });

  test('that nothing makes up, with the amounts that work', async () => {
    const { errors } = await create(await sell(), { money: { value: '150.00', currency: 'RUB' } });
    expect(errors).toEqual([
      {
        __typename: 'AmountNotAllocatable',
        code: 'AMOUNT_NOT_ALLOCATABLE',
        path: ['input', 'amount', 'money'],
        nearest: { value: '100.00' },
        nearestAmounts: [
          { value: '100.00', currency: 'RUB' },
          { value: '200.00', currency: 'RUB' },
        ],
      },
    ]);
  });

  test('where the provider knows none, with what can be done instead', async () => {
    const { errors } = await create(
      await t.payment('10.00'),
      { items: [{ item: 'mug', quantity: '1' }] },
      t.world,
    );
    expect(errors).toMatchObject([{ __typename: 'CapabilityMissing', capability: 'itemRefunds' }]);
  });
});

test('refundability shows the least that the provider takes', async () => {
  const strict = await t.replica({
    adapter: { amountRules: () => ({ minimumMinor: 100n, stepMinor: 1n, leaveAtLeastMinor: 100n }) },
  });
  const paymentId = await t.payment('10.00');
  const { errors } = await create(paymentId, { money: { value: '9.50', currency: 'RUB' } }, strict);
  expect(errors).toMatchObject([
    { __typename: 'AmountNotAllocatable', nearestAmounts: [{ value: '9.00' }, { value: '10.00' }] },
  ]);
  const { id } = await paymentRow(t, paymentId);
  const { payment } = await ask<{ payment: { refundability: object } }>(
    strict,
    t.caller(),
    'query ($id: ID!) { payment(by: { id: $id }) { refundability { state minimum { value } maximum { value } } } }',
    { id: encodeGlobalId('Payment', id) },
  );
  expect(payment.refundability).toEqual({
    state: 'AVAILABLE',
    minimum: { value: '1.00' },
    maximum: { value: '10.00' },
  });
});
