import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { robokassaV2 } from '../../src/providers/robokassa/index.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { RefundId } from '../../src/ids.ts';
import type { World } from '../../src/refunds/world.ts';
import { expectScheduled, legOf, pass, recordLog, statusOf } from '../support/engine.ts';
import {
  armRobokassa,
  refundAtRobokassa,
  reviewOf,
  robokassaCommand,
  robokassaMode,
  robokassaPayment,
  settleRobokassa,
} from '../support/robokassa.ts';
import {
  clearFaults,
  expectSound,
  paymentRow,
  problemOf,
  refundRow,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { notReturned, resolve, returned } from '../support/verdicts.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

const recorded = recordLog();
let t: TestWorld;
/** A world that does not wait half a minute for an answer that never comes. */
let hasty: World;
beforeAll(async () => {
  t = await createTestWorld('robokassa_lost_answers', recorded.log);
  hasty = await t.replica({ sendDeadlineMs: 400 });
});
afterAll(() => t.close());
beforeEach(async () => {
  recorded.clear();
  await clearFaults(t);
  await robokassaMode(t, { refunds: 'instant' });
});

const leaseSeconds = (robokassaV2.sendDeadlineMs * 2 + 10_000) / 1000;
/** After this nothing that was sent is still under way. */
const longAfterSeconds = leaseSeconds + 15 * 60 + 1;
const sync = (refundId: RefundId) => syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 });

/** How many refunds RoboKassa has made by then. */
const faults: readonly [kind: string, more: Record<string, unknown>, executed: number][] = [
  ['lost-after-effect', {}, 1],
  ['lost-before-effect', {}, 0],
  ['error-after-effect', {}, 1],
  ['error-before-effect', { status: 503 }, 0],
  ['hang', { effect: true }, 1],
  ['hang', { effect: false }, 0],
  ['cut-body', {}, 1],
  ['garbage', {}, 1],
  ['garbage', { format: 'empty' }, 1],
  ['garbage', { format: 'hollow' }, 1],
  ['garbage', { status: 502, effect: false }, 0],
  // Not in RoboKassa's own words: something in between may have passed the request on.
  ['rate-limited', {}, 0],
  ['forbidden', {}, 0],
];

describe.each(faults)('%s %o', (kind, more, executed) => {
  test('is a person’s at once, with what to do; the amount stays reserved and nothing is sent again', async () => {
    const paymentId = await robokassaPayment(t, '1500.00');
    const requests = await watchRequests(t, 'robokassa');
    await armRobokassa(t, kind, more);
    const refund = await refundAtRobokassa(t, paymentId, 40_000n, {}, hasty);
    expect(refund).toMatchObject({
      status: 'MANUAL_REVIEW',
      attention: 'MANUAL_REVIEW',
      legs: [{ provider_refund_id: null, failure: { code: 'UNKNOWN_OUTCOME', retry: 'ASK_A_HUMAN' } }],
    });
    expect(recorded.alerts()).toEqual(['REFUND_NEEDS_VERDICT']);
    expect(await reviewOf(t, refund.id)).toMatchObject({
      why: 'the provider cannot be asked about a lost answer',
      instructions: robokassaV2.recovery.instructions,
      sends: 1,
      firstSentAt: expect.any(String) as string,
      outcome: 'unknown',
    });
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(executed);

    valueOf(await sync(refund.id));
    await pass(t, t.world, 3_601, 3);
    const again = await createRefund(t.world, t.caller(), robokassaCommand(paymentId, 1_000n));
    expect(problemOf(again)).toMatchObject({
      type: 'OperationInProgress',
      existingRefundId: refund.id,
    });
    expect(await refundRow(t, refund.id)).toMatchObject({
      status: 'MANUAL_REVIEW',
      attempts: [{ sends: 1, unclear_sends: 1 }],
    });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 40_000n });
    expect(await requests('createRefund')).toHaveLength(1);
    await expectScheduled(t);
    await expectSound(t, paymentId, { quiet: false });
  });
});

/** A refund of 400.00 of 1500.00 that RoboKassa has made, and whose answer was lost long ago. */
async function lost(kind = 'lost-after-effect') {
  const paymentId = await robokassaPayment(t, '1500.00');
  await armRobokassa(t, kind);
  const { id } = await refundAtRobokassa(t, paymentId, 40_000n);
  await t.advance(longAfterSeconds);
  const [made] = (await t.ledgerOf(paymentId)).refunds;
  return { paymentId, id, requestId: made?.id ?? '' };
}

