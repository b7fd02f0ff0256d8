import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { driveDue } from '../../src/refunds/engine/drive-due.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { RefundId } from '../../src/ids.ts';
import type { World } from '../../src/refunds/world.ts';
import { clearFaults, expectSound, paymentRow, refundRow, valueOf, watchRequests } from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';
import {
  armYandex,
  cartLine,
  resetYandex,
  yandexCommand,
  yandexMode,
  yandexOrder,
} from '../support/yandex-pay.ts';

let t: TestWorld;
/** A world that does not wait a quarter of a minute for an answer that never comes. */
let hasty: World;
beforeAll(async () => {
  t = await createTestWorld('yandex_pay_lost_answers');
  hasty = await t.replica({ sendDeadlineMs: 400 });
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await resetYandex(t);
});

const sync = (refundId: RefundId) => syncRefund(hasty, t.caller(), { refundId, waitMs: 10_000 });
const cart = () => yandexOrder(t, '300.00', { items: [cartLine('mug', '3', '100.00')] });

async function create(paymentId: string, minor: bigint | 'remaining') {
  const created = valueOf(await createRefund(hasty, t.caller(), yandexCommand(paymentId, minor)));
  return refundRow(t, created.refundId);
}

/** After this fault: the refund's status at first, and how many refunds the provider has made by then. */
const faults: readonly [kind: string, more: Record<string, unknown>, status: string, executed: number][] = [
  ['lost-after-effect', {}, 'UNKNOWN', 1],
  ['lost-before-effect', {}, 'UNKNOWN', 0],
  ['error-after-effect', {}, 'UNKNOWN', 1],
  ['error-after-effect', { status: 200 }, 'UNKNOWN', 1],
  ['error-before-effect', { status: 503 }, 'UNKNOWN', 0],
  ['hang', { effect: true }, 'UNKNOWN', 1],
  ['hang', { effect: false }, 'UNKNOWN', 0],
  ['cut-body', {}, 'UNKNOWN', 1],
  ['garbage', {}, 'UNKNOWN', 1],
  ['garbage', { status: 502, effect: false }, 'UNKNOWN', 0],
  ['garbage', { status: 404, effect: false }, 'UNKNOWN', 0],
  ['busy', {}, 'QUEUED', 0],
  // Refused, and yet it is there: what is there counts.
  ['busy', { effect: true }, 'SUCCEEDED', 1],
  ['garbage', { status: 404 }, 'SUCCEEDED', 1],
  ['rate-limited', {}, 'QUEUED', 0],
  ['rate-limited', { retryAfterMs: 1_000 }, 'QUEUED', 0],
  ['rate-limited', { format: 'html' }, 'UNKNOWN', 0],
  ['unknown-status', {}, 'PENDING', 1],
  ['wrong-amount', {}, 'MANUAL_REVIEW', 1],
];

describe.each(faults)('%s %o', (kind, more, status, executed) => {
  test(`is ${status} with the amount committed, and asking finds the truth: one refund, one external id`, async () => {
    const paymentId = await cart();
    const requests = await watchRequests(t, 'yandex-pay');
    await armYandex(t, kind, more);
    const refund = await create(paymentId, 20_000n);
    expect(refund.status).toBe(status);
    const stored = await paymentRow(t, paymentId);
    expect(stored.reserved_minor + stored.refunded_minor).toBe(20_000n);
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(executed);
    await expectSound(t, paymentId, { quiet: false });

    valueOf(await sync(refund.id));
    valueOf(await sync(refund.id));
    const after = await refundRow(t, refund.id);
    expect(after).toMatchObject({ status: 'SUCCEEDED', returned_minor: 20_000n });
    expect(after.attempts).toHaveLength(1);
    const key = after.attempts[0]!.provider_key;
    const posts = await requests('createRefund');
    expect(posts.filter(({ effect }) => effect)).toHaveLength(1);
    expect(new Set(posts.map(({ providerKey }) => providerKey))).toEqual(new Set([key]));
    expect(new Set(posts.map(({ bodyHash }) => bodyHash)).size).toBe(1);
    const { refunds } = await t.ledgerOf(paymentId);
    expect(refunds).toMatchObject([{ providerKey: key, ourReference: key }]);
    expect(after.legs[0]!.provider_refund_id).toBe(refunds[0]!.id);
    await expectSound(t, paymentId);
  });
});

test('refused credentials send nothing and pause the account; the refund waits', async () => {
  const paymentId = await cart();
  await armYandex(t, 'unauthorized');
  const refund = await create(paymentId, 20_000n);
  expect(refund).toMatchObject({ status: 'QUEUED' });
  expect(refund.legs[0]!.failure).toMatchObject({ code: 'AUTHENTICATION_FAILED' });
  valueOf(await sync(refund.id));
  valueOf(await sync(refund.id));
  expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
});

test('what no read shows yet is sent again within ten minutes, and by no way made twice', async () => {
  await yandexMode(t, { readLagSeconds: 300 });
  const paymentId = await cart();
  await t.advance(301);
  await armYandex(t, 'lost-after-effect');
  const refund = await create(paymentId, 20_000n);
  const requests = await watchRequests(t, 'yandex-pay');
  // The provider has forgotten both ids, and the cart is what it should become already.
  await armYandex(t, 'key-forgotten');
  valueOf(await sync(refund.id));
  const posts = await requests('createRefund');
  expect(posts).toMatchObject([{ effect: false, status: 400 }]);
  expect(await refundRow(t, refund.id)).toMatchObject({ status: 'UNKNOWN' });
  await t.advance(301);
  valueOf(await sync(refund.id));
  valueOf(await sync(refund.id));
  expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
  expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(1);
  await expectSound(t, paymentId);
});

test('after ten minutes nothing is sent any more, and after a day a person is asked', async () => {
  const paymentId = await cart();
  await armYandex(t, 'lost-before-effect');
  const refund = await create(paymentId, 20_000n);
  const requests = await watchRequests(t, 'yandex-pay');
  await t.advance(601);
  await driveDue(hasty);
  await t.advance(3_600);
  await driveDue(hasty);
  expect(await refundRow(t, refund.id)).toMatchObject({ status: 'UNKNOWN' });
  for (let round = 0; round < 3; round += 1) {
    await t.advance(43_200);
    await driveDue(hasty);
  }
  expect(await refundRow(t, refund.id)).toMatchObject({ status: 'MANUAL_REVIEW' });
  expect(await requests('createRefund')).toEqual([]);
  expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 20_000n });
});

test.each(['end', 'launch'])(
  'a repetition that is refused as a duplicate (%s) is the refund that was made',
  async (duplicateFrom) => {
    await yandexMode(t, { duplicateFrom, requestIdLifeSeconds: 0, readLagSeconds: 30 });
    const paymentId = await cart();
    await t.advance(31);
    await armYandex(t, 'lost-after-effect');
    const refund = await create(paymentId, 20_000n);
    const requests = await watchRequests(t, 'yandex-pay');
    await t.advance(20);
    valueOf(await sync(refund.id));
    expect(await requests('createRefund')).toMatchObject([{ effect: false, status: 409 }]);
    await t.advance(31);
    valueOf(await sync(refund.id));
    valueOf(await sync(refund.id));
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  },
);
