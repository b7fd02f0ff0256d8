import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { robokassaV1 } from '../../src/providers/robokassa/index.ts';
import { cancelPayment } from '../../src/refunds/cancel-payment.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { RefundId } from '../../src/ids.ts';
import type { FiscalReceipt } from '../../src/vocabulary.ts';
import { ask } from '../support/execute.ts';
import type { World } from '../../src/refunds/world.ts';
import { pass, recordLog, statusOf } from '../support/engine.ts';
import {
  ACCOUNT,
  armRobokassa,
  refundAtRobokassa,
  robokassaCommand,
  robokassaMode,
  robokassaPayment,
  settleRobokassa,
} from '../support/robokassa.ts';
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
import { createTestWorld, type TestWorld } from '../support/world.ts';

const recorded = recordLog();
let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('robokassa', recorded.log);
});
afterAll(() => t.close());
beforeEach(async () => {
  recorded.clear();
  await clearFaults(t);
  await robokassaMode(t, { refunds: 'instant', v1: 'off', shopBalance: 'enough', hash: 'MD5' });
});

const sync = (refundId: RefundId, world: World = t.world) =>
  syncRefund(world, t.caller(), { refundId, waitMs: 10_000 });
const create = (paymentId: string, minor: bigint | 'remaining', world: World = t.world) =>
  createRefund(world, t.caller(), robokassaCommand(paymentId, minor));

