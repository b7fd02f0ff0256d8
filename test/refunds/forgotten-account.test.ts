import { afterAll, beforeAll, expect, test } from 'vitest';
import { cancelPayment } from '../../src/refunds/cancel-payment.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { findPayment } from '../../src/refunds/find-payment.ts';
import type { World } from '../../src/refunds/world.ts';
import { newKey, problemOf, refundCommand, valueOf, watchRequests } from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
/** After a restart with an accounts file that does not name the account any more. */
let without: World;
beforeAll(async () => {
  t = await createTestWorld('forgotten_account');
  const replica = await t.replica();
  const connections = { ...replica.connections, find: () => undefined, findByCode: () => undefined };
  without = { ...replica, connections, lines: new Map() };
});
afterAll(() => t.close());

test('a key that was used on an account which is not configured any more is replayed, and nothing is sent', async () => {
  const input = refundCommand(await t.payment('100.00'), 4_000n);
  const { refundId } = valueOf(await createRefund(t.world, t.caller(), input));
  const requests = await watchRequests(t);
  expect(valueOf(await createRefund(without, t.caller(), input))).toMatchObject({ refundId, replayed: true });
  const other = { ...input, note: 'other' };
  expect(problemOf(await createRefund(without, t.caller(), other))).toMatchObject({
    type: 'IdempotencyKeyReused',
    existingRefundId: refundId,
  });
  expect(await requests()).toEqual([]);
});

test('so is the key of a payment that was stopped', async () => {
  const paymentId = await t.payment('100.00', { status: 'authorized' });
  const command = {
    idempotencyKey: newKey(),
    payment: { account: 'yookassa-demo', paymentId },
    reason: 'OTHER' as const,
    note: null,
    feeBearer: null,
    ifCaptured: 'REFUSE' as const,
    waitMs: 10_000,
  };
  const canceled = valueOf(await cancelPayment(t.world, t.caller(), command));
  expect(canceled.outcome).toBe('VOIDED');
  expect(valueOf(await cancelPayment(without, t.caller(), command))).toEqual({ ...canceled, replayed: true });
});

test('a new refund there is refused for the operator to see, and what is stored is still found', async () => {
  const paymentId = await t.payment('100.00');
  valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 1_000n)));
  expect(problemOf(await createRefund(without, t.caller(), refundCommand(paymentId, 1_000n)))).toMatchObject({
    type: 'ProviderProblem',
    code: 'PROVIDER_UNAVAILABLE',
    retry: 'ASK_A_HUMAN',
  });
  const { merchantId } = t.caller().viewer;
  const find = (account: string, world = without) =>
    findPayment(world, merchantId, { account, paymentId }, { waitMs: 0, mayFetch: () => true });
  expect(await find('yookassa-demo')).toMatchObject({ kind: 'found' });
  // Another merchant's is answered like one that never was.
  expect(await find('yookassa-other')).toEqual({ kind: 'absent' });
  expect(await find('nobody-demo')).toEqual({ kind: 'absent' });
});
