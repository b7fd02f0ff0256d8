import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, codeOf, execute } from '../support/execute.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
let paymentId: string;
beforeAll(async () => {
  t = await createTestWorld('create_refund_input');
  paymentId = await t.payment('100.00');
});
afterAll(() => t.close());

const CREATE = `mutation ($input: CreateRefundInput!) { createRefund(input: $input) {
  refund { id } replayed errors { __typename code path retry message ... on FieldTooLong { limit } } } }`;

interface Answer {
  readonly createRefund: {
    readonly refund: unknown;
    readonly errors: readonly {
      readonly __typename: string;
      readonly path: string[];
      readonly message: string;
    }[];
  };
}

const money = (value: string, currency = 'RUB') => ({ money: { value, currency } });
const source = (more: object = {}) => ({ seller: '200601', amount: money('10.00').money, ...more });
const sources = (...list: object[]) => ({ amount: { sources: list } });
const input = (more: object) => ({
  idempotencyKey: 'bad-input-key',
  payment: { provider: { account: 'yookassa-demo', paymentId } },
  amount: money('10.00'),
  reason: 'OTHER',
  ...more,
});

const create = (more: object) => ask<Answer>(t.world, t.caller(), CREATE, { input: input(more) });

const item = (more: object = {}) => ({
  description: 'Tea',
  quantity: '1',
  unitPrice: { value: '10.00', currency: 'RUB' },
  vatCode: 1,
  ...more,
});
const receipt = (more: object = {}) => ({
  receipt: { customer: { email: 'buyer@example.com' }, items: [item()], ...more },
});
const entries = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']));

/** What is wrong, the path that must be named, and the type of the error. */
const wrong: [object, string, string][] = [
  [{ amount: money('') }, 'amount.money.value', 'InvalidInput'],
  [{ amount: money('ten') }, 'amount.money.value', 'InvalidInput'],
  [{ amount: money('1e3') }, 'amount.money.value', 'InvalidInput'],
  [{ amount: money('1,00') }, 'amount.money.value', 'InvalidInput'],
  [{ amount: money('0') }, 'amount.money.value', 'InvalidInput'],
  [{ amount: money('0.00') }, 'amount.money.value', 'InvalidInput'],
  [{ amount: money('-10.00') }, 'amount.money.value', 'InvalidInput'],
  [{ amount: money('10.001') }, 'amount.money.value', 'InvalidInput'],
  [{ amount: money('10.0', 'JPY') }, 'amount.money.value', 'InvalidInput'],
  [{ amount: money('92233720368547758.08') }, 'amount.money.value', 'InvalidInput'],
  [{ amount: money('9'.repeat(10_000)) }, 'amount.money.value', 'InvalidInput'],
  [{ amount: { remaining: false } }, 'amount.remaining', 'InvalidInput'],
  [sources(), 'amount.sources', 'InvalidInput'],
  [
    sources(...Array.from({ length: 51 }, (_, index) => source({ seller: `seller-${index}` }))),
    'amount.sources',
    'InvalidInput',
  ],
  [sources(source({ seller: '' })), 'amount.sources.0.seller', 'InvalidInput'],
  [sources(source({ seller: 'x'.repeat(129) })), 'amount.sources.0.seller', 'FieldTooLong'],
  [sources(source({ seller: 'a\u0000b' })), 'amount.sources.0.seller', 'InvalidInput'],
  [sources(source({ amount: money('0').money })), 'amount.sources.0.amount.value', 'InvalidInput'],
  [sources(source({ amount: money('1.001').money })), 'amount.sources.0.amount.value', 'InvalidInput'],
  [
    sources(source({ platformFee: money('-0.01').money })),
    'amount.sources.0.platformFee.value',
    'InvalidInput',
  ],
  [sources(source(), source({ amount: money('1.00').money })), 'amount.sources.1.seller', 'InvalidInput'],
  [{ expectedRefundable: money('-1.00').money }, 'expectedRefundable.value', 'InvalidInput'],
  [{ expectedRefundable: money('1.000').money }, 'expectedRefundable.value', 'InvalidInput'],
  [{ reference: '' }, 'reference', 'InvalidInput'],
  [{ reference: 'x'.repeat(129) }, 'reference', 'FieldTooLong'],
  [{ reference: 'a\u0000b' }, 'reference', 'InvalidInput'],
  [{ note: 'x'.repeat(1001) }, 'note', 'FieldTooLong'],
  [{ note: 'half a pair: \ud800' }, 'note', 'InvalidInput'],
  [{ metadata: entries(15) }, 'metadata', 'FieldTooLong'],
  [{ metadata: { ['k'.repeat(33)]: 'v' } }, `metadata.${'k'.repeat(32)}`, 'FieldTooLong'],
  [{ metadata: { k: 'v'.repeat(257) } }, 'metadata.k', 'FieldTooLong'],
  [{ metadata: { '': 'v' } }, 'metadata', 'InvalidInput'],
  [{ metadata: { refund_ref: 'v' } }, 'metadata.refund_ref', 'InvalidInput'],
  [{ waitMs: -1 }, 'waitMs', 'InvalidInput'],
  [{ waitMs: 30_001 }, 'waitMs', 'InvalidInput'],
  [receipt({ customer: {} }), 'receipt.customer', 'InvalidInput'],
  [receipt({ customer: { email: 'nobody' } }), 'receipt.customer.email', 'InvalidInput'],
  [receipt({ customer: { phone: 'call me' } }), 'receipt.customer.phone', 'InvalidInput'],
  [receipt({ customer: { phone: '79000000000', inn: '123' } }), 'receipt.customer.inn', 'InvalidInput'],
  [receipt({ items: [] }), 'receipt.items', 'InvalidInput'],
  [receipt({ items: Array.from({ length: 81 }, () => item()) }), 'receipt.items', 'InvalidInput'],
  [receipt({ items: [item({ quantity: '2' })] }), 'receipt.items', 'InvalidInput'],
  [receipt({ items: [item({ quantity: '0.999' })] }), 'receipt.items', 'InvalidInput'],
  [receipt({ items: [item({ quantity: '0' })] }), 'receipt.items.0.quantity', 'InvalidInput'],
  [receipt({ items: [item({ quantity: '0.0001' })] }), 'receipt.items.0.quantity', 'InvalidInput'],
  [receipt({ items: [item({ quantity: '-1' })] }), 'receipt.items.0.quantity', 'InvalidInput'],
  [receipt({ items: [item({ vatCode: 13 })] }), 'receipt.items.0.vatCode', 'InvalidInput'],
  [receipt({ items: [item({ vatCode: null })] }), 'receipt.items.0.vatCode', 'InvalidInput'],
  [receipt({ items: [item({ tax: 'vat20' })] }), 'receipt.items.0.vatCode', 'InvalidInput'],
  [receipt({ items: [item({ description: '' })] }), 'receipt.items.0.description', 'InvalidInput'],
  [
    receipt({ items: [item({ description: 'x'.repeat(129) })] }),
    'receipt.items.0.description',
    'FieldTooLong',
  ],
  [
    receipt({ items: [item({ unitPrice: { value: '10.001', currency: 'RUB' } })] }),
    'receipt.items.0.unitPrice.value',
    'InvalidInput',
  ],
  [
    receipt({ items: [item({ unitPrice: { value: '10.00', currency: 'USD' } })] }),
    'receipt.items.0.unitPrice.currency',
    'InvalidInput',
  ],
  [receipt({ taxSystemCode: 0 }), 'receipt.taxSystemCode', 'InvalidInput'],
];