describe('a refund', () => {
  test('is taken, then finished: part by part, to the last kopeck, and not more', async () => {
    const paymentId = await robokassaPayment(t, '1500.00');
    const requests = await watchRequests(t, 'robokassa');
    for (const minor of [40_025n, 1n, 'remaining'] as const) {
      const refund = await refundAtRobokassa(t, paymentId, minor);
      expect(refund).toMatchObject({ status: 'PENDING', legs: [{ raw_status: 'accepted' }] });
      valueOf(await sync(refund.id));
      expect(await refundRow(t, refund.id)).toMatchObject({
        status: 'SUCCEEDED',
        legs: [{ raw_status: 'finished', trace_references: [] }],
      });
    }
    const { refunds } = await t.ledgerOf(paymentId);
    expect(refunds.map(({ amountMinor }) => amountMinor)).toEqual(['40025', '1', '109974']);
    expect(await requests('createRefund')).toHaveLength(3);
    expect(problemOf(await create(paymentId, 1n))).toMatchObject({ code: 'PAYMENT_NOT_REFUNDABLE' });
    await expectSound(t, paymentId);
  });

  test('of more than is left is refused before anything is sent', async () => {
    const paymentId = await robokassaPayment(t, '1500.00');
    const requests = await watchRequests(t, 'robokassa');
    expect(problemOf(await create(paymentId, 150_001n))).toMatchObject({ code: 'AMOUNT_EXCEEDS_REFUNDABLE' });
    expect(await requests('createRefund')).toEqual([]);
  });

  test('stores what it sends, and neither a signature nor a password', async () => {
    const paymentId = await robokassaPayment(t, '1500.00');
    const { attempts } = await refundAtRobokassa(t, paymentId, 5_025n);
    expect(attempts[0]!.body).toMatch(/^\{"OpKey":"[A-Za-z0-9-]+","RefundSum":50\.25\}$/);
    expect(JSON.stringify(attempts)).not.toMatch(/pass\d-secret|eyJ|ignature/);
  });

  test('goes with the items of its receipt', async () => {
    const items = [{ id: '1', title: 'Mug', quantity: '2', unitPrice: { value: '200.00', currency: 'RUB' } }];
    const paymentId = await robokassaPayment(t, '400.00', { items });
    const receipt: FiscalReceipt = {
      customer: { fullName: null, inn: null, email: 'a@example.com', phone: null },
      items: [
        {
          description: 'Mug',
          quantity: '1',
          unitPrice: { minor: 20_000n, currency: 'RUB' },
          vatCode: null,
          tax: 'vat22',
          paymentMode: 'full_payment',
          paymentSubject: 'commodity',
          measure: null,
        },
      ],
      taxSystemCode: null,
    };
    const refund = await refundAtRobokassa(t, paymentId, 20_000n, { receipt });
    expect(refund).toMatchObject({ status: 'PENDING' });
    expect(refund.attempts[0]!.body).toContain(
      '"InvoiceItems":[{"Name":"Mug","Quantity":1,"Cost":200,"Tax":"vat22",',
    );
    const ambiguous = { ...receipt, items: [{ ...receipt.items[0]!, tax: null, vatCode: 1 }] };
    const refused = await createRefund(
      t.world,
      t.caller(),
      robokassaCommand(paymentId, 20_000n, { receipt: ambiguous }),
    );
    expect(problemOf(refused)).toMatchObject({
      code: 'INVALID_INPUT',
      path: ['input', 'receipt', 'items', '0', 'tax'],
    });
  });

  test('that was canceled in the cabinet is CANCELED, and its amount is free', async () => {
    await robokassaMode(t, { refunds: 'pending' });
    const paymentId = await robokassaPayment(t, '1500.00');
    const refund = await refundAtRobokassa(t, paymentId, 40_000n);
    await settleRobokassa(t, 'canceled');
    valueOf(await sync(refund.id));
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'CANCELED' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n, refunded_minor: 0n });
    await expectSound(t, paymentId);
  });

  test('stays open behind a word that is not known, and while its amount is not told', async () => {
    await robokassaMode(t, { refunds: 'pending', amountWhileProcessing: false });
    const paymentId = await robokassaPayment(t, '1500.00');
    const refund = await refundAtRobokassa(t, paymentId, 40_000n);
    valueOf(await sync(refund.id));
    expect(await refundRow(t, refund.id)).toMatchObject({
      status: 'PENDING',
      legs: [{ raw_status: 'processing' }],
    });
    await armRobokassa(t, 'unknown-status', { operation: 'getRefund' });
    valueOf(await sync(refund.id));
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'PENDING' });
    expect(recorded.alerts()).toEqual(['PROVIDER_STATUS_UNRECOGNISED']);
    await settleRobokassa(t, 'succeeded');
    valueOf(await sync(refund.id));
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
    await robokassaMode(t, { amountWhileProcessing: true });
  });

  test('of another amount than was asked for is a person’s', async () => {
    const paymentId = await robokassaPayment(t, '1500.00');
    const refund = await refundAtRobokassa(t, paymentId, 40_000n);
    await armRobokassa(t, 'wrong-amount', { operation: 'getRefund' });
    valueOf(await sync(refund.id));
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'MANUAL_REVIEW' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 40_000n });
  });

  test('that RoboKassa does not show yet stays PENDING', async () => {
    await robokassaMode(t, { visibleAfterSeconds: 300 });
    const paymentId = await robokassaPayment(t, '1500.00');
    const refund = await refundAtRobokassa(t, paymentId, 40_000n);
    valueOf(await sync(refund.id));
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'PENDING' });
    await pass(t, t.world, 301, 2);
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
    await robokassaMode(t, { visibleAfterSeconds: 0 });
  });

  test('waits behind one that is not finished, and is sent when that has ended', async () => {
    await robokassaMode(t, { refunds: 'pending' });
    const paymentId = await robokassaPayment(t, '1500.00');
    const first = await refundAtRobokassa(t, paymentId, 40_000n);
    const requests = await watchRequests(t, 'robokassa');
    const second = await refundAtRobokassa(t, paymentId, 10_000n, { waitMs: 0 });
    await pass(t, t.world, 61, 2);
    expect(await refundRow(t, second.id)).toMatchObject({ status: 'QUEUED', attempts: [{ sends: 0 }] });
    expect(await requests('createRefund')).toEqual([]);
    await settleRobokassa(t, 'succeeded');
    await robokassaMode(t, { refunds: 'instant' });
    await pass(t, t.world, 3_601, 3);
    expect(await statusOf(t, first.id)).toBe('SUCCEEDED');
    expect(await statusOf(t, second.id)).toBe('SUCCEEDED');
    expect(await requests('createRefund')).toHaveLength(1);
    await expectSound(t, paymentId);
  });
});

describe('a refund made in the cabinet', () => {
  test('is invisible; the next one fails with what RoboKassa says, and another one may be tried', async () => {
    const paymentId = await robokassaPayment(t, '1500.00');
    await t.control('console-refund', {
      provider: 'robokassa',
      reference: paymentId,
      amount: { value: '1200.00', currency: 'RUB' },
    });
    const refund = await refundAtRobokassa(t, paymentId, 40_000n);
    expect(refund).toMatchObject({
      status: 'FAILED',
      legs: [
        {
          failure: {
            code: 'INSUFFICIENT_FUNDS',
            retry: 'RETRY_REFUND',
            providerCode: 'NotEnoughOperationFunds',
          },
        },
      ],
    });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n, refunded_minor: 0n });
    const other = await refundAtRobokassa(t, paymentId, 30_000n);
    valueOf(await sync(other.id));
    expect(await refundRow(t, other.id)).toMatchObject({ status: 'SUCCEEDED' });
  });
});

