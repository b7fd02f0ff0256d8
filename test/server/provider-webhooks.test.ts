import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  buildRazorpayDelivery,
  buildStripeDelivery,
  buildYooKassaDelivery,
  type ProviderDelivery,
} from '../../src/testing/index.ts';
import {
  createRefundMutation,
  createTestService,
  refundInput,
  type TestService,
} from '../support/service.ts';

/**
 * The providers that sign nothing or with a secret of the account, from end to end: the sandbox tells, the service
 * verifies, keeps and looks. No other look is due, so that what settles was told.
 */

let t: TestService;
beforeAll(async () => {
  t = await createTestService('provider_webhooks', { engine: true });
});
afterAll(() => t.close());
afterEach(async () => {
  for (const provider of ['yookassa', 'razorpay', 'stripe'])
    await t.control('webhooks', { provider, mode: 'off', url: t.app.url });
});

interface Place {
  readonly provider: string;
  readonly account: string;
  readonly currency: string;
}
const yookassa: Place = { provider: 'yookassa', account: 'yookassa-demo', currency: 'RUB' };
const razorpay: Place = { provider: 'razorpay', account: 'razorpay-demo', currency: 'MYR' };
const stripe: Place = { provider: 'stripe', account: 'stripe-demo', currency: 'USD' };
/** Behind connector stripe there is the Stripe simulator. */
const prism: Place = { ...stripe, account: 'prism-demo' };

const db = () => t.database.db;
const urlOf = ({ account }: Place): string => {
  const { webhookId } = t.app.world.connections.all().find(({ accountCode }) => accountCode === account)!;
  return `${t.app.url}/webhooks/${webhookId}`;
};
const webhooks = (place: Place, mode: string, more: object = {}) =>
  t.control('webhooks', { provider: place.provider, mode, url: urlOf(place), ...more });
const pay = ({ provider, account, currency }: Place, more: Record<string, unknown> = {}): Promise<string> =>
  t.payment('1500.00', { provider, account, amount: { value: '1500.00', currency }, ...more });

const ordinaryLooksAreFarAway = async (): Promise<void> => {
  for (const [table, column] of [
    ['refund_legs', 'next_look_at'],
    ['payments', 'next_look_at'],
    ['accounts', 'next_sweep_at'],
  ])
    await sql`UPDATE ${sql.table(table!)} SET ${sql.ref(column!)} = app_now() + interval '1 day'
      WHERE ${sql.ref(column!)} IS NOT NULL`.execute(db());
};

/** A refund of 400.00 that its provider has accepted; its id here and there. */
async function pendingRefund(
  place: Place,
  payment?: string,
): Promise<{ id: string; there: string; payment: string }> {
  const { provider, account, currency } = place;
  await t.control('mode', { provider, refunds: 'pending' });
  const paymentId = payment ?? (await pay(place));
  const input = refundInput(paymentId, '400.00', {
    payment: { provider: { account, paymentId } },
    amount: { money: { value: '400.00', currency } },
  });
  const made = await t.graphql<{ createRefund: { refund: { id: string; status: string } } }>(
    createRefundMutation,
    { input },
  );
  expect(made.data.createRefund.refund).toMatchObject({ status: 'PENDING' });
  await ordinaryLooksAreFarAway();
  const { there } = await db()
    .selectFrom('refund_legs')
    .innerJoin('payments', 'payments.id', 'refund_legs.payment_id')
    .select('refund_legs.provider_refund_id as there')
    .where('payments.provider_payment_id', '=', paymentId)
    .executeTakeFirstOrThrow();
  return { id: made.data.createRefund.refund.id, there: there!, payment: paymentId };
}

const settle = ({ provider }: Place, refundId: string, status: string) =>
  t.control('settle', { provider, refundId, status });
const statusOf = async (id: string): Promise<unknown> => {
  const answer = await t.graphql<{ node: { status: string } }>(
    'query ($id: ID!) { node(id: $id) { ... on Refund { status } } }',
    { id },
  );
  return answer.data.node.status;
};
const paymentOf = async ({ account }: Place, paymentId: string) => {
  const answer = await t.graphql<{
    payment: {
      status: string;
      refunded: { value: string };
      refunds: { nodes: { origin: string; status: string }[] };
    };
  }>(
    `query ($ref: PaymentRefInput!) { payment(by: $ref) {
      status refunded { value } refunds(first: 10) { nodes { origin status } } } }`,
    { ref: { provider: { account, paymentId } } },
  );
  return answer.data.payment;
};
/** The messages about a payment, oldest first. */
const messagesAbout = (paymentId: string) =>
  db()
    .selectFrom('webhook_deliveries')
    .select(['event', 'times', 'status'])
    .where('provider_payment_id', '=', paymentId)
    .orderBy('received_at')
    .execute();
