import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestService, type TestService } from '../support/service.ts';
import {
  makePendingRefund,
  notifiedOf,
  stopOrdinaryLooks,
  switchWebhooks,
} from '../support/notifications.ts';
import { messagesOf, webhookUrl } from '../support/webhooks.ts';

const provider = 'yandex-pay';
const PATIENT = { timeout: 15_000 };

let t: TestService;
beforeAll(async () => {
  t = await createTestService('webhooks_yandex', { engine: true });
});
afterAll(() => t.close());
beforeEach(async () => {
  await t.control('webhooks', { provider, mode: 'off', url: t.app.url });
  await t.control('mode', { provider, refunds: 'pending', tokenTimes: 'integers' });
});

const settle = (status: 'succeeded' | 'failed') => t.control('settle', { provider, all: true, status });
const statusOf = async (paymentId: string) =>
  (
    await t.database.db
      .selectFrom('refunds')
      .innerJoin('payments', 'payments.id', 'refunds.payment_id')
      .select('refunds.status')
      .where('payments.provider_payment_id', '=', paymentId)
      .executeTakeFirst()
  )?.status;
const ofPayment = async (paymentId: string) =>
  (await messagesOf(t)).filter((message) => message.provider_payment_id === paymentId);

/** A refund that is under way, and of which nobody will hear but by a webhook. */
async function pendingRefund(account = 'yandex-pay-demo', more: object = {}): Promise<string> {
  const currency = account === 'yandex-pay-uz' ? 'UZS' : 'RUB';
  const paymentId = await t.payment('300.00', {
    provider,
    account,
    amount: { value: '300.00', currency },
    ...more,
  });
  await makePendingRefund(t, account, paymentId, '300.00', currency);
  await stopOrdinaryLooks(t);
  return paymentId;
}

describe('by webhook alone', () => {
  test.each([
    ['yandex-pay-demo', 'succeeded', 'SUCCEEDED'],
    ['yandex-pay-demo', 'failed', 'FAILED'],
    ['yandex-pay-uz', 'succeeded', 'SUCCEEDED'],
  ] as const)('a refund of %s that %s is %s', async (account, ending, status) => {
    const paymentId = await pendingRefund(account);
    await switchWebhooks(t, provider, account, 'on');
    await settle(ending);
    await expect.poll(() => statusOf(paymentId), PATIENT).toBe(status);
    await expect
      .poll(async () => new Set((await notifiedOf(t, provider)).map(({ lastStatus }) => lastStatus)), PATIENT)
      .toEqual(new Set([200]));
    await expect
      .poll(async () => (await ofPayment(paymentId)).map((message) => message.status), PATIENT)
      .toEqual(ending === 'failed' ? ['DONE'] : ['DONE', 'DONE']);
  });

  test.each(['duplicate', 'reorder'] as const)('it is so in the mode %s', async (mode) => {
    const paymentId = await pendingRefund();
    await switchWebhooks(t, provider, 'yandex-pay-demo', mode);
    await settle('succeeded');
    await expect.poll(() => statusOf(paymentId), PATIENT).toBe('SUCCEEDED');
    const twice = mode === 'duplicate' ? 2 : 1;
    await expect
      .poll(async () => (await ofPayment(paymentId)).map(({ times, status }) => [times, status]), PATIENT)
      .toEqual([
        [twice, 'DONE'],
        [twice, 'DONE'],
      ]);
  });

  test('it is so where the times of tokens are texts', async () => {
    await t.control('mode', { provider, tokenTimes: 'strings' });
    const paymentId = await pendingRefund();
    await switchWebhooks(t, provider, 'yandex-pay-demo', 'on');
    await settle('succeeded');
    await expect.poll(() => statusOf(paymentId), PATIENT).toBe('SUCCEEDED');
  });

  test('a refund that was made in the console is seen', async () => {
    const paymentId = await pendingRefund();
    await settle('failed');
    await switchWebhooks(t, provider, 'yandex-pay-demo', 'on');
    await t.control('console-refund', {
      provider,
      reference: paymentId,
      amount: { value: '300.00', currency: 'RUB' },
    });
    const origins = () =>
      t.database.db
        .selectFrom('refunds')
        .innerJoin('payments', 'payments.id', 'refunds.payment_id')
        .select(['refunds.origin', 'refunds.status'])
        .where('payments.provider_payment_id', '=', paymentId)
        .orderBy('refunds.created_at')
        .execute();
    await expect.poll(origins, PATIENT).toEqual(
      expect.arrayContaining([
        { origin: 'API', status: 'FAILED' },
        { origin: 'EXTERNAL', status: 'SUCCEEDED' },
      ]),
    );
  });
});

test('lies change nothing, and none of them is kept', async () => {
  const paymentId = await pendingRefund();
  const before = (await notifiedOf(t, provider)).length;
  await switchWebhooks(t, provider, 'yandex-pay-demo', 'forge');
  await settle('failed');
  const lies = async () => (await notifiedOf(t, provider)).slice(before);
  await expect
    .poll(async () => (await lies()).map(({ forged, lastStatus }) => [forged, lastStatus]), PATIENT)
    .toEqual(Array.from({ length: 6 }, () => [true, 400]));
  expect(await ofPayment(paymentId)).toEqual([]);
  expect(await statusOf(paymentId)).toBe('PENDING');
});

test('what the account of another merchant is told is not taken', async () => {
  const paymentId = await pendingRefund('yandex-pay-uz');
  // Everything goes to the account of the other edition.
  await switchWebhooks(t, provider, 'yandex-pay-demo', 'on');
  const before = (await notifiedOf(t, provider)).length;
  await settle('succeeded');
  await expect
    .poll(
      async () => (await notifiedOf(t, provider)).slice(before).map(({ lastStatus }) => lastStatus),
      PATIENT,
    )
    .toEqual([400, 400]);
  expect(await ofPayment(paymentId)).toEqual([]);
  expect(await statusOf(paymentId)).toBe('PENDING');
});

test('a refusal says why in the words of the provider, and a path that is not the provider’s is nowhere', async () => {
  const url = webhookUrl(t, 'yandex-pay-demo');
  const answer = await fetch(`${url}/v1/webhook`, { method: 'POST', body: 'hello' });
  expect([answer.status, answer.headers.get('content-type'), await answer.json()]).toEqual([
    400,
    'application/json',
    { status: 'fail', reasonCode: 'OTHER', reason: 'The token cannot be read.' },
  ]);
  expect((await fetch(url, { method: 'POST', body: 'hello' })).status).toBe(404);
  expect((await fetch(`${url}/v1/webhook`)).status).toBe(405);
});
