import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createRefundMutation,
  createTestService,
  refundInput,
  type TestService,
} from '../support/service.ts';
import { toyDelivery, toyReceiver, withReceiver } from '../support/toy-webhooks.ts';
import {
  forgetMessages,
  messagesOf,
  razorpay,
  send,
  watchCalls,
  webhookUrl,
  workOnMessages,
  yookassa,
} from '../support/webhooks.ts';

let t: TestService;
beforeAll(async () => {
  // Stripe's place has a receiver that takes whatever a test wants.
  t = await createTestService(
    'webhooks',
    {},
    { providers: withReceiver('stripe', toyReceiver('SIGNATURE')) },
  );
});
beforeEach(() => forgetMessages(t));
afterAll(() => t.close());

const refund = {
  event: 'refund.processed',
  refundId: 'rfnd_SimRefund00001',
  paymentId: 'pay_SimPayment0001',
} as const;
const notice = { event: 'refund.succeeded', refundId: 'r-1', paymentId: 'p-1' } as const;

const metric = async (account: string, result: string): Promise<number> => {
  const page = await (await fetch(`${t.app.url}/metrics`)).text();
  const line = `refund_federation_webhooks_total{account="${account}",result="${result}"} `;
  return Number(
    page
      .split('\n')
      .find((each) => each.startsWith(line))
      ?.slice(line.length) ?? 0,
  );
};