describe('a payment', () => {
  test.each(['50', '80'])(
    'in state %s is to be asked for again, and can be refunded later',
    async (state) => {
      const paymentId = await robokassaPayment(t, '600.00', { state });
      const requests = await watchRequests(t, 'robokassa');
      const command = robokassaCommand(paymentId, 10_000n);
      expect(problemOf(await createRefund(t.world, t.caller(), command))).toMatchObject({
        type: 'OperationInProgress',
        code: 'ANOTHER_OPERATION_IN_PROGRESS',
        retry: 'WAIT',
        existingRefundId: null,
      });
      expect(await requests('createRefund')).toEqual([]);
      expect(await paymentRow(t, paymentId)).toMatchObject({ state: 'PENDING', captured_minor: 0n });
      const { payment } = await ask<{ payment: object }>(
        t.world,
        t.caller(),
        `query ($by: PaymentRefInput!) {
        payment(by: $by) { refundability { state maximum { value } } allowedActions externalRefunds } }`,
        { by: { provider: { account: ACCOUNT, paymentId } } },
      );
      expect(payment).toEqual({
        refundability: { state: 'BUSY', maximum: { value: '0.00' } },
        allowedActions: [],
        externalRefunds: 'INVISIBLE',
      });
      if (state === '80') return;
      await robokassaMode(t, { creditAfterSeconds: 60 });
      await t.advance(61);
      const { refundId } = valueOf(await createRefund(t.world, t.caller(), command));
      valueOf(await sync(refundId));
      expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED' });
      await robokassaMode(t, { creditAfterSeconds: null });
    },
  );

  test.each(['5', '10', '60', '20'])('in state %s is not refundable', async (state) => {
    const paymentId = await robokassaPayment(t, '600.00', { state });
    expect(problemOf(await create(paymentId, 10_000n))).toMatchObject({ code: 'PAYMENT_NOT_REFUNDABLE' });
  });

  test('with a surcharge is refunded as a whole only, without naming the sum', async () => {
    const paymentId = await robokassaPayment(t, '1000.00', {
      paidByBuyer: { value: '1035.00', currency: 'RUB' },
    });
    expect(problemOf(await create(paymentId, 10_000n)).path?.slice(0, 2)).toEqual(['input', 'amount']);
    const refund = await refundAtRobokassa(t, paymentId, 'remaining');
    expect(refund.attempts[0]!.body).not.toContain('RefundSum');
    valueOf(await sync(refund.id));
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED', returned_minor: 100_000n });
    await expectSound(t, paymentId);
  });

  test('that nobody knows is not found, and one that two operations have is a person’s', async () => {
    expect(problemOf(await create('999999', 1n))).toMatchObject({ code: 'PAYMENT_NOT_FOUND' });
    await armRobokassa(t, 'refuse', { operation: 'getPayment', code: '4', times: 3 });
    expect(problemOf(await create('999999', 1n))).toMatchObject({ code: 'PROVIDER_REJECTED' });
  });
});

