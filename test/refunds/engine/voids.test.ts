import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { yookassa } from '../../../src/providers/yookassa/index.ts';
import { cancelPayment } from '../../../src/refunds/cancel-payment.ts';
import { driveDue } from '../../../src/refunds/engine/drive-due.ts';
import type { World } from '../../../src/refunds/world.ts';
import { expectScheduled, pass } from '../../support/engine.ts';
import { armFault, clearFaults, newKey, paymentRow, valueOf, watchRequests } from '../../support/rules.ts';
import { createTestWorld, type TestWorld } from '../../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('engine_voids');
});
afterAll(() => t.close());
beforeEach(() => clearFaults(t));
afterEach(() => expectScheduled(t));

const leaseSeconds = (yookassa.sendDeadlineMs * 2 + 10_000) / 1000;
const voidFault = (kind: string, more: Record<string, unknown> = {}) =>
  armFault(t, kind, { operation: 'cancelPayment', ...more });

const cancel = async (world: World, paymentId: string, waitMs = 10_000) =>
  valueOf(
    await cancelPayment(world, t.caller(), {
      idempotencyKey: newKey(),
      payment: { account: 'yookassa-demo', paymentId },
      reason: 'OTHER',
      note: null,
      feeBearer: null,
      ifCaptured: 'REFUSE',
      waitMs,
    }),
  );

const operationOf = async (paymentId: string) =>
  t.database.db
    .selectFrom('payment_operations')
    .selectAll()
    .where('payment_id', '=', (await paymentRow(t, paymentId)).id)
    .executeTakeFirstOrThrow();

describe('a void ends without any caller', () => {
  test.each(['lost-before-effect', 'lost-after-effect'])('%s', async (kind) => {
    const paymentId = await t.payment('2000.00', { status: 'authorized' });
    await voidFault(kind);
    let isSent = false;
    const blind = await t.replica({
      adapter: {
        sendVoid(access, request, id, mayStillSend) {
          isSent = true;
          return yookassa.sendVoid(access as never, request, id, mayStillSend);
        },
        readPayment: async (access, id) =>
          isSent
            ? {
                kind: 'unavailable',
                failure: {
                  code: 'PROVIDER_UNAVAILABLE',
                  message: 'Nobody answers.',
                  retry: 'WAIT',
                  providerCode: null,
                },
              }
            : yookassa.readPayment(access as never, id),
      },
    });
    await cancel(blind, paymentId);
    expect(await operationOf(paymentId)).toMatchObject({ status: 'UNKNOWN' });
    await pass(t, t.world, 6);
    const ended = await operationOf(paymentId);
    expect(ended).toMatchObject({ status: 'SUCCEEDED', next_look_at: null, look_lease_until: null });
    expect(await t.ledgerOf(paymentId)).toMatchObject({ voided: true });
  });

  test('whose sender died', async () => {
    const paymentId = await t.payment('2000.00', { status: 'authorized' });
    const stuck = Promise.withResolvers<never>();
    const dying = await t.replica({ adapter: { sendVoid: () => stuck.promise } });
    await cancel(dying, paymentId, 0);
    const requests = await watchRequests(t);
    await pass(t, t.world, leaseSeconds - 5);
    expect(await requests(), 'its sender may live').toEqual([]);
    await pass(t, t.world, 6);
    expect(await operationOf(paymentId)).toMatchObject({ status: 'SUCCEEDED', sends: 2 });
    stuck.reject(new Error('the end of this process'));
    await dying.background.drain(5_000);
  });

  test('however often it goes wrong, at growing gaps, by two processes as by one', async () => {
    const paymentId = await t.payment('2000.00', { status: 'authorized' });
    await voidFault('lost-before-effect', { times: 1_000 });
    await cancel(t.world, paymentId);
    const other = await t.replica();
    const requests = await watchRequests(t);
    for (let round = 0; round < 240; round += 1) {
      await t.advance(15);
      await Promise.all([driveDue(t.world), driveDue(other)]);
    }
    const posts = (await requests('cancelPayment')).length;
    expect(posts).toBeGreaterThan(3);
    expect(posts, 'of an hour').toBeLessThan(20);
    await clearFaults(t);
    await pass(t, t.world, 3_601);
    expect(await operationOf(paymentId)).toMatchObject({ status: 'SUCCEEDED' });
  });
});