describe('createRefund with a wrong field', () => {
  test.each(wrong)('%j names %s', async (more, path, type) => {
    const { createRefund } = await create(more);
    expect(createRefund.refund).toBeNull();
    expect(createRefund.errors).toHaveLength(1);
    expect(createRefund.errors[0]).toMatchObject({
      __typename: type,
      path: ['input', ...path.split('.')],
      retry: 'NEW_REQUEST',
    });
    expect(createRefund.errors[0]!.message.length).toBeLessThan(200);
  });

  test('names all of them at once', async () => {
    const { createRefund } = await create({
      amount: money('0'),
      note: 'x'.repeat(1001),
      reference: '',
      metadata: { refund_ref: 'v', long: 'v'.repeat(257) },
      waitMs: -1,
      ...receipt({ customer: {}, items: [item({ quantity: '0', vatCode: 0 })] }),
    });
    expect(createRefund.errors.map((error) => error.path.slice(1).join('.')).toSorted()).toEqual([
      'amount.money.value',
      'metadata.long',
      'metadata.refund_ref',
      'note',
      'receipt.customer',
      'receipt.items.0.quantity',
      'receipt.items.0.vatCode',
      'reference',
      'waitMs',
    ]);
  });

  test('leaves nothing behind: no request was sent, nothing is reserved, the key is unused', async () => {
    const seen = await t.control<{ requests: unknown[] } | unknown[]>('requests?provider=yookassa');
    expect(Array.isArray(seen) ? seen : seen.requests).toEqual([]);
    for (const table of ['refunds', 'refund_legs', 'idempotency', 'events', 'payments'] as const)
      expect(await t.database.db.selectFrom(table).selectAll().execute()).toEqual([]);
  });

  test.each([
    ['a JSON number as an amount', { amount: { money: { value: 10.0, currency: 'RUB' } } }],
    ['a lower-case currency', { amount: money('10.00', 'rub') }],
    ['a short key', { idempotencyKey: 'short' }],
    ['a key with a space', { idempotencyKey: 'a key with spaces' }],
    ['metadata with a number', { metadata: { order: 1042 } }],
  ])('refuses %s as a malformed request', async (_name, more) => {
    const { data, errors } = await execute(t.world, t.caller(), CREATE, { input: input(more) });
    expect(data).toBeNull();
    expect(errors.map(codeOf)).toEqual(['BAD_USER_INPUT']);
  });
});

describe('createRefund at the limits', () => {
  test('takes the longest of everything, and gives it back unchanged', async () => {
    const metadata = { ...entries(13), ['k'.repeat(32)]: 'v'.repeat(256) };
    const more = {
      idempotencyKey: 'k'.repeat(128),
      note: '\u{1F375}'.repeat(1000),
      reference: 'r'.repeat(128),
      metadata,
      waitMs: 10_000,
      ...receipt({
        items: [
          item({ quantity: '0.333', unitPrice: { value: '10.00', currency: 'RUB' } }),
          item({
            quantity: '1.334',
            unitPrice: { value: '5.00', currency: 'RUB' },
            description: 'x'.repeat(128),
          }),
        ],
      }),
    };
    const { createRefund } = await ask<{ createRefund: { refund: { id: string }; errors: unknown[] } }>(
      t.world,
      t.caller(),
      `mutation ($input: CreateRefundInput!) { createRefund(input: $input) {
        refund { id note reference metadata reason amount { value minorUnits exponent } status } errors { message path } } }`,
      { input: { ...input(more), amount: money('10.00') } },
    );
    expect(createRefund.errors).toEqual([]);
    expect(createRefund.refund).toMatchObject({
      note: more.note,
      reference: more.reference,
      metadata,
      reason: 'OTHER',
      amount: { value: '10.00', minorUnits: '1000', exponent: 2 },
    });
  });
});