describe('a person resolves it', () => {
  test('as returned, by the request id, which is read at RoboKassa', async () => {
    const { paymentId, id, requestId } = await lost();
    const requests = await watchRequests(t, 'robokassa');
    valueOf(await resolve(t, id, returned(40_000n, { providerRefundId: requestId })));
    expect(await requests('getRefund')).toHaveLength(1);
    expect(await refundRow(t, id)).toMatchObject({
      status: 'SUCCEEDED',
      legs: [{ provider_refund_id: requestId, raw_status: 'finished' }],
    });
    await expectSound(t, paymentId);
  });

  test('but not by the id of a refund that is unknown, under way, canceled, another’s or of another amount', async () => {
    await robokassaMode(t, { refunds: 'pending' });
    const { paymentId, id, requestId } = await lost();
    const by = (providerRefundId: string) => resolve(t, id, returned(40_000n, { providerRefundId }));
    expect(problemOf(await by('00000000-0000-4000-8000-000000000000'))).toMatchObject({
      code: 'INVALID_INPUT',
    });
    expect(problemOf(await by('no id'))).toMatchObject({ code: 'INVALID_INPUT' });
    expect(problemOf(await by(requestId))).toMatchObject({ type: 'NotResolvable', retry: 'WAIT' });
    const elsewhere = await robokassaPayment(t, '1500.00');
    const other = await refundAtRobokassa(t, elsewhere, 40_000n);
    expect(problemOf(await by((await legOf(t, other.id)).provider_refund_id!))).toMatchObject({
      code: 'INVALID_INPUT',
    });
    await settleRobokassa(t, 'canceled');
    expect(problemOf(await by(requestId)).type).not.toBe('ProviderProblem');
    expect(await statusOf(t, id)).toBe('MANUAL_REVIEW');
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 0n });
  });

  test('by an id that was named too early: it is read again', async () => {
    await robokassaMode(t, { refunds: 'pending' });
    const { paymentId, id, requestId } = await lost();
    const byId = () => resolve(t, id, returned(40_000n, { providerRefundId: requestId }));
    expect(problemOf(await byId())).toMatchObject({ type: 'NotResolvable', retry: 'WAIT' });
    await settleRobokassa(t, 'succeeded');
    valueOf(await byId());
    expect(await refundRow(t, id)).toMatchObject({
      status: 'SUCCEEDED',
      legs: [{ provider_refund_id: requestId, raw_status: 'finished' }],
    });
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 40_000n, unbound_minor: 0n });
    await expectSound(t, paymentId);
  });

  test('not without an id, while a refund of that amount was shown that is nobody’s: it would count twice', async () => {
    await robokassaMode(t, { refunds: 'pending' });
    const { paymentId, id, requestId } = await lost();
    expect((await resolve(t, id, returned(40_000n, { providerRefundId: requestId }))).ok).toBe(false);
    const withoutId = await resolve(t, id, returned(40_000n));
    expect(problemOf(withoutId)).toMatchObject({
      type: 'InvalidInput',
      path: ['input', 'verdict', 'returned', 'noProviderId'],
    });
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 0n, unbound_minor: 40_000n });
    await settleRobokassa(t, 'succeeded');
    valueOf(await resolve(t, id, returned(40_000n, { providerRefundId: requestId })));
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 40_000n, unbound_minor: 0n });
    await expectSound(t, paymentId);
  });

  test('by an id in capitals, which is no other refund than the one that is counted already', async () => {
    const paymentId = await robokassaPayment(t, '1500.00');
    const counted = await refundAtRobokassa(t, paymentId, 40_000n);
    valueOf(await sync(counted.id));
    const inCapitals = (await legOf(t, counted.id)).provider_refund_id!.toUpperCase();
    await armRobokassa(t, 'lost-before-effect');
    const { id } = await refundAtRobokassa(t, paymentId, 40_000n);
    await t.advance(longAfterSeconds);
    const twice = await resolve(t, id, returned(40_000n, { providerRefundId: inCapitals }));
    expect(problemOf(twice)).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await statusOf(t, id)).toBe('MANUAL_REVIEW');
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 40_000n });

    const lostOne = await lost();
    const typed = lostOne.requestId.toUpperCase();
    valueOf(await resolve(t, lostOne.id, returned(40_000n, { providerRefundId: typed })));
    expect((await legOf(t, lostOne.id)).provider_refund_id).toBe(lostOne.requestId);
    await expectSound(t, lostOne.paymentId);
  });

  test('as returned without an id', async () => {
    const { paymentId, id } = await lost();
    valueOf(await resolve(t, id, returned(40_000n)));
    expect(await refundRow(t, id)).toMatchObject({ status: 'SUCCEEDED', returned_minor: 40_000n });
    await expectSound(t, paymentId);
    const next = await refundAtRobokassa(t, paymentId, 'remaining');
    valueOf(await sync(next.id));
    expect(await refundRow(t, next.id)).toMatchObject({ status: 'SUCCEEDED', returned_minor: 110_000n });
    await expectSound(t, paymentId);
  });

  test('as not returned, once nothing can be under way any more; then it may be sent again', async () => {
    const paymentId = await robokassaPayment(t, '1500.00');
    await armRobokassa(t, 'lost-before-effect');
    const { id } = await refundAtRobokassa(t, paymentId, 40_000n);
    expect(problemOf(await resolve(t, id, notReturned))).toMatchObject({ retry: 'WAIT' });
    await t.advance(longAfterSeconds);
    valueOf(await resolve(t, id, notReturned));
    expect(await refundRow(t, id)).toMatchObject({ status: 'FAILED' });
    const next = await refundAtRobokassa(t, paymentId, 'remaining');
    valueOf(await sync(next.id));
    expect(await refundRow(t, next.id)).toMatchObject({ status: 'SUCCEEDED', returned_minor: 150_000n });
    await expectSound(t, paymentId);
  });

  test('of which RoboKassa names another amount, without having to name an id that is not shown', async () => {
    const paymentId = await robokassaPayment(t, '1500.00');
    const { id } = await refundAtRobokassa(t, paymentId, 40_000n);
    await armRobokassa(t, 'wrong-amount', {
      operation: 'getRefund',
      amount: { value: '390.00', currency: 'RUB' },
    });
    valueOf(await sync(id));
    expect(await statusOf(t, id)).toBe('MANUAL_REVIEW');
    const { provider_refund_id: requestId } = await legOf(t, id);
    const wrong = problemOf(await resolve(t, id, returned(39_000n, { providerRefundId: 'another' })));
    expect(wrong.message).not.toContain(requestId);
    await t.advance(longAfterSeconds);
    const { message } = problemOf(await resolve(t, id, notReturned));
    expect(message).toContain('The provider has a refund of this');
    expect(message).not.toContain(requestId);
    valueOf(await resolve(t, id, returned(39_000n)));
    expect(await refundRow(t, id)).toMatchObject({
      status: 'SUCCEEDED',
      returned_minor: 39_000n,
      legs: [{ provider_refund_id: requestId }],
    });
  });
});

