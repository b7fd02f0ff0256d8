import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cancelPayment } from '../../src/refunds/cancel-payment.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { lookAtLegs } from '../../src/refunds/looks/look.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { RefundId } from '../../src/ids.ts';
import {
  ACCOUNT,
  armRazorpay,
  razorpayCommand,
  razorpayMode,
  razorpayPayment,
  settleRazorpay,
} from '../support/razorpay.ts';
import {
  clearFaults,
  expectSound,
  newKey,
  paymentRow,
  problemOf,
  refundRow,
  refundRows,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

const DAY = 86_400;

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('razorpay');
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await razorpayMode(t, { refunds: 'instant', balanceMinor: null, oldPayments: 'refuse' });
});

const sync = (refundId: RefundId) => syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 });
const see = (paymentId: string) =>
  seePayment(t.world, t.world.connections.findByCode(t.caller().viewer.merchantId, ACCOUNT)!, paymentId);
async function create(paymentId: string, minor: bigint | 'remaining') {
  const { refundId } = valueOf(await createRefund(t.world, t.caller(), razorpayCommand(paymentId, minor)));
  return refundRow(t, refundId);
}
const daysAgo = (days: number): string => new Date(t.clock.now().getTime() - days * DAY * 1000).toISOString();

describe('a refund', () => {
  test('of everything and of parts adds up, here and there', async () => {
    const whole = await razorpayPayment(t, '1500.00');
    expect(await create(whole, 'remaining')).toMatchObject({ status: 'SUCCEEDED', returned_minor: 150_000n });
    await expectSound(t, whole);
    const parts = await razorpayPayment(t, '1500.00');
    for (const minor of [40_000n, 1_000n, 'remaining'] as const)
      expect(await create(parts, minor)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await paymentRow(t, parts)).toMatchObject({ refunded_minor: 150_000n, reserved_minor: 0n });
    expect((await t.ledgerOf(parts)).refunds.map(({ amountMinor }) => amountMinor).toSorted()).toEqual([
      '1000',
      '109000',
      '40000',
    ]);
    expect(problemOf(await createRefund(t.world, t.caller(), razorpayCommand(parts, 1n)))).toMatchObject({
      code: 'PAYMENT_NOT_REFUNDABLE',
    });
    await expectSound(t, parts);
  });

  test('that is pending keeps its amount reserved until it is settled', async () => {
    await razorpayMode(t, { refunds: 'pending' });
    const paymentId = await razorpayPayment(t, '1500.00');
    const refund = await create(paymentId, 40_000n);
    expect(refund).toMatchObject({ status: 'PENDING' });
    valueOf(await sync(refund.id));
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 40_000n, refunded_minor: 0n });
    await settleRazorpay(t, 'succeeded');
    valueOf(await sync(refund.id));
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });

  test('that fails days later frees its amount', async () => {
    await razorpayMode(t, { refunds: 'pending' });
    const paymentId = await razorpayPayment(t, '1500.00');
    const refund = await create(paymentId, 40_000n);
    await settleRazorpay(t, 'failed');
    valueOf(await sync(refund.id));
    const after = await refundRow(t, refund.id);
    expect(after).toMatchObject({ status: 'FAILED' });
    expect(after.legs[0]!.failure).toMatchObject({ code: 'PROVIDER_REJECTED', retry: 'ASK_A_HUMAN' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n, refunded_minor: 0n });
    await expectSound(t, paymentId);
  });

  test('keeps what Razorpay tells beside status and amount', async () => {
    const paymentId = await razorpayPayment(t, '1500.00');
    const refund = await create(paymentId, 40_000n);
    const details = async () =>
      (
        await t.database.db
          .selectFrom('provider_refunds')
          .select('details')
          .where('provider_refund_id', '=', refund.legs[0]!.provider_refund_id!)
          .executeTakeFirstOrThrow()
      ).details;
    expect(await details()).toEqual({ speed_processed: 'normal' });

    // A batch is told later, and nothing else has changed by then.
    const { adapter } = t.world.connections.findByCode(t.caller().viewer.merchantId, ACCOUNT)!;
    const providerDetails = { speed_processed: 'normal', batch_id: 'batch_SimUpload0001' };
    const later = await t.replica({
      adapter: {
        async readRefund(access, id) {
          const look = await adapter.readRefund(access, id);
          return look.kind === 'found' ? { kind: 'found', value: { ...look.value, providerDetails } } : look;
        },
      },
    });
    valueOf(await syncRefund(later, t.caller(), { refundId: refund.id, waitMs: 10_000 }));
    expect(await details()).toEqual(providerDetails);
    expect((await refundRow(t, refund.id)).version).toBe(refund.version);
  });

  test('is sent again by the same key as the same refund, with nothing sent', async () => {
    const paymentId = await razorpayPayment(t, '1500.00');
    const command = razorpayCommand(paymentId, 40_000n);
    const first = valueOf(await createRefund(t.world, t.caller(), command));
    const requests = await watchRequests(t, 'razorpay');
    expect(valueOf(await createRefund(t.world, t.caller(), command))).toEqual({
      refundId: first.refundId,
      replayed: true,
    });
    expect(await requests()).toEqual([]);
  });
});

