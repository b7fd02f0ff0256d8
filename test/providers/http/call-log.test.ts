import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { httpAnswer } from '../../support/raw-server.ts';
import { always, client, get, post, secret, server } from './client.ts';

test('one line per call is logged, without headers, bodies and query values', async () => {
  const output = new PassThrough();
  const provider = await server((socket) => socket.write(httpAnswer(200, '{"answer":"canary-answer"}')));
  const http = client(provider.url, { log: pino(output) });
  await http.send({ ...post, body: '{"email":"canary@example.com"}' }, secret, always);
  await http.read(get, secret);
  const text = String(output.read());
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toMatchObject([
    { account: 'shop', provider: 'yookassa', method: 'POST', path: '/refunds', status: 200, attempt: 1 },
    { method: 'GET', path: '/refunds?payment_id&limit', status: 200 },
  ]);
  expect(text).not.toMatch(/canary|c2VjcmV0|p-1/);
});
