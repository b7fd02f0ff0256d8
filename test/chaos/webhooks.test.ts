import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { WebhookRelay, type Acknowledged, type Deliveries } from './webhook-relay.ts';
import { lostMessages, untruthful, type StoredMessage } from './webhooks.ts';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

interface Received {
  url: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

/** An API that answers every webhook with this status. */
async function api(status: number, received: Received[] = []): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(status).end('OK17');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function relayTo(...targets: string[]): Promise<WebhookRelay> {
  const relay = await WebhookRelay.start(targets, (account) => Promise.resolve(`id-of-${account}`));
  open.push(() => relay.close());
  return relay;
}

const nothing: Deliveries = {
  sent: 0,
  acknowledged: 0,
  refused: 0,
  unanswered: 0,
  forged: 0,
  forgedAcknowledged: 0,
};

test('a webhook is passed on as it is, and so is its answer', async () => {
  const received: Received[] = [];
  const relay = await relayTo(await api(500), await api(200, received));
  const url = relay.urlFor('yandex-pay', 1, false).replace('{account}', 'yandex-pay-demo');
  const answer = await fetch(`${url}/v1/webhook?a=1`, {
    method: 'POST',
    headers: { 'x-signed': 'yes', 'content-type': 'application/octet-stream' },
    body: 'a.b.c',
  });
  expect([answer.status, await answer.text()]).toEqual([200, 'OK17']);
  expect(received).toMatchObject([
    {
      url: '/webhooks/id-of-yandex-pay-demo/v1/webhook?a=1',
      headers: { 'x-signed': 'yes', 'content-type': 'application/octet-stream' },
      body: 'a.b.c',
    },
  ]);
});

test('what was acknowledged, refused and not answered is counted, lies apart', async () => {
  const away = await api(200);
  const relay = await relayTo(await api(200), await api(404), away.replace(/\d+$/, '1'));
  const send = (at: number, forged: boolean) =>
    fetch(relay.urlFor('stripe', at, forged).replace('{account}', 'stripe-demo'), {
      method: 'POST',
      body: `${at} ${forged}`,
    }).catch(() => undefined);
  for (const [at, forged] of [
    [0, false],
    [0, false],
    [0, true],
    [1, false],
    [1, true],
    [2, false],
  ] as const)
    await send(at, forged);
  expect(relay.counts.get('stripe')).toEqual({
    sent: 6,
    acknowledged: 3,
    refused: 2,
    unanswered: 1,
    forged: 2,
    forgedAcknowledged: 1,
  });
  expect(relay.counts.get('razorpay')).toBeUndefined();
  expect([...relay.acknowledged.values()]).toEqual([
    { provider: 'stripe', account: 'stripe-demo', text: '0 false' },
  ]);
});

test('what a token says is what was acknowledged, whatever its signature', async () => {
  const relay = await relayTo(await api(200));
  const url = relay.urlFor('yandex-pay', 0, false).replace('{account}', 'yandex-pay-demo');
  const payload = Buffer.from('{"event":"ORDER_STATUS_UPDATED"}').toString('base64url');
  for (const signature of ['one', 'two'])
    await fetch(url, { method: 'POST', body: `head.${payload}.${signature}` });
  expect([...relay.acknowledged.values()]).toEqual([
    { provider: 'yandex-pay', account: 'yandex-pay-demo', text: '{"event":"ORDER_STATUS_UPDATED"}' },
  ]);
});

describe('a message that was acknowledged', () => {
  const told = (account: string, provider: Acknowledged['provider'], text: string) => [
    { account, provider, text },
  ];
  const notification = JSON.stringify({
    type: 'notification',
    event: 'refund.succeeded',
    object: { id: 'refund-1', payment_id: 'payment-1' },
  });
  const stored: StoredMessage = {
    account: 'yookassa-demo',
    event: 'refund.succeeded',
    refund: 'refund-1',
    payment: 'payment-1',
  };
  const ofYooKassa = told('yookassa-demo', 'yookassa', notification);

  test('is kept, of the same account, event and object', () => {
    expect(lostMessages(ofYooKassa, [stored])).toEqual([]);
    const others: Partial<StoredMessage>[] = [
      { account: 'yookassa-other' },
      { event: 'payment.succeeded' },
      { refund: 'refund-2' },
      { payment: 'payment-2' },
      { refund: null, payment: null },
    ];
    for (const other of others)
      expect(lostMessages(ofYooKassa, [{ ...stored, ...other }])).toEqual([
        { invariant: 'I8', what: expect.stringMatching(/^refund\.succeeded for yookassa-demo .*is lost/) },
      ]);
  });

  test('may be forgotten where its event is of no use', () => {
    const deal = JSON.stringify({ event: 'deal.closed', object: { id: 'deal-1' } });
    expect(lostMessages(told('yookassa-demo', 'yookassa', deal), [])).toEqual([]);
  });

  test('is known by the words of RoboKassa too', () => {
    const messages = [
      ...told('robokassa-demo', 'robokassa', 'OutSum=1.00&InvId=17'),
      ...told('robokassa-demo', 'robokassa', '{"data":{"invId":"18"}}'),
    ];
    expect(lostMessages(messages, [])).toHaveLength(2);
    const of = { account: 'robokassa-demo', refund: null };
    expect(
      lostMessages(messages, [
        { ...of, event: 'ResultURL', payment: '17' },
        { ...of, event: 'ResultUrl2', payment: '18' },
      ]),
    ).toEqual([]);
  });
});

test('a lie that was acknowledged is a complaint where true ones are signed', () => {
  const lied = { ...nothing, forged: 2, forgedAcknowledged: 1 };
  expect(untruthful(new Map([['yookassa', lied]]))).toEqual([]);
  expect(untruthful(new Map([['stripe', { ...nothing, forged: 2, acknowledged: 5 }]]))).toEqual([]);
  expect(untruthful(new Map([['stripe', lied]]))).toEqual([
    { invariant: 'I5', what: '1 forged webhooks of stripe were acknowledged' },
  ]);
});
