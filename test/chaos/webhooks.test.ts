import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebhookRelay, type Deliveries } from './webhook-relay.ts';
import { untruthful } from './webhooks.ts';

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
  const relay = await WebhookRelay.start(targets);
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
      url: '/webhooks/yandex-pay-demo/v1/webhook?a=1',
      headers: { 'x-signed': 'yes', 'content-type': 'application/octet-stream' },
      body: 'a.b.c',
    },
  ]);
});

test('what was acknowledged, refused and not answered is counted, lies apart', async () => {
  const away = await api(200);
  const relay = await relayTo(await api(200), await api(404), away.replace(/\d+$/, '1'));
  const send = (at: number, forged: boolean) =>
    fetch(relay.urlFor('stripe', at, forged), { method: 'POST', body: '{}' }).catch(() => undefined);
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
});

test('a lie that was acknowledged is a complaint where true ones are signed', () => {
  const lied = { ...nothing, forged: 2, forgedAcknowledged: 1 };
  expect(untruthful(new Map([['yookassa', lied]]))).toEqual([]);
  expect(untruthful(new Map([['stripe', { ...nothing, forged: 2, acknowledged: 5 }]]))).toEqual([]);
  expect(untruthful(new Map([['stripe', lied]]))).toEqual([
    { invariant: 'I5', what: '1 forged webhooks of stripe were acknowledged' },
  ]);
});