describe('a refusal', () => {
  test('for an empty balance is FAILED with nothing reserved, and may be retried', async () => {
    const paymentId = await razorpayPayment(t, '1500.00');
    await razorpayMode(t, { balanceMinor: '100' });
    const refund = await create(paymentId, 40_000n);
    expect(refund).toMatchObject({ status: 'FAILED' });
    expect(refund.legs[0]!.failure).toMatchObject({ code: 'INSUFFICIENT_FUNDS', retry: 'RETRY_REFUND' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n });
    await expectSound(t, paymentId);
  });

  test('for six months comes from us when they are over, and from Razorpay where it counts otherwise', async () => {
    const old = await razorpayPayment(t, '1500.00', { createdAt: daysAgo(200) });
    expect(problemOf(await createRefund(t.world, t.caller(), razorpayCommand(old, 40_000n)))).toMatchObject({
      type: 'RefundWindowClosed',
      code: 'REFUND_WINDOW_EXPIRED',
    });
    expect(await refundRows(t, old)).toEqual([]);
    const young = await razorpayPayment(t, '1500.00');
    await armRazorpay(t, 'refuse', { code: 'sixMonths' });
    const refund = await create(young, 40_000n);
    expect(refund.legs[0]!.failure).toMatchObject({ code: 'REFUND_WINDOW_EXPIRED', retry: 'NEVER' });
  });

  test.each([
    ['1500.00', 'PAYMENT_NOT_REFUNDABLE'],
    ['1200.00', 'AMOUNT_EXCEEDS_REFUNDABLE'],
  ])('because somebody has meanwhile refunded %s of 1500.00 in the dashboard is %s', async (value, code) => {
    const paymentId = await razorpayPayment(t, '1500.00');
    await see(paymentId);
    await t.control('console-refund', {
      provider: 'razorpay',
      reference: paymentId,
      amount: { value, currency: 'MYR' },
    });
    const refund = await create(paymentId, 40_000n);
    expect(refund).toMatchObject({ status: 'FAILED' });
    expect(refund.legs[0]!.failure).toMatchObject({ code });
    await see(paymentId);
    expect((await refundRows(t, paymentId)).map(({ origin, status }) => `${origin} ${status}`)).toEqual(
      expect.arrayContaining(['API FAILED', 'EXTERNAL SUCCEEDED']),
    );
    await expectSound(t, paymentId);
  });
});

describe('what others do', () => {
  test('a refund in the dashboard is imported once as EXTERNAL, with what it says', async () => {
    const paymentId = await razorpayPayment(t, '1500.00');
    await t.control('console-refund', {
      provider: 'razorpay',
      reference: paymentId,
      amount: { value: '400.00', currency: 'MYR' },
    });
    await see(paymentId);
    await see(paymentId);
    expect(await refundRows(t, paymentId)).toMatchObject([
      { origin: 'EXTERNAL', status: 'SUCCEEDED', amount_minor: 40_000n },
    ]);
    await expectSound(t, paymentId);
  });

  test('the automatic return of a payment that nobody captured is a release: nothing was refunded', async () => {
    const paymentId = await razorpayPayment(t, '2000.00', { status: 'authorized' });
    await see(paymentId);
    expect(await paymentRow(t, paymentId)).toMatchObject({ state: 'AUTHORIZED', captured_minor: 0n });
    await t.advance(6 * DAY);
    await see(paymentId);
    expect(await paymentRow(t, paymentId)).toMatchObject({
      state: 'CANCELED',
      captured_minor: 0n,
      refunded_minor: 0n,
      reserved_minor: 0n,
    });
    expect(await refundRows(t, paymentId)).toEqual([]);
    await expectSound(t, paymentId);
  });

  test('cancelPayment of an authorized payment is CapabilityMissing, and nothing is sent', async () => {
    const paymentId = await razorpayPayment(t, '2000.00', { status: 'authorized' });
    const canceled = await cancelPayment(t.world, t.caller(), {
      idempotencyKey: newKey(),
      payment: { account: ACCOUNT, paymentId },
      reason: 'OTHER',
      note: null,
      ifCaptured: 'REFUSE',
      feeBearer: null,
      waitMs: 10_000,
    });
    expect(problemOf(canceled)).toMatchObject({ type: 'CapabilityMissing', capability: 'voidAuthorized' });
    expect(await t.ledgerOf(paymentId)).toMatchObject({ status: 'authorized', voided: false });
  });
});

