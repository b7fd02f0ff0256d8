import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createRefundMutation,
  createTestService,
  refundInput,
  type TestService,
} from '../support/service.ts';

interface Created {
  readonly createRefund: {
    readonly replayed: boolean;
    readonly refund: {
      readonly id: string;
      readonly status: string;
      readonly amount: { readonly minorUnits: string };
      readonly payment: Record<'refunded' | 'reserved' | 'refundable', { readonly value: string }>;
    } | null;
    readonly errors: readonly Record<string, unknown>[];
  };
}

let service: TestService;
beforeAll(async () => {
  service = await createTestService('over_http');
});
afterAll(() => service.close());

const create = (input: Record<string, unknown>, merchant?: 'demo' | 'other') =>
  service.graphql<Created>(createRefundMutation, { input }, merchant);

const postsOf = async (since: number) => {
  const { requests } = await service.control<{ requests: { method: string; path: string }[] }>(
    `requests?provider=yookassa&since=${since}`,
  );
  return requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/refunds')).length;
};

const nextSeq = async () =>
  (await service.control<{ next: number }>('requests?provider=yookassa&since=0')).next;

describe('50 at once on one payment', () => {
  test('with different keys: accepted amounts add up to the captured sum exactly, here and there', async () => {
    const paymentId = await service.payment('1000.00');
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => create(refundInput(paymentId, '25.00', { waitMs: 20_000 }))),
    );
    const accepted = answers.flatMap(({ data }) => data.createRefund.refund ?? []);
    const refused = answers.flatMap(({ data }) => data.createRefund.errors);
    expect(accepted).toHaveLength(40);
    expect(new Set(accepted.map(({ status }) => status))).toEqual(new Set(['SUCCEEDED']));
    expect(refused).toHaveLength(10);
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['AMOUNT_EXCEEDS_REFUNDABLE']));
    expect(accepted.reduce((sum, { amount }) => sum + BigInt(amount.minorUnits), 0n)).toBe(100_000n);
    const { refunds } = await service.ledgerOf(paymentId);
    expect(refunds.reduce((sum, { amountMinor }) => sum + BigInt(amountMinor), 0n)).toBe(100_000n);
    const { data } = await service.graphql<{ payment: Record<string, unknown> }>(
      `query ($paymentId: String!) { payment(by: { provider: { account: "yookassa-demo", paymentId: $paymentId } }) {
        status refunded { value } reserved { value } refundable { value } } }`,
      { paymentId },
    );
    expect(data.payment).toEqual({
      status: 'REFUNDED',
      refunded: { value: '1000.00' },
      reserved: { value: '0.00' },
      refundable: { value: '0.00' },
    });
  });

  test('with one key: one refund, one provider call', async () => {
    const paymentId = await service.payment('1000.00');
    const input = refundInput(paymentId, '25.00');
    const since = await nextSeq();
    const answers = await Promise.all(Array.from({ length: 50 }, () => create(input)));
    expect(new Set(answers.map(({ data }) => data.createRefund.refund?.id)).size).toBe(1);
    expect(answers.filter(({ data }) => !data.createRefund.replayed)).toHaveLength(1);
    expect(await postsOf(since)).toBe(1);
    expect((await service.ledgerOf(paymentId)).refunds).toHaveLength(1);
  });
});