describe('a webhook', () => {
  it('that is verified is stored before it is acknowledged, with what it is about and nothing else', async () => {
    const answer = await send(
      webhookUrl(t, 'razorpay-demo'),
      razorpay({ ...refund, receipt: 'a'.repeat(40) }),
    );
    expect([answer.status, await answer.text()]).toEqual([200, '']);
    expect(await messagesOf(t)).toMatchObject([
      {
        event: 'refund.processed',
        provider_refund_id: 'rfnd_SimRefund00001',
        provider_payment_id: 'pay_SimPayment0001',
        our_reference: 'a'.repeat(40),
        status: 'PENDING',
        times: 1,
        evidence: null,
      },
    ]);
    expect(await metric('razorpay-demo', 'stored')).toBe(1);
  });

  it('that is repeated is one message that came twice', async () => {
    const delivery = razorpay({ ...refund, eventId: 'the-same' });
    for (const _ of [1, 2]) expect((await send(webhookUrl(t, 'razorpay-demo'), delivery)).status).toBe(200);
    expect(await messagesOf(t)).toMatchObject([{ times: 2 }]);
  });

  it.each([
    ['forged', 401, razorpay({ ...refund, secret: 'another' })],
    ['foreign', 401, razorpay({ ...refund, account: 'acc_Somebody000001' })],
  ])('that is %s is refused with nothing stored', async (result, status, delivery) => {
    const before = await metric('razorpay-demo', result);
    const answer = await send(webhookUrl(t, 'razorpay-demo'), delivery);
    expect([answer.status, await answer.text()]).toEqual([status, '']);
    expect(await messagesOf(t)).toEqual([]);
    expect(await metric('razorpay-demo', result)).toBe(before + 1);
  });

  it('of an account without a secret is refused, however it is signed', async () => {
    const other = await createTestService('webhooks_no_secret', (sandbox) => ({
      merchants: [
        {
          code: 'demo',
          name: 'demo',
          keys: [],
          accounts: [
            {
              code: 'razorpay-demo',
              provider: 'razorpay',
              displayName: '',
              baseUrl: sandbox.razorpayUrl,
              options: {},
              credentials: { clientId: 'a', clientSecret: 'b', account: 'acc_SimSub00000001' },
              identity: 'acc_SimSub00000001',
              maxInFlight: 1,
              requestsPerSecond: 1,
              minLookIntervalMs: 0,
            },
          ],
        },
      ],
    }));
    try {
      expect((await send(webhookUrl(other, 'razorpay-demo'), razorpay(refund))).status).toBe(401);
      expect(await messagesOf(other)).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it.each(['\0', '\ud800', 'x'.repeat(256), ''])(
    'about an id that no row can have (%j) spoils no other',
    async (id) => {
      const url = webhookUrl(t, 'stripe-demo');
      const deliver = (key: string, refundId: string) =>
        fetch(url, { method: 'POST', ...toyDelivery([{ key, refund: refundId }]) });
      const answers = await Promise.all([
        deliver('good-1', 'r1'),
        deliver('bad', id),
        deliver('good-2', 'r2'),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([200, 400, 200]);
      expect((await messagesOf(t)).map((row) => row.deduplication_key).toSorted()).toEqual([
        'good-1',
        'good-2',
      ]);
    },
  );

  it('of another merchant’s refund is about nothing of this one, and nobody is called', async () => {
    await t.control('mode', { provider: 'yookassa', refunds: 'pending' });
    const payment = await t.payment('100.00');
    await t.graphql(createRefundMutation, { input: refundInput(payment, '10.00') });
    const { refunds } = await t.ledgerOf(payment);
    await t.control('settle', { provider: 'yookassa', all: true, status: 'succeeded' });
    const calls = await watchCalls(t, 'yookassa');
    const told = yookassa({ event: 'refund.succeeded', refundId: refunds[0]!.id, paymentId: payment });
    expect((await send(webhookUrl(t, 'yookassa-other'), told)).status).toBe(200);
    await workOnMessages(t.app.world);
    expect(await messagesOf(t)).toMatchObject([{ status: 'IGNORED' }]);
    expect(await calls()).toEqual([]);
    expect((await send(webhookUrl(t, 'yookassa-demo'), told)).status).toBe(200);
    await workOnMessages(t.app.world);
    expect((await calls()).length).toBe(1);
  });
});

describe('a path', () => {
  it.each([
    ['of nobody', () => `${t.app.url}/webhooks/0123456789abcdef0123456789abcdef`],
    ['of an account’s code', () => `${t.app.url}/webhooks/yookassa-demo`],
    ['with something behind it', () => `${webhookUrl(t, 'yookassa-demo')}/v1/webhook`],
    ['without what the provider adds', () => webhookUrl(t, 'yandex-pay-demo')],
    ['with a slash behind it', () => `${webhookUrl(t, 'yookassa-demo')}/`],
    ['without anything', () => `${t.app.url}/webhooks/`],
  ])('%s is 404, all alike, counted without its name', async (_name, url) => {
    const before = await metric('', 'unknown-path');
    const answer = await send(url(), yookassa(notice));
    expect(answer.status).toBe(404);
    expect(await answer.text()).toBe(
      '{"errors":[{"message":"There is nothing at this path.","extensions":{"code":"NOT_FOUND"}}]}',
    );
    expect(await messagesOf(t)).toEqual([]);
    expect(await metric('', 'unknown-path')).toBe(before + 1);
  });

  it.each(['GET', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'])(
    'takes no %s where the provider sends none',
    async (method) => {
      const answer = await fetch(webhookUrl(t, 'yookassa-demo'), { method });
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    },
  );

  it('stands in no line of the log', async () => {
    const url = webhookUrl(t, 'razorpay-demo');
    await send(url, razorpay(refund));
    await send(url, razorpay({ ...refund, secret: 'another' }));
    await fetch(url, { method: 'PUT' });
    await delay(50);
    const lines = t.logged();
    expect(lines).toContain('"path":"/webhooks/","account":"razorpay-demo","result":"stored"');
    expect(lines).not.toContain(url.slice(url.lastIndexOf('/') + 1));
  });
});

describe('a body', () => {
  it('may have 256 KB and not one byte more', async () => {
    const url = webhookUrl(t, 'yookassa-demo');
    const bodies = [256 * 1024, 256 * 1024 + 1].map((size) => ' '.repeat(size));
    const answers = await Promise.all(bodies.map((body) => fetch(url, { method: 'POST', body })));
    expect(answers.map(({ status }) => status)).toEqual([400, 413]);
  });

  it('that never ends holds a place of its own account only, and gives it back', async () => {
    const { port } = t.app;
    const url = webhookUrl(t, 'razorpay-demo');
    const head = `POST ${new URL(url).pathname} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{`;
    const sockets = Array.from({ length: 300 }, () => {
      const socket = connect(port, '127.0.0.1', () => socket.write(head));
      return socket.on('error', () => undefined);
    });
    const deliver = () => send(url, razorpay(refund));
    try {
      await expect.poll(async () => (await deliver()).status).toBe(503);
      expect((await deliver()).headers.get('retry-after')).toBe('5');
      expect((await send(webhookUrl(t, 'yookassa-demo'), yookassa(notice))).status).toBe(200);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    await expect.poll(async () => (await deliver()).status).toBe(200);
  });
});