describe('a look at many', () => {
  const pending = async (count: number) => {
    await razorpayMode(t, { refunds: 'pending' });
    const refunds = [];
    for (let made = 0; made < count; made += 1)
      refunds.push(await create(await razorpayPayment(t, '15.00'), 1_000n));
    return refunds;
  };
  const look = (refunds: Awaited<ReturnType<typeof pending>>) =>
    lookAtLegs(
      t.world,
      t.caller().viewer.merchantId,
      refunds.map((refund) => refund.legs[0]!.id),
    );

  test('30 pending refunds of 30 payments are found in one list', async () => {
    const refunds = await pending(30);
    await settleRazorpay(t, 'succeeded');
    const requests = await watchRequests(t, 'razorpay');
    expect((await look(refunds)).failures).toEqual([]);
    expect((await requests()).map(({ operation }) => operation)).toEqual(['listRefunds']);
    for (const refund of refunds)
      expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('those that the list shows as failed are asked for their reason, which may be the age of the payment', async () => {
    // Razorpay takes the refund of an old payment, and the bank fails it later: here with a window that is not known.
    const { adapter } = t.world.connections.findByCode(t.caller().viewer.merchantId, ACCOUNT)!;
    const trusting = await t.replica({
      adapter: {
        async readPayment(access, id) {
          const sight = await adapter.readPayment(access, id);
          if (sight.kind !== 'found') return sight;
          const payment = { ...sight.value.payment, refundWindowClosesAt: null };
          return { kind: 'found', value: { ...sight.value, payment } };
        },
      },
    });
    await razorpayMode(t, { oldPayments: 'fail-later' });
    const old = await razorpayPayment(t, '15.00', { createdAt: daysAgo(200) });
    const command = razorpayCommand(old, 1_000n);
    const made = valueOf(await createRefund(trusting, t.caller(), command));
    const [young] = await pending(1);
    const refunds = [await refundRow(t, made.refundId), young!];
    expect(refunds.map(({ status }) => status)).toEqual(['PENDING', 'PENDING']);
    await settleRazorpay(t, 'failed');
    const requests = await watchRequests(t, 'razorpay');
    expect((await look(refunds)).failures).toEqual([]);
    expect(await requests('listRefunds')).toHaveLength(1);
    const failures = await Promise.all(refunds.map(({ id }) => refundRow(t, id)));
    expect(failures.map(({ legs }) => legs[0]!.failure?.code)).toEqual([
      'REFUND_WINDOW_EXPIRED',
      'PROVIDER_REJECTED',
    ]);
  });
});

describe('a trace number that comes days after the money', () => {
  test('is read and kept by syncRefund, and no later look takes it back', async () => {
    const paymentId = await razorpayPayment(t, '1500.00', { method: 'card' });
    const refund = await create(paymentId, 40_000n);
    const traces = async () => (await refundRow(t, refund.id)).legs[0]!.trace_references;
    expect(refund.status).toBe('SUCCEEDED');
    expect(await traces()).toEqual([]);
    valueOf(await sync(refund.id));
    expect(await traces()).toEqual([]);
    const before = await refundRow(t, refund.id);
    await t.advance(DAY);
    valueOf(await sync(refund.id));
    const found = [{ kind: 'ARN', value: expect.stringMatching(/^\d{23}$/) }];
    expect(await traces()).toEqual(found);
    const after = await refundRow(t, refund.id);
    expect(after.version).toBe(before.version + 1);
    expect(after.finalized_at).toEqual(before.finalized_at);

    // As a read shows it that lags behind.
    const { adapter } = t.world.connections.findByCode(t.caller().viewer.merchantId, ACCOUNT)!;
    const forgetful = await t.replica({
      adapter: {
        async readRefund(access, id) {
          const look = await adapter.readRefund(access, id);
          return look.kind === 'found'
            ? { kind: 'found', value: { ...look.value, traceReferences: [] } }
            : look;
        },
      },
    });
    valueOf(await syncRefund(forgetful, t.caller(), { refundId: refund.id, waitMs: 10_000 }));
    expect(await traces()).toEqual(found);
    expect((await refundRow(t, refund.id)).version).toBe(after.version);
    await expectSound(t, paymentId);
  });
});
