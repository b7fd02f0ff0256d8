import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { RefundId } from '../../src/ids.ts';
import type { World } from '../../src/refunds/world.ts';
import { clearFaults, expectSound, paymentRow, refundRow, valueOf, watchRequests } from '../support/rules.ts';
import { armStripe, stripeCommand, stripeMode, stripePayment } from '../support/stripe.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

const HOUR = 3_600;

let t: TestWorld;
/** A world that does not wait half a minute for an answer that never comes. */
let hasty: World;
beforeAll(async () => {
  t = await createTestWorld('stripe_lost_answers');
  hasty = await t.replica({ sendDeadlineMs: 400 });
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await stripeMode(t, {
    refunds: 'instant',
    keepServerErrors: true,
    balance: 'enough',
    keyLifeSeconds: 24 * HOUR,
  });
});

const sync = (refundId: RefundId) => syncRefund(hasty, t.caller(), { refundId, waitMs: 10_000 });

async function create(paymentId: string, minor: bigint) {
  const created = valueOf(await createRefund(hasty, t.caller(), stripeCommand(paymentId, minor)));
  return refundRow(t, created.refundId);
}

/** After this fault: the refund's status at first, and how many refunds the provider has made by then. */
const faults: readonly [kind: string, more: Record<string, unknown>, status: string, executed: number][] = [
  ['lost-after-effect', {}, 'UNKNOWN', 1],
  ['lost-before-effect', {}, 'UNKNOWN', 0],
  ['error-after-effect', {}, 'UNKNOWN', 1],
  ['error-before-effect', { status: 503 }, 'UNKNOWN', 0],
  ['error-after-effect', { status: 502 }, 'UNKNOWN', 1],
  ['hang', { effect: true }, 'UNKNOWN', 1],
  ['hang', { effect: false }, 'UNKNOWN', 0],
  ['cut-body', {}, 'UNKNOWN', 1],
  ['garbage', {}, 'UNKNOWN', 1],
  ['garbage', { status: 502, effect: false }, 'UNKNOWN', 0],
  ['key-in-progress', {}, 'UNKNOWN', 0],
  ['busy', {}, 'QUEUED', 0],
  ['rate-limited', {}, 'QUEUED', 0],
  // The whole account waits that long, its reads too.
  ['rate-limited', { retryAfterMs: 1_000 }, 'QUEUED', 0],
  ['unauthorized', {}, 'QUEUED', 0],
  ['unknown-status', {}, 'PENDING', 1],
  ['wrong-amount', {}, 'MANUAL_REVIEW', 1],
];