describe('bad input is a typed error that names the field; nothing is sent, nothing is reserved', () => {
  const money = (value: unknown, currency: unknown = 'RUB') => ({ amount: { money: { value, currency } } });
  const asData: [string, Record<string, unknown>, string, string][] = [
    ['zero', money('0.00'), 'INVALID_INPUT', 'input.amount.money.value'],
    ['negative', money('-1.00'), 'INVALID_INPUT', 'input.amount.money.value'],
    ['too many decimals', money('1.001'), 'INVALID_INPUT', 'input.amount.money.value'],
    ['beyond 2^63', money('92233720368547758.08'), 'INVALID_INPUT', 'input.amount.money.value'],
    ['another currency', money('1.00', 'USD'), 'CURRENCY_MISMATCH', 'input.amount.money.currency'],
    ['above refundable', money('1000.01'), 'AMOUNT_EXCEEDS_REFUNDABLE', 'input.amount'],
    ['remaining: false', { amount: { remaining: false } }, 'INVALID_INPUT', 'input.amount.remaining'],
    ['note too long', { note: 'x'.repeat(1001) }, 'FIELD_TOO_LONG', 'input.note'],
    [
      'too many metadata entries',
      { metadata: Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`k${i}`, 'v'])) },
      'FIELD_TOO_LONG',
      'input.metadata',
    ],
    ['metadata value too long', { metadata: { k: 'v'.repeat(257) } }, 'FIELD_TOO_LONG', 'input.metadata.k'],
    ['waitMs out of range', { waitMs: 30_001 }, 'INVALID_INPUT', 'input.waitMs'],
  ];
  test.each(asData)('%s', async (_name, more, code, path) => {
    const paymentId = await service.payment('1000.00');
    const since = await nextSeq();
    const { data } = await create(refundInput(paymentId, '1.00', more));
    expect(data.createRefund.refund).toBeNull();
    expect(data.createRefund.errors).toHaveLength(1);
    expect(data.createRefund.errors[0]).toMatchObject({ code, path: path.split('.') });
    expect(await postsOf(since)).toBe(0);
    const row = await service.database.db
      .selectFrom('payments')
      .select('reserved_minor')
      .where('provider_payment_id', '=', paymentId)
      .executeTakeFirst();
    expect(row?.reserved_minor ?? 0n).toBe(0n);
  });

  const malformed: [string, Record<string, unknown>, string][] = [
    ['a JSON number', money(1.5), 'input.amount.money.value'],
    ['lower-case currency', money('1.00', 'rub'), 'input.amount.money.currency'],
    ['key too short', { idempotencyKey: 'short' }, 'input.idempotencyKey'],
    [
      'two amounts',
      { amount: { remaining: true, money: { value: '1.00', currency: 'RUB' } } },
      'input.amount',
    ],
    ['unknown reason', { reason: 'BORED' }, 'input.reason'],
  ];
  test.each(malformed)('malformed: %s', async (_name, more, path) => {
    const { errors } = await create(refundInput('2e000000-000f-5000-8000-000000000001', '1.00', more));
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path: path.split('.') });
  });

  test.each([
    ['unknown', '2e000000-000f-5000-8000-00000000ffff', 'PAYMENT_NOT_FOUND'],
    ["another merchant's", '2e000000-000f-5000-8000-000000000011', 'PAYMENT_NOT_FOUND'],
    ['held', '2e000000-000f-5000-8000-000000000003', 'PAYMENT_NOT_REFUNDABLE'],
    ['pending', '2e000000-000f-5000-8000-000000000004', 'PAYMENT_NOT_REFUNDABLE'],
    ['canceled', '2e000000-000f-5000-8000-000000000005', 'PAYMENT_NOT_REFUNDABLE'],
    ['fully refunded', '2e000000-000f-5000-8000-000000000006', 'PAYMENT_NOT_REFUNDABLE'],
    ['cash', '2e000000-000f-5000-8000-000000000007', 'PAYMENT_NOT_REFUNDABLE'],
    ['too old', '2e000000-000f-5000-8000-000000000008', 'REFUND_WINDOW_EXPIRED'],
  ])('payment: %s', async (_name, paymentId, code) => {
    const since = await nextSeq();
    const { data } = await create(refundInput(paymentId, '1.00'));
    expect(data.createRefund.refund).toBeNull();
    expect(data.createRefund.errors[0]).toMatchObject({ code });
    expect(await postsOf(since)).toBe(0);
  });

  test("another merchant's account and payment answer exactly like absent ones", async () => {
    const paymentId = await service.payment('1000.00');
    await create(refundInput(paymentId, '1.00'));
    const foreign = await create(refundInput(paymentId, '1.00'), 'other');
    const absent = await create(
      refundInput(paymentId, '1.00', { payment: { provider: { account: 'no-such-account', paymentId } } }),
      'other',
    );
    expect(foreign.data.createRefund.errors).toEqual(absent.data.createRefund.errors);
  });
});

test('two money-moving fields, by alias or fragment: nothing runs', async () => {
  const paymentId = await service.payment('1000.00');
  const since = await nextSeq();
  const query = `mutation ($a: CreateRefundInput!, $b: CreateRefundInput!) {
    createRefund(input: $a) { replayed } ...More }
    fragment More on Mutation { again: createRefund(input: $b) { replayed } }`;
  const { errors } = await service.graphql(query, {
    a: refundInput(paymentId, '1.00'),
    b: refundInput(paymentId, '1.00'),
  });
  expect(errors?.[0]?.extensions['code']).toBe('TOO_MANY_MONEY_MUTATIONS');
  expect(await postsOf(since)).toBe(0);
});
