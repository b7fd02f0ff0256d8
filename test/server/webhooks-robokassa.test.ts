import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildRoboKassaDelivery } from '../../src/testing/robokassa-delivery.ts';
import { createTestService, type TestService } from '../support/service.ts';
import { notifiedOf, switchWebhooks } from '../support/notifications.ts';
import { messagesOf, send, webhookUrl } from '../support/webhooks.ts';

const provider = 'robokassa';
const account = 'robokassa-demo';
const PATIENT = { timeout: 15_000 };

let t: TestService;
beforeAll(async () => {
  t = await createTestService('webhooks_robokassa', { engine: true });
});
afterAll(() => t.close());

const mode = (more: object) => t.control('mode', { provider, ...more });
/** A payment that the service has read once, and reads again only when it is told of it. */
async function seen(more: object): Promise<string> {
  await t.control('webhooks', { provider, mode: 'off', url: t.app.url });
  const paymentId = await t.payment('1500.00', { provider, ...more });
  const { data } = await t.graphql<any>(
    `query ($paymentId: String!) { payment(by: { provider: { account: "${account}", paymentId: $paymentId } }) { id } }`,
    { paymentId },
  );
  expect(data.payment).not.toBeNull();
  return paymentId;
}
const paymentOf = (paymentId: string) =>
  t.database.db
    .selectFrom('payments')
    .select('state')
    .where('provider_payment_id', '=', paymentId)
    .executeTakeFirstOrThrow();
const messages = async (paymentId: string) =>
  (await messagesOf(t))
    .filter((message) => message.provider_payment_id === paymentId)
    .map(({ event, status, times }) => `${event} ${status} ${times}`)
    .toSorted();
const confirm = (invoiceId: string) => {
  const signed = `demo-shop:1500.00:${invoiceId}:pass1-secret`;
  return fetch(`${t.sandbox.robokassaUrl}/Merchant/Payment/Confirm`, {
    method: 'POST',
    body: new URLSearchParams({
      MerchantLogin: 'demo-shop',
      InvoiceID: invoiceId,
      OutSum: '1500.00',
      SignatureValue: createHash('md5').update(signed).digest('hex'),
    }),
  });
};

describe('by webhook alone', () => {
  test.each(['ResultURL', 'ResultUrl2'])(
    'a hold that was confirmed is captured, told by %s',
    async (told) => {
      await mode({ notifications: [told] });
      const paymentId = await seen({ status: 'authorized' });
      expect(await paymentOf(paymentId)).toMatchObject({ state: 'AUTHORIZED' });
      await switchWebhooks(t, provider, account, 'on');
      expect((await confirm(paymentId)).status).toBe(200);
      await expect.poll(async () => (await paymentOf(paymentId)).state, PATIENT).toBe('CAPTURED');
      await expect.poll(() => messages(paymentId), PATIENT).toEqual([`${told} DONE 1`]);
      await expect
        .poll(async () => (await notifiedOf(t, provider)).at(-1), PATIENT)
        .toMatchObject({ event: told, acknowledged: true, attempts: 1 });
    },
  );

  test('a payment that is credited later is captured, though everything comes twice', async () => {
    await mode({ notifications: ['ResultURL', 'ResultUrl2'], creditAfterSeconds: null });
    const paymentId = await seen({ state: '50' });
    expect(await paymentOf(paymentId)).toMatchObject({ state: 'PENDING' });
    await switchWebhooks(t, provider, account, 'duplicate');
    await mode({ creditAfterSeconds: 0 });
    await expect.poll(async () => (await paymentOf(paymentId)).state, PATIENT).toBe('CAPTURED');
    await expect.poll(() => messages(paymentId), PATIENT).toEqual(['ResultURL DONE 2', 'ResultUrl2 DONE 2']);
  });

  test('a ResultURL by GET counts as one by POST', async () => {
    await mode({ notifications: [] });
    const paymentId = await seen({ status: 'authorized' });
    await confirm(paymentId);
    const delivery = buildRoboKassaDelivery({
      invoiceId: paymentId,
      outSum: '1500.000000',
      password2: 'pass2-secret',
      shopFields: { Shp_order: 'А-77 + 1' },
      method: 'GET',
    });
    const answer = await send(webhookUrl(t, account), delivery);
    expect([answer.status, await answer.text()]).toEqual([200, `OK${paymentId}`]);
    await expect.poll(async () => (await paymentOf(paymentId)).state, PATIENT).toBe('CAPTURED');
  });
});

test('what was never seen here is acknowledged and asked of nobody', async () => {
  await mode({ notifications: ['ResultURL', 'ResultUrl2'] });
  await switchWebhooks(t, provider, account, 'on');
  const paymentId = await t.payment('10.00', { provider });
  await expect
    .poll(() => messages(paymentId), PATIENT)
    .toEqual(['ResultURL IGNORED 1', 'ResultUrl2 IGNORED 1']);
  const known = await t.database.db
    .selectFrom('payments')
    .select('id')
    .where('provider_payment_id', '=', paymentId)
    .execute();
  expect(known).toEqual([]);
});

test('lies change nothing, and none of them is kept', async () => {
  await mode({ notifications: ['ResultURL', 'ResultUrl2'] });
  const paymentId = await seen({ status: 'authorized' });
  const before = (await notifiedOf(t, provider)).length;
  await switchWebhooks(t, provider, account, 'forge');
  await confirm(paymentId);
  await expect
    .poll(
      async () =>
        (await notifiedOf(t, provider))
          .slice(before)
          .map(({ attempts, lastStatus }) => [attempts, lastStatus]),
      PATIENT,
    )
    .toEqual([
      [6, 401],
      [6, 401],
    ]);
  expect(await messages(paymentId)).toEqual([]);
  expect(await paymentOf(paymentId)).toMatchObject({ state: 'AUTHORIZED' });
});