describe('certainly not executed', () => {
  test('with a refused connection: it is sent later', async () => {
    const paymentId = await robokassaPayment(t, '1500.00');
    // Seen before the port closes.
    const { id } = await refundAtRobokassa(t, paymentId, 1_000n);
    valueOf(await sync(id));
    await armRobokassa(t, 'connect-refused');
    const refund = await refundAtRobokassa(t, paymentId, 40_000n);
    expect(refund).toMatchObject({ status: 'QUEUED', attempts: [{ outcome: 'not-sent' }] });
    await clearFaults(t);
    valueOf(await sync(refund.id));
    await pass(t, t.world, 61);
    expect(await statusOf(t, refund.id)).toBe('SUCCEEDED');
    await expectSound(t, paymentId);
  });

  test('with passwords that RoboKassa refuses: the account waits until they work again', async () => {
    const paymentId = await robokassaPayment(t, '1500.00');
    await armRobokassa(t, 'unauthorized');
    const refund = await refundAtRobokassa(t, paymentId, 40_000n);
    expect(refund).toMatchObject({ status: 'QUEUED', attempts: [{ outcome: 'deferred' }] });
    valueOf(await sync(refund.id));
    await pass(t, t.world, 61);
    expect(await statusOf(t, refund.id)).toBe('SUCCEEDED');
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(1);
  });

  test('with a refusal: the amount is free at once', async () => {
    const paymentId = await robokassaPayment(t, '1500.00');
    await armRobokassa(t, 'refuse', { code: 'OperationNotFound' });
    expect(await refundAtRobokassa(t, paymentId, 40_000n)).toMatchObject({
      status: 'FAILED',
      legs: [{ failure: { code: 'PAYMENT_NOT_FOUND', retry: 'NEVER' } }],
    });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n });
  });
});

test('a sender that was killed leaves its refund to a person, and nobody sends it again', async () => {
  const paymentId = await robokassaPayment(t, '1500.00');
  const stuck = Promise.withResolvers<never>();
  const there = Promise.withResolvers<void>();
  const dying = await t.replica({
    adapter: {
      async sendRefund(access, request, order, mayStillSend) {
        await robokassaV2.sendRefund(access as never, request, order, mayStillSend);
        there.resolve();
        return stuck.promise;
      },
    },
  });
  const requests = await watchRequests(t, 'robokassa');
  const created = createRefund(dying, t.caller(), robokassaCommand(paymentId, 40_000n, { waitMs: 200 }));
  await there.promise;
  const { refundId } = valueOf(await created);
  await pass(t, t.world, leaseSeconds - 5);
  expect((await legOf(t, refundId)).status, 'its sender may live').toBe('SENDING');
  await pass(t, t.world, 6);
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'MANUAL_REVIEW', attempts: [{ sends: 1 }] });
  expect(await reviewOf(t, refundId)).toMatchObject({ instructions: robokassaV2.recovery.instructions });
  await pass(t, t.world, 3_601, 2);
  expect(await requests('createRefund')).toHaveLength(1);
  expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 40_000n });
  stuck.reject(new Error('the end of this process'));
  await dying.background.drain(5_000);
  await expectSound(t, paymentId, { quiet: false });
});
