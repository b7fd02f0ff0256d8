import { afterAll, beforeAll, expect, test } from 'vitest';
import { yookassa } from '../../src/providers/yookassa/index.ts';
import { cancelPayment, type CancelPaymentCommand } from '../../src/refunds/cancel-payment.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import type { World } from '../../src/refunds/world.ts';
import {
  expectSound,
  newKey,
  paymentRow,
  problemOf,
  refundCommand,
  refundRows,
  valueOf,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('captured_while_stopped');
});
afterAll(() => t.close());

const command = (paymentId: string, ifCaptured: 'REFUSE' | 'REFUND'): CancelPaymentCommand => ({
  idempotencyKey: newKey(),
  payment: { account: 'yookassa-demo', paymentId },
  reason: 'OTHER',
  note: null,
  ifCaptured,
  feeBearer: null,
  waitMs: 10_000,
});

/** The shop captures between our look at the hold and our wish to release it. */
const racedWorld = (): Promise<World> =>
  t.replica({
    adapter: {
      async sendVoid(access, request, paymentId, mayStillSend) {
        const credentials = Buffer.from('100500:test_demo_yookassa_secret_key').toString('base64');
        const captured = await fetch(`${t.sandbox.yookassaUrl}/payments/${paymentId}/capture`, {
          method: 'POST',
          headers: {
            authorization: `Basic ${credentials}`,
            'content-type': 'application/json',
            'idempotence-key': newKey(),
          },
          body: '{}',
        });
        expect(captured.status).toBe(200);
        return yookassa.sendVoid(access as never, request, paymentId, mayStillSend);
      },
    },
  });

test('is refunded under the same key where that was asked for, once', async () => {
  const paymentId = await t.payment('2000.00', { status: 'authorized' });
  const world = await racedWorld();
  const input = command(paymentId, 'REFUND');
  const done = valueOf(await cancelPayment(world, t.caller(), input));
  expect(done).toMatchObject({ outcome: 'REFUND_CREATED', replayed: false });
  expect(await refundRows(t, paymentId)).toMatchObject([{ id: done.refundId, status: 'SUCCEEDED' }]);
  expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 200_000n });
  const again = await Promise.all([1, 2].map(() => cancelPayment(t.world, t.caller(), input)));
  for (const each of again) expect(valueOf(each)).toEqual({ ...done, replayed: true });
  expect(await refundRows(t, paymentId)).toHaveLength(1);
  await expectSound(t, paymentId);
});

test('is refunded by the next request of the key where the first one never came so far', async () => {
  const paymentId = await t.payment('2000.00', { status: 'authorized' });
  const world = await racedWorld();
  const input = command(paymentId, 'REFUND');
  const stopped = new Error('the process ends here');
  const dying: World = {
    ...world,
    // The refund that follows is the first that asks for fresh facts outside of the void.
    connections: {
      ...world.connections,
      find: (accountId) => {
        const found = world.connections.find(accountId);
        return found && { ...found, adapter: { ...found.adapter, checkRefund: () => throwing(stopped) } };
      },
    },
  };
  await expect(cancelPayment(dying, t.caller(), input)).rejects.toThrow();
  expect(await refundRows(t, paymentId)).toEqual([]);
  expect(valueOf(await cancelPayment(t.world, t.caller(), input))).toMatchObject({
    outcome: 'REFUND_CREATED',
  });
  expect(await refundRows(t, paymentId)).toHaveLength(1);
  await expectSound(t, paymentId);
});

test('is told, and nothing is refunded, where that was not asked for', async () => {
  const paymentId = await t.payment('2000.00', { status: 'authorized' });
  const world = await racedWorld();
  const input = command(paymentId, 'REFUSE');
  for (const again of [world, t.world])
    expect(problemOf(await cancelPayment(again, t.caller(), input))).toMatchObject({
      type: 'NotCancelable',
      message: expect.stringContaining('efund it instead'),
    });
  expect(await refundRows(t, paymentId)).toEqual([]);
  const refund = { ...refundCommand(paymentId, 1_000n), idempotencyKey: input.idempotencyKey };
  expect(problemOf(await createRefund(t.world, t.caller(), refund))).toMatchObject({
    type: 'IdempotencyKeyReused',
  });
});

function throwing(error: Error): never {
  throw error;
}
