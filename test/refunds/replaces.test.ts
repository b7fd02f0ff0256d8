import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { uuidv7, type RefundId } from '../../src/ids.ts';
import { cancelRefund } from '../../src/refunds/cancel-refund.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  paymentRow,
  problemOf,
  refundCommand,
  refundRow,
  refundRows,
  refundsAre,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('replaces');
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'instant');
});

const make = async (paymentId: string, more = {}) =>
  valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n, more))).refundId;

async function failed(paymentId: string, more = {}): Promise<RefundId> {
  await armFault(t, 'refuse', { code: 'insufficient_funds' });
  const id = await make(paymentId, more);
  expect((await refundRow(t, id)).status).toBe('FAILED');
  return id;
}

const retry = (refundId: RefundId) =>
  retryRefund(t.world, t.caller(), { refundId, expectedRetries: 0, waitMs: 10_000 });
const replace = (paymentId: string, replaces: RefundId) =>
  createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n, { replaces }));

describe('a refund that takes the place of a failed one', () => {
  test('is kept with it, and the failed one cannot be retried any more', async () => {
    const paymentId = await t.payment('1500.00');
    const first = await failed(paymentId);
    const { refundId } = valueOf(await replace(paymentId, first));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', replaces: first });
    const requests = await watchRequests(t);
    expect(problemOf(await retry(first))).toMatchObject({ type: 'NotRetryable', path: ['input', 'refund'] });
    expect(await requests('createRefund')).toEqual([]);
    expect(await refundRow(t, first)).toMatchObject({ status: 'FAILED', retries: 0 });
    await expectSound(t, paymentId);
  });

  test('is replayed with the same key, and is another content without it', async () => {
    const paymentId = await t.payment('1500.00');
    const first = await failed(paymentId);
    const command = refundCommand(paymentId, 40_000n, { replaces: first });
    const made = valueOf(await createRefund(t.world, t.caller(), command));
    expect(valueOf(await createRefund(t.world, t.caller(), command))).toEqual({
      refundId: made.refundId,
      replayed: true,
    });
    const other = await createRefund(t.world, t.caller(), { ...command, replaces: null });
    expect(problemOf(other)).toMatchObject({ type: 'IdempotencyKeyReused' });
  });

  test('may fail and be replaced in its turn', async () => {
    const paymentId = await t.payment('1500.00');
    const first = await failed(paymentId);
    const second = await failed(paymentId, { replaces: first });
    expect(problemOf(await replace(paymentId, first))).toMatchObject({ path: ['input', 'replaces'] });
    const { refundId } = valueOf(await replace(paymentId, second));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', replaces: second });
    await expectSound(t, paymentId);
  });

  test('takes the place of a canceled one, too', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'rate-limited');
    const queued = await make(paymentId);
    valueOf(await cancelRefund(t.world, t.caller(), { refundId: queued }));
    expect(valueOf(await replace(paymentId, queued)).replayed).toBe(false);
  });

  test('against a retry at the same moment: one of the two happens', async () => {
    const paymentId = await t.payment('1500.00');
    const first = await failed(paymentId);
    const [retried, replaced] = await Promise.all([retry(first), replace(paymentId, first)]);
    expect([retried.ok, replaced.ok].filter(Boolean)).toHaveLength(1);
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 40_000n, reserved_minor: 0n });
    await expectSound(t, paymentId);
  });

  test('twice at the same moment: one takes it', async () => {
    const paymentId = await t.payment('1500.00');
    const first = await failed(paymentId);
    const results = await Promise.all([replace(paymentId, first), replace(paymentId, first)]);
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    await expectSound(t, paymentId);
  });
});

describe('nothing is sent and nothing is reserved', () => {
  const path = ['input', 'replaces'];
  const refusedFor = async (paymentId: string, replaces: RefundId) => {
    const requests = await watchRequests(t);
    const before = (await refundRows(t, paymentId)).length;
    const problem = problemOf(await replace(paymentId, replaces));
    expect(await requests('createRefund')).toEqual([]);
    expect(await refundRows(t, paymentId)).toHaveLength(before);
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n });
    return problem;
  };

  test('when the named refund does not exist, or not for this merchant', async () => {
    const paymentId = await t.payment('1500.00');
    await make(paymentId);
    expect(await refusedFor(paymentId, uuidv7<RefundId>())).toMatchObject({ type: 'NotFound', path });
    const theirs = await t.payment('1500.00', { account: 'yookassa-other' });
    await armFault(t, 'refuse', { code: 'insufficient_funds' });
    const command = refundCommand(theirs, 1_000n, {
      payment: { account: 'yookassa-other', paymentId: theirs },
    });
    const foreign = valueOf(await createRefund(t.world, t.caller('other'), command));
    expect(await refusedFor(paymentId, foreign.refundId)).toMatchObject({ type: 'NotFound', path });
  });

  test('when it is of another payment, succeeded, or may still succeed', async () => {
    const paymentId = await t.payment('1500.00');
    const done = await make(paymentId);
    expect(await refusedFor(paymentId, done)).toMatchObject({ type: 'InvalidInput', path });
    const elsewhere = await failed(await t.payment('1500.00'));
    expect(await refusedFor(paymentId, elsewhere)).toMatchObject({ type: 'InvalidInput', path });
    const other = await t.payment('1500.00');
    await refundsAre(t, 'pending');
    const pending = await make(other);
    expect(problemOf(await replace(other, pending))).toMatchObject({ type: 'InvalidInput', path });
    expect(await refundRows(t, other)).toHaveLength(1);
  });
});

test('a retry asks for the same speed as the first attempt', async () => {
  const paymentId = await t.payment('1500.00');
  const refundId = await failed(paymentId, { speed: 'NORMAL' });
  expect(await refundRow(t, refundId)).toMatchObject({ speed: 'NORMAL' });
  valueOf(await retry(refundId));
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED' });
  const { connections } = t.world;
  const connection = connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
  const speeds: unknown[] = [];
  const quick = await t.replica({
    adapter: {
      capabilities: { ...connection.adapter.capabilities, refundSpeeds: ['NORMAL', 'OPTIMUM'] },
      buildRefund(order) {
        speeds.push(order.speed);
        return connection.adapter.buildRefund(order);
      },
    },
  });
  await armFault(t, 'refuse', { code: 'insufficient_funds' });
  const command = refundCommand(paymentId, 40_000n, { speed: 'OPTIMUM' });
  const fast = valueOf(await createRefund(quick, t.caller(), command));
  valueOf(
    await retryRefund(quick, t.caller(), { refundId: fast.refundId, expectedRetries: 0, waitMs: 10_000 }),
  );
  expect(speeds).toEqual(['OPTIMUM', 'OPTIMUM']);
});
