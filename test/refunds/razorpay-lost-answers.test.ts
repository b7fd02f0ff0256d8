import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { RefundId } from '../../src/ids.ts';
import type { World } from '../../src/refunds/world.ts';
import { armRazorpay, razorpayCommand, razorpayMode, razorpayPayment } from '../support/razorpay.ts';
import { clearFaults, expectSound, paymentRow, refundRow, valueOf, watchRequests } from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
/** A world that does not wait half a minute for an answer that never comes. */
let hasty: World;
beforeAll(async () => {
  t = await createTestWorld('razorpay_lost_answers');
  hasty = await t.replica({ sendDeadlineMs: 400 });
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await razorpayMode(t, { refunds: 'instant' });
});

const sync = (refundId: RefundId) => syncRefund(hasty, t.caller(), { refundId, waitMs: 10_000 });

async function create(paymentId: string, minor: bigint) {
  const created = valueOf(await createRefund(hasty, t.caller(), razorpayCommand(paymentId, minor)));
  return refundRow(t, created.refundId);
}

/** After this fault: the refund's status at first, and how many refunds the provider has made by then. */
const faults: readonly [kind: string, more: Record<string, unknown>, status: string, executed: number][] = [
  ['lost-after-effect', {}, 'UNKNOWN', 1],
  ['lost-before-effect', {}, 'UNKNOWN', 0],
  ['error-after-effect', {}, 'UNKNOWN', 1],
  ['error-before-effect', {}, 'UNKNOWN', 0],
  ['error-before-effect', { status: 503 }, 'UNKNOWN', 0],
  ['refuse', { code: 'GATEWAY_ERROR' }, 'UNKNOWN', 0],
  ['refuse', { code: 'SERVER_ERROR' }, 'UNKNOWN', 0],
  ['hang', { effect: true }, 'UNKNOWN', 1],
  ['hang', { effect: false }, 'UNKNOWN', 0],
  ['cut-body', {}, 'UNKNOWN', 1],
  ['garbage', {}, 'UNKNOWN', 1],
  ['garbage', { status: 502, effect: false }, 'UNKNOWN', 0],
  ['key-in-progress', {}, 'UNKNOWN', 0],
  ['busy', {}, 'QUEUED', 0],
  // Refused, and yet it is there: what is there counts.
  ['busy', { effect: true }, 'SUCCEEDED', 1],
  ['rate-limited', {}, 'QUEUED', 0],
  // The whole account waits that long, its reads too.
  ['rate-limited', { retryAfterMs: 1_000 }, 'QUEUED', 0],
  ['unknown-status', {}, 'PENDING', 1],
  ['wrong-amount', {}, 'MANUAL_REVIEW', 1],
];

describe.each(faults)('%s %o', (kind, more, status, executed) => {
  test(`is ${status} with the amount committed, and asking finds the truth: one refund, one key, the same bytes`, async () => {
    const paymentId = await razorpayPayment(t, '1500.00');
    const requests = await watchRequests(t, 'razorpay');
    await armRazorpay(t, kind, more);
    const refund = await create(paymentId, 40_000n);
    expect(refund.status).toBe(status);
    const stored = await paymentRow(t, paymentId);
    expect(stored.reserved_minor + stored.refunded_minor).toBe(40_000n);
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(executed);
    await expectSound(t, paymentId, { quiet: false });

    valueOf(await sync(refund.id));
    const after = await refundRow(t, refund.id);
    expect(after).toMatchObject({ status: 'SUCCEEDED', returned_minor: 40_000n });
    expect(after.attempts).toHaveLength(1);
    const key = after.attempts[0]!.provider_key;
    const posts = await requests('createRefund');
    expect(new Set(posts.map(({ providerKey }) => providerKey))).toEqual(new Set([key]));
    expect(new Set(posts.map(({ bodyHash }) => bodyHash)).size).toBe(1);
    const { refunds } = await t.ledgerOf(paymentId);
    expect(refunds).toMatchObject([{ providerKey: key, ourReference: key }]);
    expect(after.legs[0]!.provider_refund_id).toBe(refunds[0]!.id);
    await expectSound(t, paymentId);
  });
});

test('a lost answer is found by our receipt in the list of the payment: nothing is sent again', async () => {
  const paymentId = await razorpayPayment(t, '1500.00');
  await armRazorpay(t, 'lost-after-effect');
  const refund = await create(paymentId, 40_000n);
  const requests = await watchRequests(t, 'razorpay');
  valueOf(await sync(refund.id));
  expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
  expect(await requests('createRefund')).toEqual([]);
  expect(await requests('listRefunds')).toHaveLength(1);
});

test('a refused connection puts the leg back with its amount, and it is sent later', async () => {
  const paymentId = await razorpayPayment(t, '1500.00');
  // Seen before the port closes.
  await create(paymentId, 1_000n);
  await armRazorpay(t, 'connect-refused');
  const refund = await create(paymentId, 40_000n);
  expect(refund).toMatchObject({ status: 'QUEUED', attempts: [{ outcome: 'not-sent' }] });
  await clearFaults(t);
  valueOf(await sync(refund.id));
  expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
  await expectSound(t, paymentId);
});

test('credentials that are refused put the leg back and pause the account until they work again', async () => {
  const paymentId = await razorpayPayment(t, '1500.00');
  await armRazorpay(t, 'unauthorized');
  const refund = await create(paymentId, 40_000n);
  expect(refund).toMatchObject({ status: 'QUEUED', attempts: [{ outcome: 'deferred' }] });
  valueOf(await sync(refund.id));
  expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
  await expectSound(t, paymentId);
});

test('a list that lags and a key that was forgotten make no second refund: our receipt is unique there', async () => {
  const paymentId = await razorpayPayment(t, '1500.00');
  await armRazorpay(t, 'lost-after-effect');
  const refund = await create(paymentId, 40_000n);
  await armRazorpay(t, 'list-lag', { operation: 'listRefunds', seconds: 3_600 });
  await armRazorpay(t, 'key-forgotten');
  valueOf(await sync(refund.id));
  expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(1);
  valueOf(await sync(refund.id));
  expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
  await expectSound(t, paymentId);
});