describe.each(faults)('%s %o', (kind, more, status, executed) => {
  test(`is ${status} with the amount committed, and asking finds the truth: one refund, one key, the same bytes`, async () => {
    const paymentId = await stripePayment(t, '150.00');
    const requests = await watchRequests(t, 'stripe');
    await armStripe(t, kind, more);
    const refund = await create(paymentId, 4_000n);
    expect(refund.status).toBe(status);
    const stored = await paymentRow(t, paymentId);
    expect(stored.reserved_minor + stored.refunded_minor).toBe(4_000n);
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(executed);
    await expectSound(t, paymentId, { quiet: false });

    valueOf(await sync(refund.id));
    const after = await refundRow(t, refund.id);
    expect(after).toMatchObject({ status: 'SUCCEEDED', returned_minor: 4_000n });
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

test('a lost answer is found by our reference in the list of the payment: nothing is sent again', async () => {
  const paymentId = await stripePayment(t, '150.00');
  await armStripe(t, 'lost-after-effect');
  const refund = await create(paymentId, 4_000n);
  const requests = await watchRequests(t, 'stripe');
  valueOf(await sync(refund.id));
  expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
  expect(await requests('createRefund')).toEqual([]);
  expect(await requests('listRefunds')).toHaveLength(1);
});

test('a list that lags makes no second refund: the same key answers with the first', async () => {
  const paymentId = await stripePayment(t, '150.00');
  await armStripe(t, 'lost-after-effect');
  const refund = await create(paymentId, 4_000n);
  await armStripe(t, 'list-lag', { operation: 'listRefunds', seconds: HOUR });
  valueOf(await sync(refund.id));
  const [only, ...others] = (await t.ledgerOf(paymentId)).refunds;
  expect(others).toEqual([]);
  expect(await refundRow(t, refund.id)).toMatchObject({
    status: 'SUCCEEDED',
    legs: [{ provider_refund_id: only?.id }],
  });
  await expectSound(t, paymentId);
});

test('a 500 that the key remembers is answered again, and proves nothing: no other key is tried', async () => {
  const paymentId = await stripePayment(t, '150.00');
  await armStripe(t, 'error-before-effect', { status: 500 });
  const refund = await create(paymentId, 4_000n);
  const requests = await watchRequests(t, 'stripe');
  valueOf(await sync(refund.id));
  const after = await refundRow(t, refund.id);
  expect(after).toMatchObject({ status: 'UNKNOWN', attempts: [{ attempt: 1 }] });
  expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 4_000n });
  expect((await requests()).at(-1)).toMatchObject({ operation: 'createRefund', status: 500, effect: false });
  expect(await requests('listRefunds')).toHaveLength(1);
  expect((await t.ledgerOf(paymentId)).refunds).toEqual([]);
});

test('a refusal of a replay frees nothing: what Stripe forgot to list is found later', async () => {
  const paymentId = await stripePayment(t, '40.00');
  await armStripe(t, 'lost-after-effect');
  const refund = await create(paymentId, 4_000n);
  // The key is gone and the list lags: Stripe says that nothing is left, because of our own refund.
  await armStripe(t, 'key-forgotten');
  await armStripe(t, 'list-lag', { operation: 'listRefunds', seconds: HOUR, times: 2 });
  valueOf(await sync(refund.id));
  expect(await refundRow(t, refund.id)).toMatchObject({ status: 'UNKNOWN' });
  expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 4_000n, refunded_minor: 0n });
  valueOf(await sync(refund.id));
  expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
  await expectSound(t, paymentId);
});

test('a key that is known with other data is never sent again, and a person decides', async () => {
  const paymentId = await stripePayment(t, '150.00');
  await armStripe(t, 'key-conflict');
  const refund = await create(paymentId, 4_000n);
  expect(refund.status).toBe('UNKNOWN');
  const requests = await watchRequests(t, 'stripe');
  valueOf(await sync(refund.id));
  await t.advance(60);
  valueOf(await sync(refund.id));
  expect(await refundRow(t, refund.id)).toMatchObject({ status: 'MANUAL_REVIEW' });
  expect(await requests('createRefund')).toEqual([]);
});

test('after 23 hours nothing is sent again, since the same bytes might be another refund', async () => {
  const paymentId = await stripePayment(t, '150.00');
  await armStripe(t, 'lost-before-effect');
  const refund = await create(paymentId, 4_000n);
  await t.advance(23 * HOUR + 60);
  const requests = await watchRequests(t, 'stripe');
  valueOf(await sync(refund.id));
  expect(await refundRow(t, refund.id)).toMatchObject({ status: 'UNKNOWN' });
  expect(await requests('createRefund')).toEqual([]);
  await t.advance(25 * HOUR);
  valueOf(await sync(refund.id));
  const after = await refundRow(t, refund.id);
  expect(after).toMatchObject({ status: 'MANUAL_REVIEW' });
  expect((await t.ledgerOf(paymentId)).refunds).toEqual([]);
});

test('a refused connection puts the leg back with its amount, and it is sent later', async () => {
  const paymentId = await stripePayment(t, '150.00');
  // Seen before the port closes.
  await create(paymentId, 100n);
  await armStripe(t, 'connect-refused');
  const refund = await create(paymentId, 4_000n);
  expect(refund).toMatchObject({ status: 'QUEUED', attempts: [{ outcome: 'not-sent' }] });
  await clearFaults(t);
  valueOf(await sync(refund.id));
  expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
  await expectSound(t, paymentId);
});