const deliveries = async ({ provider }: Place) => {
  const { webhooks: told } = await t.control<{
    webhooks: { deliveries: { acknowledged: boolean; lastStatus: number | null; attempts: number }[] }[];
  }>(`webhooks?provider=${provider}`);
  return told[0]!.deliveries;
};
/** How many requests to the webhook URL of an account had this result. */
async function resultsOf({ account }: Place, result: string): Promise<number> {
  const page = await (await fetch(`${t.app.url}/metrics`)).text();
  const line = page
    .split('\n')
    .find((each) => each.includes(`webhooks_total{account="${account}",result="${result}"}`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

describe.each<[string, Place, string, string, string]>([
  ['YooKassa', yookassa, 'succeeded', 'SUCCEEDED', 'refund.succeeded'],
  ['Razorpay', razorpay, 'succeeded', 'SUCCEEDED', 'refund.processed'],
  ['Razorpay', razorpay, 'failed', 'FAILED', 'refund.failed'],
  ['Stripe', stripe, 'succeeded', 'SUCCEEDED', 'refund.updated'],
  ['Stripe', stripe, 'failed', 'FAILED', 'refund.failed'],
  ['Stripe behind Prism', prism, 'succeeded', 'SUCCEEDED', 'refund.updated'],
  ['Stripe behind Prism', prism, 'failed', 'FAILED', 'charge.refund.updated'],
])('%s', (_name, place, end, status, event) => {
  test(`a pending refund that ${end} is ${status} by what it tells alone`, async () => {
    const { id, there, payment } = await pendingRefund(place);
    await webhooks(place, 'on');
    await settle(place, there, end);
    await expect.poll(() => statusOf(id), { timeout: 20_000 }).toBe(status);
    await expect
      .poll(() => messagesAbout(payment), { timeout: 20_000 })
      .toContainEqual({ event, times: 1, status: 'DONE' });
  });
});

describe.each<[string, Place]>([
  ['YooKassa', yookassa],
  ['Razorpay', razorpay],
  ['Stripe', stripe],
])('%s', (_name, place) => {
  test('what comes twice is one message, and one refund', async () => {
    const { id, there, payment } = await pendingRefund(place);
    await webhooks(place, 'duplicate');
    await settle(place, there, 'succeeded');
    await expect.poll(() => statusOf(id), { timeout: 20_000 }).toBe('SUCCEEDED');
    await expect
      .poll(
        async () => new Set((await messagesAbout(payment)).map(({ times, status }) => `${times} ${status}`)),
        {
          timeout: 20_000,
        },
      )
      .toEqual(new Set(['2 DONE']));
    expect((await paymentOf(place, payment)).refunded.value).toBe('400.00');
  });

  test('a refund that was made in the console is told, and is taken in', async () => {
    const { there, payment } = await pendingRefund(place);
    await t.control('mode', { provider: place.provider, refunds: 'instant' });
    await webhooks(place, 'on');
    await t.control('console-refund', {
      provider: place.provider,
      reference: payment,
      amount: { value: '100.00', currency: place.currency },
    });
    await expect
      .poll(async () => (await paymentOf(place, payment)).refunds.nodes, { timeout: 20_000 })
      .toContainEqual({ origin: 'EXTERNAL', status: 'SUCCEEDED' });
    await settle(place, there, 'succeeded');
    await expect
      .poll(async () => (await paymentOf(place, payment)).refunded.value, { timeout: 20_000 })
      .toBe('500.00');
  });

  test('what is told before our own answer came is one refund', async () => {
    await t.control('mode', { provider: place.provider, refunds: 'instant' });
    const paymentId = await pay(place);
    await webhooks(place, 'on');
    await t.control('faults', {
      provider: place.provider,
      operation: 'createRefund',
      kind: 'slow',
      when: 'after',
      ms: 1_500,
    });
    const input = refundInput(paymentId, '400.00', {
      payment: { provider: { account: place.account, paymentId } },
      amount: { money: { value: '400.00', currency: place.currency } },
    });
    const made = await t.graphql<{ createRefund: { refund: { id: string } } }>(createRefundMutation, {
      input,
    });
    await expect
      .poll(() => statusOf(made.data.createRefund.refund.id), { timeout: 20_000 })
      .toBe('SUCCEEDED');
    await expect
      .poll(async () => (await messagesAbout(paymentId)).every(({ status }) => status === 'DONE'), {
        timeout: 20_000,
      })
      .toBe(true);
    expect((await messagesAbout(paymentId)).length).toBeGreaterThan(0);
    expect(await paymentOf(place, paymentId)).toMatchObject({
      refunded: { value: '400.00' },
      refunds: { nodes: [{ origin: 'API', status: 'SUCCEEDED' }] },
    });
  });

  test('what is about nothing that is known here is acknowledged and left alone', async () => {
    await t.control('mode', { provider: place.provider, refunds: 'instant' });
    const unknown = await pay(place);
    await webhooks(place, 'on');
    await t.control('console-refund', {
      provider: place.provider,
      reference: unknown,
      amount: { value: '100.00', currency: place.currency },
    });
    await expect
      .poll(async () => (await messagesAbout(unknown)).map(({ status }) => status), { timeout: 20_000 })
      .toContain('IGNORED');
    const seen = db().selectFrom('payments').select('id').where('provider_payment_id', '=', unknown);
    expect(await seen.execute()).toEqual([]);
  });
});

describe('lies', () => {
  test.each<[string, Place, number, readonly string[]]>([
    ['Razorpay', razorpay, 2, ['forged']],
    ['Stripe', stripe, 3, ['forged', 'stale']],
  ])('of %s are refused, and change nothing', async (_name, place, count, results) => {
    const before = await Promise.all(results.map((result) => resultsOf(place, result)));
    await webhooks(place, 'forge');
    const { id, payment } = await pendingRefund(place);
    await expect
      .poll(async () => (await deliveries(place)).slice(-count).map(({ lastStatus }) => lastStatus), {
        timeout: 20_000,
      })
      .toEqual(Array.from({ length: count }, () => 401));
    expect(await messagesAbout(payment)).toEqual([]);
    expect(await statusOf(id)).toBe('PENDING');
    for (const [index, result] of results.entries())
      expect(await resultsOf(place, result)).toBeGreaterThan(before[index]!);
  });

  test('of YooKassa, which signs nothing, are a reason to ask, and the answer counts', async () => {
    await webhooks(yookassa, 'forge');
    const { id, payment } = await pendingRefund(yookassa);
    await expect
      .poll(async () => (await messagesAbout(payment)).map(({ status }) => status), { timeout: 20_000 })
      .toEqual(['DONE', 'DONE']);
    expect(await statusOf(id)).toBe('PENDING');
    expect(await paymentOf(yookassa, payment)).toMatchObject({
      refunded: { value: '0.00' },
      refunds: { nodes: [{ status: 'PENDING' }] },
    });
  });

  test('of YooKassa do not swallow the truth that comes after them', async () => {
    await webhooks(yookassa, 'forge');
    const { id, there, payment } = await pendingRefund(yookassa);
    await expect
      .poll(async () => (await messagesAbout(payment)).map(({ status }) => status), { timeout: 20_000 })
      .toEqual(['DONE', 'DONE']);
    await webhooks(yookassa, 'on');
    await settle(yookassa, there, 'succeeded');
    await expect.poll(() => statusOf(id), { timeout: 20_000 }).toBe('SUCCEEDED');
  });
});

describe('payments', () => {
  test('YooKassa: a hold that is released elsewhere is told', async () => {
    const paymentId = await pay(yookassa, { status: 'authorized' });
    expect((await paymentOf(yookassa, paymentId)).status).toBe('AUTHORIZED');
    await ordinaryLooksAreFarAway();
    await webhooks(yookassa, 'on');
    const { yookassaUrl } = t.sandbox;
    const canceled = await fetch(`${yookassaUrl}/payments/${paymentId}/cancel`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from('100500:test_demo_yookassa_secret_key').toString('base64')}`,
        'content-type': 'application/json',
        'idempotence-key': 'released-elsewhere',
      },
      body: '{}',
    });
    expect(canceled.status).toBe(200);
    await expect
      .poll(async () => (await paymentOf(yookassa, paymentId)).status, { timeout: 20_000 })
      .toBe('CANCELED');
  });

  test('Stripe: a refund that comes back after it had succeeded is told', async () => {
    const { id, there } = await pendingRefund(stripe);
    await webhooks(stripe, 'on');
    await settle(stripe, there, 'succeeded');
    await expect.poll(() => statusOf(id), { timeout: 20_000 }).toBe('SUCCEEDED');
    await ordinaryLooksAreFarAway();
    await settle(stripe, there, 'reversed');
    await expect.poll(() => statusOf(id), { timeout: 20_000 }).toBe('REVERSED');
  });
});

test('YooKassa tells nothing of a refund that failed: it stays open until it is looked at', async () => {
  const { id, there, payment } = await pendingRefund(yookassa);
  await webhooks(yookassa, 'on');
  await settle(yookassa, there, 'canceled');
  expect(await messagesAbout(payment)).toEqual([]);
  expect(await statusOf(id)).toBe('PENDING');
  await sql`UPDATE refund_legs SET next_look_at = app_now() WHERE provider_refund_id = ${there}`.execute(
    db(),
  );
  await expect.poll(() => statusOf(id), { timeout: 20_000 }).toBe('FAILED');
});

type Build = (refundId: string, paymentId: string) => ProviderDelivery;
describe.each<[string, Place, Build]>([
  [
    'YooKassa',
    yookassa,
    (refundId, paymentId) => buildYooKassaDelivery({ event: 'refund.succeeded', refundId, paymentId }),
  ],
  [
    'Razorpay',
    razorpay,
    (refundId, paymentId) =>
      buildRazorpayDelivery({
        event: 'refund.processed',
        account: 'acc_SimSub00000001',
        secret: 'whsec-curlec-test-1',
        refundId,
        paymentId,
      }),
  ],
  [
    'Stripe behind Prism',
    prism,
    (refundId, paymentId) =>
      buildStripeDelivery({
        type: 'refund.updated',
        secret: 'whsec_SimStripePrism00000000003',
        refundId,
        paymentId,
      }),
  ],
])('%s', (_name, place, build) => {
  test('a delivery for tests has a refund looked at', async () => {
    const { id, there, payment } = await pendingRefund(place);
    await settle(place, there, 'succeeded');
    const { method, path, headers, body } = build(there, payment);
    const answer = await fetch(urlOf(place) + path, { method, headers, body });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
    await expect.poll(() => statusOf(id), { timeout: 20_000 }).toBe('SUCCEEDED');
  });
});

test('Stripe: for a day after its secret was rolled, the old one still verifies', async () => {
  const { id, there } = await pendingRefund(stripe);
  await webhooks(stripe, 'on', { account: 'stripe-demo', secret: 'whsec_rolled' });
  await settle(stripe, there, 'succeeded');
  await expect.poll(() => statusOf(id), { timeout: 20_000 }).toBe('SUCCEEDED');
});

// From here on the sandbox is days ahead, so that nothing of Stripe would be taken.
test('Razorpay: the return of a payment that was never captured is told, and is no refund', async () => {
  const paymentId = await pay(razorpay, { status: 'authorized' });
  expect((await paymentOf(razorpay, paymentId)).status).toBe('AUTHORIZED');
  await ordinaryLooksAreFarAway();
  await webhooks(razorpay, 'on');
  await t.control('clock', { advanceSeconds: 6 * 86_400 });
  await expect
    .poll(async () => (await paymentOf(razorpay, paymentId)).status, { timeout: 20_000 })
    .toBe('CANCELED');
  expect(await paymentOf(razorpay, paymentId)).toMatchObject({
    refunded: { value: '0.00' },
    refunds: { nodes: [] },
  });
});

// The last one: webhooks that fail until they are given up are ended at Razorpay.
test('YooKassa and Razorpay: the messages of another account at the same URL change nothing', async () => {
  await webhooks(razorpay, 'on');
  const forged = await resultsOf(razorpay, 'forged');
  const theirs = await t.payment('100.00', {
    provider: 'razorpay',
    account: 'razorpay-other',
    amount: { value: '100.00', currency: 'MYR' },
  });
  await expect.poll(() => resultsOf(razorpay, 'forged'), { timeout: 20_000 }).toBeGreaterThan(forged);
  expect(await messagesAbout(theirs)).toEqual([]);

  await webhooks(yookassa, 'on');
  const foreign = await t.payment('100.00', {
    account: 'yookassa-other',
    amount: { value: '100.00', currency: 'RUB' },
  });
  await expect
    .poll(async () => (await messagesAbout(foreign)).map(({ status }) => status), { timeout: 20_000 })
    .toEqual(['IGNORED']);
});
