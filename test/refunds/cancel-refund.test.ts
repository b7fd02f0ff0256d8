import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cancelRefund } from '../../src/refunds/cancel-refund.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { RefundId } from '../../src/ids.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  paymentRow,
  problemOf,
  refundCommand,
  refundRow,
  refundsAre,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('cancel_refund');
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'instant');
});

const cancel = (refundId: RefundId, merchant: 'demo' | 'other' = 'demo') =>
  cancelRefund(t.world, t.caller(merchant), { refundId });

async function create(paymentId: string, minor = 40_000n): Promise<RefundId> {
  return valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, minor))).refundId;
}

describe('a refund of which nothing was executed', () => {
  test('is stopped, its amount is free, and it is never sent', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'rate-limited');
    const refundId = await create(paymentId);
    const requests = await watchRequests(t);
    expect((await refundRow(t, refundId)).legs[0]!.failure).toMatchObject({ code: 'RATE_LIMITED' });
    expect(valueOf(await cancel(refundId))).toEqual({ refundId });
    // What had put it off is not why it ended.
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'CANCELED', legs: [{ failure: null }] });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n, refunded_minor: 0n });
    valueOf(await syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 }));
    expect(await requests('createRefund')).toEqual([]);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'CANCELED' });
    await expectSound(t, paymentId);
  });

  test('twice is once', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'rate-limited');
    const refundId = await create(paymentId);
    const both = await Promise.all([cancel(refundId), cancel(refundId)]);
    for (const result of both) valueOf(result);
    const moves = await t.database.db
      .selectFrom('events')
      .select(['actor', 'request_id', 'api_key_id', 'evidence'])
      .where('refund_id', '=', refundId)
      .where('to_status', '=', 'CANCELED')
      .execute();
    expect(moves).toHaveLength(1);
    expect(moves[0]).toMatchObject({ actor: 'key:test', request_id: 'test-request' });
    expect(moves[0]!.api_key_id).not.toBeNull();
    await expectSound(t, paymentId);
  });

  test('is either stopped or sent when both are tried at once, never both', async () => {
    const paymentId = await t.payment('1500.00');
    for (let round = 0; round < 6; round += 1) {
      await armFault(t, 'rate-limited');
      const refundId = await create(paymentId, 1_000n);
      const [canceled] = await Promise.all([
        cancel(refundId),
        syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 }),
      ]);
      expect((await refundRow(t, refundId)).status).toBe(canceled.ok ? 'CANCELED' : 'SUCCEEDED');
    }
    await expectSound(t, paymentId);
  });
});

describe('a refund that may have been executed', () => {
  test.each([
    ['succeeded', undefined, 'SUCCEEDED'],
    ['lost', 'lost-after-effect', 'UNKNOWN'],
    ['failed', 'refuse', 'FAILED'],
  ])('%s is not touched', async (_name, kind, status) => {
    const paymentId = await t.payment('1500.00');
    if (kind !== undefined) await armFault(t, kind, kind === 'refuse' ? { code: 'general_decline' } : {});
    const refundId = await create(paymentId);
    expect(problemOf(await cancel(refundId))).toMatchObject({ type: 'NotCancelable' });
    expect(await refundRow(t, refundId)).toMatchObject({ status });
  });

  test('and is pending at the provider is not touched', async () => {
    const paymentId = await t.payment('1500.00');
    await refundsAre(t, 'pending');
    const refundId = await create(paymentId);
    expect(problemOf(await cancel(refundId))).toMatchObject({ type: 'NotCancelable' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 40_000n });
  });
});

test('another merchant’s refund does not exist', async () => {
  const paymentId = await t.payment('1500.00');
  await armFault(t, 'rate-limited');
  const refundId = await create(paymentId);
  expect(problemOf(await cancel(refundId, 'other'))).toMatchObject({ type: 'NotFound' });
  expect(problemOf(await cancel('nonsense' as never))).toMatchObject({ type: 'NotFound' });
  const synced = await syncRefund(t.world, t.caller('other'), { refundId, waitMs: 0 });
  expect(problemOf(synced)).toMatchObject({ type: 'NotFound' });
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'QUEUED' });
});
