import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cancelPayment, type CancelPaymentCommand } from '../../src/refunds/cancel-payment.ts';
import { cancelRefund } from '../../src/refunds/cancel-refund.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import {
  clearFaults,
  expectSound,
  newKey,
  paymentRow,
  problemOf,
  refundRow,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { ACCOUNT, armStripe, stripeCommand, stripeMode, stripePayment } from '../support/stripe.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('stripe_cancel');
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await stripeMode(t, { refunds: 'instant' });
});

const connection = () => t.world.connections.findByCode(t.caller().viewer.merchantId, ACCOUNT)!;
const hold = () => stripePayment(t, '200.00', { status: 'authorized' });
const cancel = (paymentId: string, more: Partial<CancelPaymentCommand> = {}) =>
  cancelPayment(t.world, t.caller(), {
    idempotencyKey: newKey(),
    payment: { account: ACCOUNT, paymentId },
    reason: 'OTHER',
    note: null,
    ifCaptured: 'REFUSE',
    feeBearer: null,
    waitMs: 10_000,
    ...more,
  });

describe('cancelPayment', () => {
  test('releases a hold once, also when it is asked twice', async () => {
    const paymentId = await hold();
    const idempotencyKey = newKey();
    expect(valueOf(await cancel(paymentId, { idempotencyKey }))).toMatchObject({
      outcome: 'VOIDED',
      replayed: false,
    });
    expect(valueOf(await cancel(paymentId, { idempotencyKey }))).toMatchObject({
      outcome: 'VOIDED',
      replayed: true,
    });
    expect(await t.ledgerOf(paymentId)).toMatchObject({ status: 'canceled', voided: true, refunds: [] });
    expect(await paymentRow(t, paymentId)).toMatchObject({ state: 'CANCELED', refunded_minor: 0n });
    await expectSound(t, paymentId);
  });

  test.each([
    // Read again at once: it is gone.
    ['lost-after-effect', {}, 'VOIDED'],
    ['error-after-effect', { status: 500 }, 'VOIDED'],
    ['lost-before-effect', {}, 'IN_PROGRESS'],
  ])(
    'without a clear answer (%s %o) is %s at first, and the same key finds out',
    async (kind, more, outcome) => {
      const paymentId = await hold();
      await armStripe(t, kind, { operation: 'cancelPayment', ...more });
      const idempotencyKey = newKey();
      expect(valueOf(await cancel(paymentId, { idempotencyKey }))).toMatchObject({ outcome });
      expect(valueOf(await cancel(paymentId, { idempotencyKey }))).toMatchObject({ outcome: 'VOIDED' });
      expect(await t.ledgerOf(paymentId)).toMatchObject({ status: 'canceled' });
      await expectSound(t, paymentId);
    },
  );

  test('of a hold that was captured meanwhile is answered with what it is now', async () => {
    const paymentId = await hold();
    await seePayment(t.world, connection(), paymentId);
    await fetch(`${t.sandbox.stripeUrl}/payment_intents/${paymentId}/capture`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk_test_SimStripeDemo000000000001' },
    });
    expect(problemOf(await cancel(paymentId))).toMatchObject({ code: 'NOT_CANCELABLE' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ state: 'CAPTURED', captured_minor: 20_000n });
    expect(valueOf(await cancel(paymentId, { ifCaptured: 'REFUND' }))).toMatchObject({
      outcome: 'REFUND_CREATED',
    });
    await expectSound(t, paymentId);
  });
});

test.each(['lost-after-effect', undefined])(
  'a payment that is not paid yet is closed by the same request (fault: %s)',
  async (fault) => {
    const paymentId = await stripePayment(t, '80.00', { status: 'pending' });
    if (fault !== undefined) await armStripe(t, fault, { operation: 'cancelPayment' });
    expect(valueOf(await cancel(paymentId))).toMatchObject({ outcome: 'VOIDED' });
    expect(await t.ledgerOf(paymentId)).toMatchObject({ status: 'canceled' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ state: 'CANCELED', captured_minor: 0n });
    await expectSound(t, paymentId);
  },
);

describe('a refund at Stripe', () => {
  const known = async (refunds: 'requires_action' | 'pending') => {
    await stripeMode(t, { refunds });
    const paymentId = await stripePayment(t, '150.00');
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), stripeCommand(paymentId, 4_000n)));
    const { id, legs } = await refundRow(t, refundId);
    const facts = { amount: { minor: 4_000n, currency: 'USD' }, createdAt: t.clock.now() } as const;
    const refund = { ...facts, providerPaymentId: paymentId, providerRefundId: legs[0]!.provider_refund_id! };
    return { id, paymentId, refund };
  };
  const send = (refund: Awaited<ReturnType<typeof known>>['refund']) =>
    connection().adapter.cancel!.send(connection().access, refund, () => true);

  test('that waits for the customer is canceled, also when it is asked twice; its amount is free again', async () => {
    const { id, paymentId, refund } = await known('requires_action');
    const requests = await watchRequests(t, 'stripe');
    for (let asked = 0; asked < 2; asked += 1)
      expect(await send(refund)).toMatchObject({
        kind: 'accepted',
        refund: { status: 'CANCELED', failure: null },
      });
    expect((await requests('cancelRefund')).map(({ status, effect }) => `${status} ${effect}`)).toEqual([
      '200 true',
      '400 false',
    ]);
    valueOf(await syncRefund(t.world, t.caller(), { refundId: id, waitMs: 10_000 }));
    expect(await refundRow(t, id)).toMatchObject({ status: 'CANCELED' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n, refunded_minor: 0n });
    await expectSound(t, paymentId);
  });

  test('is stopped there by cancelRefund, and in no other state', async () => {
    const { id, paymentId } = await known('requires_action');
    valueOf(await cancelRefund(t.world, t.caller(), { refundId: id }));
    expect(await refundRow(t, id)).toMatchObject({ status: 'CANCELED' });
    expect((await t.ledgerOf(paymentId)).refunds).toMatchObject([{ status: 'canceled' }]);
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n, refunded_minor: 0n });
    await expectSound(t, paymentId);
    const pending = await known('pending');
    const refused = await cancelRefund(t.world, t.caller(), { refundId: pending.id });
    expect(problemOf(refused)).toMatchObject({ code: 'NOT_CANCELABLE' });
  });

  test('in another state is not canceled', async () => {
    const { refund } = await known('pending');
    expect(await send(refund)).toMatchObject({ kind: 'refused', failure: { code: 'PROVIDER_REJECTED' } });
  });

  test('whose cancellation got lost is left open, and asking again tells', async () => {
    const { refund } = await known('requires_action');
    await armStripe(t, 'lost-after-effect', { operation: 'cancelRefund' });
    expect(await send(refund)).toMatchObject({ kind: 'unknown' });
    expect(await send(refund)).toMatchObject({ kind: 'accepted', refund: { status: 'CANCELED' } });
  });
});
