import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRefund, type CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import type { Problem, Result } from '../../src/errors.ts';
import type { RefundId } from '../../src/ids.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('create_refund');
});
afterAll(() => t.close());
beforeEach(() => t.control('faults', undefined, 'DELETE'));

let keys = 0;
const command = (
  paymentId: string,
  minor: bigint | 'remaining',
  more: Partial<CreateRefundCommand> = {},
) => ({
  idempotencyKey: `create-refund-${(keys += 1)}`,
  payment: { account: 'yookassa-demo', paymentId },
  amount:
    minor === 'remaining'
      ? ({ kind: 'remaining' } as const)
      : ({ kind: 'money', money: { minor, currency: 'RUB' } } as const),
  reason: 'REQUESTED_BY_CUSTOMER' as const,
  note: null,
  reference: null,
  metadata: {},
  receipt: null,
  feeBearer: null,
  speed: null,
  expectedRefundable: null,
  replaces: null,
  waitMs: 10_000,
  ...more,
});

const fault = (kind: string, more = {}) =>
  t.control('faults', { provider: 'yookassa', operation: 'createRefund', kind, ...more });

async function refundOf(result: Result<{ refundId: RefundId }>) {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const refund = await t.database.db
    .selectFrom('refunds')
    .selectAll()
    .where('id', '=', result.value.refundId)
    .executeTakeFirstOrThrow();
  const legs = await t.database.db
    .selectFrom('refund_legs')
    .selectAll()
    .where('refund_id', '=', refund.id)
    .execute();
  return { ...refund, legs };
}

const paymentRow = (providerPaymentId: string) =>
  t.database.db
    .selectFrom('payments')
    .selectAll()
    .where('provider_payment_id', '=', providerPaymentId)
    .executeTakeFirstOrThrow();

const problemOf = (result: Result<unknown>): Problem => {
  if (result.ok) throw new Error('it took effect');
  return result.problems[0]!;
};

describe('accepted', () => {
  test('the whole remaining amount is returned once, in the ledger and at the provider', async () => {
    const paymentId = await t.payment('1500.00');
    const refund = await refundOf(await createRefund(t.world, t.caller(), command(paymentId, 'remaining')));
    expect(refund).toMatchObject({ status: 'SUCCEEDED', amount_minor: 150_000n, returned_minor: 150_000n });
    expect(await paymentRow(paymentId)).toMatchObject({ refunded_minor: 150_000n, reserved_minor: 0n });
    const ledger = await t.ledgerOf(paymentId);
    expect(ledger.refunds).toMatchObject([{ status: 'succeeded', amountMinor: '150000' }]);
    expect(ledger.refunds[0]!.ourReference).toBe(ledger.refunds[0]!.providerKey);
  });

  test('pending keeps the amount reserved until the provider says more', async () => {
    const paymentId = await t.payment('1500.00');
    await t.control('mode', { provider: 'yookassa', refunds: 'pending' });
    const refund = await refundOf(await createRefund(t.world, t.caller(), command(paymentId, 40_000n)));
    await t.control('mode', { provider: 'yookassa', refunds: 'instant' });
    expect(refund).toMatchObject({ status: 'PENDING', returned_minor: 0n });
    expect(await paymentRow(paymentId)).toMatchObject({ refunded_minor: 0n, reserved_minor: 40_000n });
  });
});

describe('unknown', () => {
  test('a lost answer keeps the amount reserved and is never a failure', async () => {
    const paymentId = await t.payment('1500.00');
    await fault('lost-after-effect');
    const refund = await refundOf(await createRefund(t.world, t.caller(), command(paymentId, 40_000n)));
    expect(refund.status).toBe('UNKNOWN');
    expect(await paymentRow(paymentId)).toMatchObject({ reserved_minor: 40_000n });
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(1);
  });
});

describe('refused', () => {
  test('canceled in a 200 is a failure that frees the amount', async () => {
    const paymentId = await t.payment('1500.00');
    await fault('refuse', { code: 'insufficient_funds' });
    const refund = await refundOf(await createRefund(t.world, t.caller(), command(paymentId, 40_000n)));
    expect(refund.status).toBe('FAILED');
    expect(refund.legs[0]!.failure).toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
    expect(await paymentRow(paymentId)).toMatchObject({ refunded_minor: 0n, reserved_minor: 0n });
  });

  test('more than is left names the maximum and reserves nothing', async () => {
    const paymentId = await t.payment('1500.00');
    const result = await createRefund(t.world, t.caller(), command(paymentId, 150_001n));
    expect(problemOf(result)).toMatchObject({
      type: 'AmountExceedsRefundable',
      refundable: { minor: 150_000n, currency: 'RUB' },
    });
    expect(await paymentRow(paymentId)).toMatchObject({ reserved_minor: 0n });
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(0);
  });
});

describe('replayed', () => {
  test('one key is one refund, whatever happened to the payment since', async () => {
    const paymentId = await t.payment('1500.00');
    const input = command(paymentId, 'remaining');
    const first = await createRefund(t.world, t.caller(), input);
    const second = await createRefund(t.world, t.caller(), { ...input, waitMs: 0 });
    expect(second).toEqual({ ok: true, value: { refundId: (await refundOf(first)).id, replayed: true } });
  });

  test('the same key with other content is refused', async () => {
    const paymentId = await t.payment('1500.00');
    const input = command(paymentId, 10_000n);
    await createRefund(t.world, t.caller(), input);
    const other = await createRefund(t.world, t.caller(), { ...input, note: 'other' });
    expect(problemOf(other)).toMatchObject({ type: 'IdempotencyKeyReused' });
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(1);
  });

  test('one key 50 times at once: one refund, one provider call', async () => {
    const paymentId = await t.payment('1500.00');
    const input = command(paymentId, 10_000n);
    const results = await Promise.all(
      Array.from({ length: 50 }, () => createRefund(t.world, t.caller(), input)),
    );
    const ids = new Set(
      results.map((result) => (result.ok ? result.value.refundId : result.problems[0]!.code)),
    );
    expect(ids.size).toBe(1);
    expect(results.filter((result) => result.ok && !result.value.replayed)).toHaveLength(1);
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(1);
  });
});

describe('at once', () => {
  test('50 refunds with different keys add up to the captured sum exactly', async () => {
    const paymentId = await t.payment('1000.00');
    const results = await Promise.all(
      Array.from({ length: 50 }, () => createRefund(t.world, t.caller(), command(paymentId, 3_000n))),
    );
    const accepted = results.filter((result) => result.ok);
    expect(accepted).toHaveLength(33);
    for (const result of accepted) expect((await refundOf(result)).status).toBe('SUCCEEDED');
    expect(await paymentRow(paymentId)).toMatchObject({ refunded_minor: 99_000n, reserved_minor: 0n });
    const ledger = await t.ledgerOf(paymentId);
    expect(ledger.refunds).toHaveLength(33);
  });
});
