import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createRefund, type CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import { driveDue } from '../../src/refunds/engine/drive-due.ts';
import type { RefundId } from '../../src/ids.ts';
import {
  clearFaults,
  expectSound,
  paymentRow,
  refundRow,
  refundRows,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';
import {
  armYandex,
  cartLine,
  MERCHANT_ID,
  resetYandex,
  settleYandex,
  yandexCommand,
  yandexConsoleRefund,
  yandexMode,
  yandexOrder,
} from '../support/yandex-pay.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('yandex_pay_one');
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await resetYandex(t);
  await yandexMode(t, { refunds: 'pending' });
});

const cart = () =>
  yandexOrder(t, '1500.00', { items: [cartLine('mug', '3', '100.00'), cartLine('kettle', '1', '1200.00')] });

async function create(
  paymentId: string,
  minor: bigint | 'remaining',
  more: Partial<CreateRefundCommand> = {},
) {
  const created = valueOf(await createRefund(t.world, t.caller(), yandexCommand(paymentId, minor, more)));
  return refundRow(t, created.refundId);
}

const statusOf = async ({ id }: { readonly id: RefundId }) => (await refundRow(t, id)).status;

/** Time passes, and the engine takes what has come due. */
async function drive(seconds: number, rounds = 1): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await t.advance(seconds);
    await driveDue(t.world);
  }
}

/** A mug goes back by other software, and is not settled yet. */
async function refundByOthers(paymentId: string): Promise<void> {
  const answer = await fetch(`${t.sandbox.yandexPayUrl}/v2/orders/${paymentId}/refund`, {
    method: 'POST',
    headers: {
      authorization: `Api-Key ${MERCHANT_ID}`,
      'x-request-id': paymentId,
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      refundAmount: '100.00',
      externalOperationId: `theirs-${paymentId}`,
      targetCart: { items: [{ productId: 'mug', quantityCount: '2' }, { productId: 'kettle' }] },
    }),
  });
  expect(answer.status).toBe(200);
}

/** The cart that a refund asks for, as it was sent last. */
async function targetOf({ id }: { readonly id: RefundId }): Promise<unknown> {
  const { attempts } = await refundRow(t, id);
  const body = JSON.parse(attempts[0]!.body!) as { targetCart?: { items: unknown } };
  return body.targetCart?.items;
}

test('a second refund waits for the first one and is sent with the cart as it is then', async () => {
  const paymentId = await cart();
  const first = await create(paymentId, 20_000n);
  const second = await create(paymentId, 120_000n, { waitMs: 0 });
  const third = await create(paymentId, 'remaining', { waitMs: 0 });
  expect(await Promise.all([first, second, third].map(statusOf))).toEqual(['PENDING', 'QUEUED', 'QUEUED']);
  expect(third).toMatchObject({ amount_minor: 10_000n });
  await drive(60);
  expect(await statusOf(second)).toBe('QUEUED');

  await settleYandex(t, 'succeeded');
  await drive(600, 2);
  expect(await Promise.all([first, second, third].map(statusOf))).toEqual(['SUCCEEDED', 'PENDING', 'QUEUED']);
  expect(await targetOf(first)).toEqual([{ productId: 'mug', quantityCount: '1' }, { productId: 'kettle' }]);
  expect(await targetOf(second)).toEqual([{ productId: 'mug' }]);

  await settleYandex(t, 'succeeded');
  await drive(3_600, 2);
  await settleYandex(t, 'succeeded');
  await drive(3_600, 2);
  expect(await Promise.all([first, second, third].map(statusOf))).toEqual([
    'SUCCEEDED',
    'SUCCEEDED',
    'SUCCEEDED',
  ]);
  expect(await targetOf(third)).toBeUndefined();
  expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 150_000n, reserved_minor: 0n });
  await expectSound(t, paymentId);
});

