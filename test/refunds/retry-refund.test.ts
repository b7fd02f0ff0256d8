import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { cancelRefund } from '../../src/refunds/cancel-refund.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { RefundFacts } from '../../src/providers/provider.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import type { RefundId } from '../../src/ids.ts';
import {
  armFault,
  clearFaults,
  consoleRefund,
  expectSound,
  paymentRow,
  problemOf,
  refundCommand,
  refundRow,
  refundRows,
  refundsAre,
  settleAll,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('retry_refund');
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'instant');
});

const retry = (refundId: RefundId, expectedRetries: number, waitMs = 10_000) =>
  retryRefund(t.world, t.caller(), { refundId, expectedRetries, waitMs });
const sync = (refundId: RefundId) => syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 });

/** A refund whose first attempt ended there as canceled. */
async function failedRefund(paymentId: string, minor: bigint): Promise<RefundId> {
  await armFault(t, 'refuse', { code: 'insufficient_funds' });
  const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, minor)));
  expect((await refundRow(t, refundId)).status).toBe('FAILED');
  return refundId;
}

describe('a definite failure', () => {
  test('is sent again with a new key, and what the first attempt made there stays known', async () => {
    const paymentId = await t.payment('1500.00');
    const refundId = await failedRefund(paymentId, 40_000n);
    expect(valueOf(await retry(refundId, 0))).toEqual({ refundId, replayed: false });
    const refund = await refundRow(t, refundId);
    expect(refund).toMatchObject({ status: 'SUCCEEDED', retries: 1, returned_minor: 40_000n });
    const ledger = await t.ledgerOf(paymentId);
    expect(ledger.refunds.map(({ status }) => status).toSorted()).toEqual(['canceled', 'succeeded']);
    expect(new Set(refund.attempts.map((attempt) => attempt.provider_key)).size).toBe(2);
    expect(refund.legs[0]!.provider_refund_id).toBe(
      ledger.refunds.find(({ status }) => status === 'succeeded')!.id,
    );
    valueOf(await sync(refundId));
    // A read of the payment shows both: the failed one is neither ours now nor anybody else's.
    await createRefund(t.world, t.caller(), refundCommand(paymentId, 200_000n));
    expect(await refundRows(t, paymentId)).toHaveLength(1);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });

  test('may fail and be retried once more', async () => {
    const paymentId = await t.payment('1500.00');
    const refundId = await failedRefund(paymentId, 40_000n);
    await armFault(t, 'refuse', { code: 'insufficient_funds' });
    valueOf(await retry(refundId, 0));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'FAILED', retries: 1 });
    valueOf(await retry(refundId, 1));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', retries: 2 });
    await expectSound(t, paymentId);
  });

  test('is never called failed again by the first attempt while the answer to the second is lost', async () => {
    const paymentId = await t.payment('1500.00');
    const refundId = await failedRefund(paymentId, 150_000n);
    await armFault(t, 'lost-after-effect');
    valueOf(await retry(refundId, 0));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'UNKNOWN' });
    await createRefund(t.world, t.caller(), refundCommand(paymentId, 1n));
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 150_000n, reserved_minor: 0n });
    valueOf(await sync(refundId));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });

  test('waits again for up to a day, however old the refund is', async () => {
    const paymentId = await t.payment('1500.00');
    const refundId = await failedRefund(paymentId, 40_000n);
    await t.advance(3 * 86_400);
    valueOf(await retry(refundId, 0));
    await t.advance(-3 * 86_400);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED' });
  });
});

describe('nothing happens', () => {
  test('with another number of retries than the refund has', async () => {
    const refundId = await failedRefund(await t.payment('1500.00'), 40_000n);
    const requests = await watchRequests(t);
    expect(valueOf(await retry(refundId, 1))).toEqual({ refundId, replayed: true });
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'FAILED', retries: 0 });
    expect(await requests()).toEqual([]);
  });

  test('twice at once: one attempt is opened', async () => {
    const paymentId = await t.payment('1500.00');
    const refundId = await failedRefund(paymentId, 40_000n);
    const requests = await watchRequests(t);
    const results = await Promise.all([retry(refundId, 0), retry(refundId, 0)]);
    expect(results.filter((result) => valueOf(result).replayed)).toHaveLength(1);
    expect(await requests('createRefund')).toHaveLength(1);
    await expectSound(t, paymentId);
  });

  test('when not enough is left', async () => {
    const paymentId = await t.payment('1500.00');
    const refundId = await failedRefund(paymentId, 150_000n);
    valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 1_000n)));
    expect(problemOf(await retry(refundId, 0))).toMatchObject({
      type: 'AmountExceedsRefundable',
      refundable: { minor: 149_000n },
      retry: 'RETRY_REFUND',
    });
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'FAILED', retries: 0 });
    await expectSound(t, paymentId);
  });

  test('for a refund that did not fail, was canceled, was made elsewhere, or is another merchant’s', async () => {
    const paymentId = await t.payment('1500.00');
    const done = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 1_000n)));
    expect(problemOf(await retry(done.refundId, 0))).toMatchObject({ type: 'NotRetryable' });
    await consoleRefund(t, paymentId, '10.00');
    await createRefund(t.world, t.caller(), refundCommand(paymentId, 200_000n));
    const [, external] = await refundRows(t, paymentId);
    expect(external).toMatchObject({ origin: 'EXTERNAL' });
    expect(problemOf(await retry(external!.id, 0))).toMatchObject({ type: 'NotRetryable' });
    await armFault(t, 'rate-limited');
    const queued = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 1_000n)));
    valueOf(await cancelRefund(t.world, t.caller(), queued));
    expect(problemOf(await retry(queued.refundId, 0))).toMatchObject({ type: 'NotRetryable' });
    const failed = await failedRefund(paymentId, 1_000n);
    const foreign = await retryRefund(t.world, t.caller('other'), {
      refundId: failed,
      expectedRetries: 0,
      waitMs: 0,
    });
    expect(problemOf(foreign)).toMatchObject({ type: 'NotFound' });
  });
});