describe('a hold', () => {
  const cancel = (paymentId: string) =>
    cancelPayment(t.world, t.caller(), {
      idempotencyKey: newKey(),
      payment: { account: ACCOUNT, paymentId },
      reason: 'OTHER',
      note: null,
      feeBearer: null,
      ifCaptured: 'REFUSE',
      waitMs: 10_000,
    });

  test.each([
    ['50', 'OperationInProgress', 'WAIT'],
    ['80', 'OperationInProgress', 'WAIT'],
    ['5', 'CapabilityMissing', 'NEVER'],
  ])('in state %s: canceling is answered by %s', async (state, type, retry) => {
    const paymentId = await robokassaPayment(t, '600.00', { state });
    expect(problemOf(await cancel(paymentId))).toMatchObject({ type, retry });
  });

  test('is released', async () => {
    const paymentId = await robokassaPayment(t, '2000.00', { status: 'authorized' });
    expect(valueOf(await cancel(paymentId))).toMatchObject({ outcome: 'VOIDED' });
    expect(await t.ledgerOf(paymentId)).toMatchObject({ status: '60' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ state: 'CANCELED' });
  });

  test.each(['lost-after-effect', 'error-after-effect', 'garbage'])(
    'is released also where the answer is nothing to go by (%s)',
    async (kind) => {
      const paymentId = await robokassaPayment(t, '2000.00', { status: 'authorized' });
      await armRobokassa(t, kind, { operation: 'cancelPayment' });
      expect(valueOf(await cancel(paymentId))).toMatchObject({ outcome: 'VOIDED' });
      expect(await t.ledgerOf(paymentId)).toMatchObject({ status: '60' });
    },
  );

  test('that still stands after a refusal is asked for again: stopping twice is stopping once', async () => {
    const paymentId = await robokassaPayment(t, '2000.00', { status: 'authorized' });
    await armRobokassa(t, 'unauthorized', { operation: 'cancelPayment' });
    expect(valueOf(await cancel(paymentId))).toMatchObject({ outcome: 'IN_PROGRESS' });
    expect(await t.ledgerOf(paymentId)).toMatchObject({ status: '20' });
    await pass(t, t.world, 61, 2);
    expect(await t.ledgerOf(paymentId)).toMatchObject({ status: '60' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ state: 'CANCELED' });
  });
});

describe('v1', () => {
  let v1: World;
  beforeAll(async () => {
    v1 = await t.replica({ adapter: robokassaV1 as never });
  });
  beforeEach(() => robokassaMode(t, { v1: 'on' }));

  test('refunds a payment once, in part or as a whole', async () => {
    const paymentId = await robokassaPayment(t, '1500.00');
    const refund = await refundAtRobokassa(t, paymentId, 40_000n, {}, v1);
    expect(refund).toMatchObject({ status: 'SUCCEEDED', legs: [{ provider_refund_id: `v1:${paymentId}` }] });
    const requests = await watchRequests(t, 'robokassa');
    expect(problemOf(await create(paymentId, 10_000n, v1))).toMatchObject({
      type: 'CapabilityMissing',
      capability: 'severalRefundsPerPayment',
    });
    expect(await requests('createRefund')).toEqual([]);
    await expectSound(t, paymentId);
  });

  test('asks for the state of the invoice until it is processed', async () => {
    await robokassaMode(t, { refunds: 'pending' });
    const paymentId = await robokassaPayment(t, '1500.00');
    const refund = await refundAtRobokassa(t, paymentId, 'remaining', {}, v1);
    expect(refund).toMatchObject({ status: 'PENDING', legs: [{ raw_status: '1' }] });
    await settleRobokassa(t, 'succeeded');
    valueOf(await sync(refund.id, v1));
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED', returned_minor: 150_000n });
  });

  test('that was refused may be tried again, unless another refund was made since', async () => {
    const paymentId = await robokassaPayment(t, '1500.00');
    await armRobokassa(t, 'refuse', { code: 'NotEnoughOperationFunds' });
    const refund = await refundAtRobokassa(t, paymentId, 40_000n, {}, v1);
    expect(refund).toMatchObject({ status: 'FAILED', legs: [{ failure: { code: 'INSUFFICIENT_FUNDS' } }] });
    await refundAtRobokassa(t, paymentId, 10_000n, {}, v1);
    const again = await retryRefund(v1, t.caller(), {
      refundId: refund.id,
      expectedRetries: 0,
      waitMs: 5_000,
    });
    expect(problemOf(again)).toMatchObject({ type: 'NotRetryable' });
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(1);
  });

  test('that RoboKassa does not have is a definite no', async () => {
    await robokassaMode(t, { v1: 'off' });
    const paymentId = await robokassaPayment(t, '1500.00');
    const refund = await refundAtRobokassa(t, paymentId, 40_000n, {}, v1);
    expect(refund).toMatchObject({ status: 'FAILED', legs: [{ failure: { code: 'PROVIDER_REJECTED' } }] });
  });

  test('leaves a refund that v2 has begun to v2', async () => {
    await robokassaMode(t, { refunds: 'pending' });
    const paymentId = await robokassaPayment(t, '1500.00');
    const refund = await refundAtRobokassa(t, paymentId, 40_000n);
    await settleRobokassa(t, 'succeeded');
    valueOf(await sync(refund.id, v1));
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
  });
});