test('a waiting refund takes only its own items after the first one has failed', async () => {
  const paymentId = await cart();
  const first = await create(paymentId, 20_000n);
  const rest = await create(paymentId, 'remaining', { waitMs: 0 });
  expect(rest).toMatchObject({ status: 'QUEUED', amount_minor: 130_000n });
  await settleYandex(t, 'failed');
  await drive(60, 2);
  expect(await statusOf(first)).toBe('FAILED');
  expect(await statusOf(rest)).toBe('PENDING');
  // Without a cart everything would go back.
  expect(await targetOf(rest)).toEqual([{ productId: 'mug', quantityCount: '2' }]);
  await settleYandex(t, 'succeeded');
  await drive(300);
  expect(await statusOf(rest)).toBe('SUCCEEDED');
  await expectSound(t, paymentId);
});

test('a refund of somebody else makes ours wait, and it is made for the cart that is left then', async () => {
  const paymentId = await cart();
  await refundByOthers(paymentId);
  const requests = await watchRequests(t, 'yandex-pay');
  const ours = await create(paymentId, 20_000n, { waitMs: 0 });
  expect(ours).toMatchObject({ status: 'QUEUED' });
  await drive(60);
  expect(await requests('createRefund')).toEqual([]);
  await settleYandex(t, 'succeeded');
  await drive(600, 2);
  expect(await statusOf(ours)).toBe('PENDING');
  expect(await targetOf(ours)).toEqual([{ productId: 'kettle' }]);
  await settleYandex(t, 'succeeded');
  await drive(3_600, 2);
  const origins = (await refundRows(t, paymentId)).map(({ origin, status }) => `${origin} ${status}`);
  expect(origins.toSorted()).toEqual(['API SUCCEEDED', 'EXTERNAL SUCCEEDED']);
  await expectSound(t, paymentId);
});

test('one that the provider puts off is made anew under another X-Request-Id and the same external id', async () => {
  const paymentId = await cart();
  const requests = await watchRequests(t, 'yandex-pay');
  await armYandex(t, 'busy');
  const refund = await create(paymentId, 20_000n, { waitMs: 1_000 });
  expect(refund).toMatchObject({ status: 'QUEUED' });
  expect(refund.legs[0]!.failure).toMatchObject({ code: 'ANOTHER_OPERATION_IN_PROGRESS', retry: 'WAIT' });
  await drive(60);
  expect(await statusOf(refund)).toBe('PENDING');
  const key = refund.attempts[0]!.provider_key;
  expect(
    (await requests('createRefund')).map(({ headers, providerKey }) => ({ headers, providerKey })),
  ).toEqual(
    [0, 1].map((sends) => ({
      providerKey: key,
      headers: expect.objectContaining({
        'x-request-id': `${key}-${sends}`,
        'x-request-attempt': String(sends),
        'x-request-timeout': '10000',
      }),
    })),
  );
  await settleYandex(t, 'succeeded');
  await drive(3_600, 2);
  await expectSound(t, paymentId);
});

test('a waiting refund whose items somebody else has returned meanwhile fails without being sent', async () => {
  const paymentId = await cart();
  const first = await create(paymentId, 10_000n);
  const kettle = await create(paymentId, 'remaining', {
    waitMs: 0,
    amount: { kind: 'items', items: [{ item: 'kettle', quantityHundredths: 100n, amount: null }] },
  });
  expect(kettle).toMatchObject({ status: 'QUEUED', amount_minor: 120_000n });
  await settleYandex(t, 'succeeded');
  await yandexMode(t, { refunds: 'instant' });
  await yandexConsoleRefund(t, paymentId, '1200.00');
  const requests = await watchRequests(t, 'yandex-pay');
  await drive(60, 3);
  expect(await statusOf(first)).toBe('SUCCEEDED');
  expect(await statusOf(kettle)).toBe('FAILED');
  expect(await requests('createRefund')).toEqual([]);
  expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 130_000n, reserved_minor: 0n });
  await expectSound(t, paymentId);
});

test('behind a refund of which nobody knows no other is begun', async () => {
  const paymentId = await cart();
  await armYandex(t, 'error-before-effect');
  const first = await create(paymentId, 10_000n);
  expect(await statusOf(first)).toBe('UNKNOWN');
  const second = await createRefund(t.world, t.caller(), yandexCommand(paymentId, 20_000n));
  expect(second).toMatchObject({ ok: false, problems: [{ type: 'OperationInProgress' }] });
});
