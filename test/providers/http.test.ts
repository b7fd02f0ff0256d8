import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { httpAnswer } from '../support/raw-server.ts';
import { always, client, post, secret, server } from './http/client.ts';

/** undici offers a connection again one turn of the event loop after its answer. */
async function connectionIsFree(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function unusedPort(): Promise<number> {
  const holder = createServer();
  holder.listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  holder.close();
  await once(holder, 'close');
  return port;
}

describe('a complete answer', () => {
  test('has its status, headers in lower case and text, and the base path is in front', async () => {
    const provider = await server((socket) => socket.write(httpAnswer(200, '{"сумма":1}', { 'X-Id': '7' })));
    const result = await client(`${provider.url}/v3/`).send(post, secret, always);
    expect(result).toMatchObject({
      kind: 'answer',
      status: 200,
      text: '{"сумма":1}',
      headers: { 'x-id': '7' },
    });
    expect(provider.received()).toContain('POST /v3/refunds HTTP/1.1\r\n');
    expect(provider.received()).toContain('authorization: Basic c2VjcmV0LWNhbmFyeQ==\r\n');
    expect(provider.received().endsWith('\r\n\r\n{"amount":"1.00"}')).toBe(true);
  });

  test('may be a redirect, which is not followed', async () => {
    const provider = await server((socket) => socket.write(httpAnswer(307, '', { location: '/elsewhere' })));
    const result = await client(provider.url).send(post, secret, always);
    expect(result).toMatchObject({ kind: 'answer', status: 307 });
    expect(provider.requests()).toBe(1);
  });

  test('may follow interim answers', async () => {
    const provider = await server((socket) =>
      socket.write(`HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${httpAnswer(200, 'ok')}`),
    );
    const result = await client(provider.url).send(post, secret, always);
    expect(result).toMatchObject({ kind: 'answer', status: 200, text: 'ok' });
  });
});

describe('a send that provably did not start is not-sent', () => {
  test('when the connection is refused', async () => {
    const result = await client(`http://127.0.0.1:${await unusedPort()}`).send(post, secret, always);
    expect(result).toEqual({ kind: 'not-sent', reason: 'ECONNREFUSED' });
  });

  test('when the name does not resolve', async () => {
    const result = await client('http://provider.invalid').send(post, secret, always);
    expect(result.kind).toBe('not-sent');
  });

  test('when TLS fails', async () => {
    const plain = createServer((socket) => {
      socket.on('error', () => {});
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    onTestFinished(() => void plain.close());
    const { port } = plain.address() as AddressInfo;
    const result = await client(`https://127.0.0.1:${port}`).send(post, secret, always);
    expect(result.kind).toBe('not-sent');
  });

  test('when the deadline ends while connecting', async () => {
    const provider = await server(() => {});
    const https = client(provider.url.replace('http:', 'https:'));
    const result = await https.send(post, secret, { ...always, deadlineMs: 100 });
    expect(result).toEqual({ kind: 'not-sent', reason: 'deadline-before-connect' });
    expect(provider.received()).not.toContain('POST');
  });

  test('when a header cannot be sent', async () => {
    const provider = await server((socket) => socket.write(httpAnswer(200, '')));
    const result = await client(provider.url).send(post, { authorization: 'two\nlines' }, always);
    expect(result.kind).toBe('not-sent');
    expect(provider.received()).toBe('');
  });

  test('when it may not be sent any more', async () => {
    const provider = await server((socket) => socket.write(httpAnswer(200, '')));
    const result = await client(provider.url).send(post, secret, { ...always, mayStillSend: () => false });
    expect(result).toEqual({ kind: 'not-sent', reason: 'may-not-send' });
    expect(provider.connections()).toBe(0);
  });

  test('when permission ends while connecting: it is asked again right before the first byte', async () => {
    const provider = await server((socket) => socket.write(httpAnswer(200, '')));
    let asked = 0;
    const result = await client(provider.url).send(post, secret, {
      deadlineMs: 5000,
      mayStillSend: () => (asked += 1) === 1,
    });
    expect(result).toEqual({ kind: 'not-sent', reason: 'may-not-send' });
    expect(asked).toBe(2);
    expect(provider.connections()).toBe(1);
    expect(provider.received()).toBe('');
  });
});

describe('a send that has started and has no complete answer is lost', () => {
  test('when the provider never answers', async () => {
    const provider = await server(() => {});
    const result = await client(provider.url).send(post, secret, { ...always, deadlineMs: 1000 });
    expect(result).toEqual({ kind: 'lost', reason: 'deadline' });
    expect(provider.requests()).toBe(1);
  });

  test('when the body never ends', async () => {
    const provider = await server((socket) =>
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbeginning'),
    );
    const result = await client(provider.url).send(post, secret, { ...always, deadlineMs: 1000 });
    expect(result).toEqual({ kind: 'lost', reason: 'deadline' });
  });

  test.each([
    ['closed before an answer', ''],
    ['closed within the head', 'HTTP/1.1 200 OK\r\ncontent-le'],
    ['closed within a body of known length', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"id":'],
    [
      'closed within a body of known length that was said to close',
      'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 100\r\n\r\n{"id":',
    ],
    ['closed within chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"id"\r\n'],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ])('when the answer is %s', async (_name, bytes) => {
    const provider = await server((socket) => socket.end(bytes));
    const result = await client(provider.url).send(post, secret, always);
    expect(result.kind).toBe('lost');
    expect(provider.requests()).toBe(1);
  });

  test('when the connection is reset', async () => {
    const provider = await server((socket) => socket.resetAndDestroy());
    const result = await client(provider.url).send(post, secret, always);
    expect(result).toEqual({ kind: 'lost', reason: 'ECONNRESET' });
    expect(provider.requests()).toBe(1);
  });

  test('when a kept-alive connection is reset after the next request has arrived; it is not sent twice', async () => {
    const provider = await server((socket, number) => {
      if (number === 1) socket.write(httpAnswer(200, 'first'));
      else socket.resetAndDestroy();
    });
    const http = client(provider.url);
    expect((await http.send(post, secret, always)).kind).toBe('answer');
    await connectionIsFree();
    expect(await http.send(post, secret, always)).toEqual({ kind: 'lost', reason: 'ECONNRESET' });
    expect(provider.connections()).toBe(1);
    expect(provider.requests()).toBe(2);
  });

  test('when the answer is larger than four megabytes', async () => {
    const provider = await server((socket) => socket.write(httpAnswer(200, 'x'.repeat(5 * 1024 * 1024))));
    const result = await client(provider.url).send(post, secret, always);
    expect(result).toEqual({ kind: 'lost', reason: 'answer-too-large' });
  });
});

describe('connections', () => {
  test('are kept alive between requests', async () => {
    const provider = await server((socket) => socket.write(httpAnswer(200, '{}')));
    const http = client(provider.url);
    for (let count = 0; count < 3; count += 1) {
      await http.send(post, secret, always);
      await connectionIsFree();
    }
    expect(provider.connections()).toBe(1);
    expect(provider.requests()).toBe(3);
  });

  test('that the provider closed between requests are replaced', async () => {
    const provider = await server((socket) => socket.end(httpAnswer(200, '{}')));
    const http = client(provider.url);
    for (let count = 0; count < 3; count += 1) {
      expect((await http.send(post, secret, always)).kind).toBe('answer');
      await expect.poll(() => provider.open()).toBe(0);
    }
    expect(provider.requests()).toBe(3);
  });
});