describe('a retry that fails while it is pending', () => {
  test('keeps the amount reserved until then', async () => {
    const paymentId = await t.payment('1500.00');
    const refundId = await failedRefund(paymentId, 40_000n);
    await refundsAre(t, 'pending');
    valueOf(await retry(refundId, 0));
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 40_000n });
    await settleAll(t, 'canceled', { reason: 'general_decline' });
    valueOf(await sync(refundId));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'FAILED', retries: 1 });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n, refunded_minor: 0n });
    await expectSound(t, paymentId);
  });
});

describe('a failure of an earlier attempt that the provider takes back', () => {
  /** A process that reads the first attempt's refund as having succeeded after all. */
  const contradicting = async (providerRefundId: string) => {
    const connection = t.world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
    const replica = await t.replica({
      adapter: {
        async readPayment(access, id) {
          const look = await connection.adapter.readPayment(access, id);
          if (look.kind !== 'found') return look;
          const refunds = look.value.refunds.map((refund): RefundFacts =>
            refund.providerRefundId === providerRefundId
              ? { ...refund, status: 'SUCCEEDED', rawStatus: 'succeeded', failure: null }
              : refund,
          );
          return { kind: 'found', value: { ...look.value, refunds } };
        },
      },
    });
    const own = replica.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
    return (paymentId: string) => seePayment(replica, own, paymentId);
  };

  test('takes the place of a second attempt that was not executed, which is never sent then', async () => {
    const paymentId = await t.payment('1500.00');
    const refundId = await failedRefund(paymentId, 40_000n);
    const first = (await refundRow(t, refundId)).legs[0]!.provider_refund_id!;
    await armFault(t, 'rate-limited');
    valueOf(await retry(refundId, 0));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'QUEUED' });
    const see = await contradicting(first);
    const requests = await watchRequests(t);
    await see(paymentId);
    expect(await refundRow(t, refundId)).toMatchObject({
      status: 'SUCCEEDED',
      legs: [{ provider_refund_id: first }],
    });
    expect(await requests('createRefund')).toEqual([]);
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 40_000n, reserved_minor: 0n });
    await expectSound(t, paymentId, { quiet: false });
  });

  test('takes the place of a second attempt that failed too, and that one changes nothing after it', async () => {
    const paymentId = await t.payment('1500.00');
    const refundId = await failedRefund(paymentId, 40_000n);
    const first = (await refundRow(t, refundId)).legs[0]!.provider_refund_id!;
    await armFault(t, 'refuse', { code: 'insufficient_funds' });
    valueOf(await retry(refundId, 0));
    const see = await contradicting(first);
    await see(paymentId);
    await see(paymentId);
    expect(await refundRow(t, refundId)).toMatchObject({
      status: 'SUCCEEDED',
      legs: [{ provider_refund_id: first }],
    });
    await expectSound(t, paymentId, { quiet: false });
  });

  test('is one refund too many when the second attempt was executed: it is recorded as EXTERNAL, once', async () => {
    const paymentId = await t.payment('1500.00');
    const refundId = await failedRefund(paymentId, 40_000n);
    const first = (await refundRow(t, refundId)).legs[0]!.provider_refund_id!;
    valueOf(await retry(refundId, 0));
    const see = await contradicting(first);
    await see(paymentId);
    await see(paymentId);
    const rows = await refundRows(t, paymentId);
    expect(
      rows.map(({ origin, status, legs }) => [origin, status, legs[0]!.provider_refund_id === first]),
    ).toEqual([
      ['API', 'SUCCEEDED', false],
      ['EXTERNAL', 'SUCCEEDED', true],
    ]);
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 80_000n, unbound_minor: 0n });
    await expectSound(t, paymentId, { quiet: false });
  });
});
