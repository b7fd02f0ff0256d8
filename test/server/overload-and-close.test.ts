import { Agent, request } from 'node:http';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { codesOf, KEY, post, startServer, type TestServer } from './test-server.ts';

const open: TestServer[] = [];
async function started(...args: Parameters<typeof startServer>): Promise<TestServer> {
  const server = await startServer(...args);
  open.push(server);
  return server;
}
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.release();
    await server.server.close(0);
  }
});

async function untilWaiting(server: TestServer, count: number): Promise<void> {
  while (server.waiting() < count) await delay(5);
}

describe('too many requests at once', () => {
  it('are refused with 503 and Retry-After, and taken again when there is room', async () => {
    const server = await started({ maxInflightRequests: 2 });
    const first = [server.query('{ waits }'), server.query('{ waits }')];
    await untilWaiting(server, 2);
    const refused = await server.query('mutation { rename }');
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(codesOf(refused)).toEqual(['OVERLOADED']);
    expect(server.ran).toEqual([]);
    expect((await fetch(`${server.url}/live`)).status).toBe(200);

    server.release();
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await server.query('mutation { rename }')).status).toBe(200);
  });

  it('leave their room when their callers go away', async () => {
    const server = await started({ maxInflightRequests: 1 });
    const gone = new AbortController();
    const call = fetch(`${server.url}/graphql`, {
      method: 'POST',
      signal: gone.signal,
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: '{"query":"{ waits }"}',
    }).catch(() => 'aborted');
    await untilWaiting(server, 1);
    gone.abort();
    expect(await call).toBe('aborted');
    server.release();
    while ((await server.query('{ hello }')).status !== 200) await delay(5);
  });
});

describe('close', () => {
  it('lets a request in flight end, and takes no new connection', async () => {
    const server = await started();
    const last = server.query('{ waits }');
    await untilWaiting(server, 1);
    const closed = server.server.close(60_000);
    await expect(fetch(`${server.url}/live`)).rejects.toThrow();
    server.release();
    expect(await closed).toBe(true);
    expect((await last).data).toEqual({ waits: 'done' });
  });

  it('cuts off what is not done within the grace, and says so', async () => {
    const server = await started();
    const last = server.query('{ waits }').catch(() => 'cut');
    await untilWaiting(server, 1);
    expect(await server.server.close(20)).toBe(false);
    expect(await last).toBe('cut');
  });

  it('does not wait for idle connections', async () => {
    const server = await started();
    const agent = new Agent({ keepAlive: true });
    const call = request(`${server.url}/live`, { agent });
    call.end();
    const [answer] = (await once(call, 'response')) as [NodeJS.ReadableStream];
    answer.resume();
    await once(answer, 'end');
    expect(await server.server.close(60_000)).toBe(true);
    agent.destroy();
  });

  it('ends a kept connection once its last answer is out', async () => {
    const server = await started();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const waiting = request(`${server.url}/graphql`, {
      agent,
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    });
    waiting.end('{"query":"{ waits }"}');
    await untilWaiting(server, 1);
    const closed = server.server.close(60_000);
    const response = once(waiting, 'response') as Promise<[NodeJS.ReadableStream]>;
    server.release();
    const [answer] = await response;
    answer.resume();
    expect(await closed).toBe(true);
    agent.destroy();
  });
});

describe('a slow caller', () => {
  const timeouts = { headersMs: 200, requestMs: 400, checkMs: 50 };

  it.each([
    ['headers', 'POST /graphql HTTP/1.1\r\nHost: test\r\n'],
    [
      'a body',
      `POST /graphql HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{`,
    ],
  ])('who never ends %s is cut off; others notice nothing', async (_what, start) => {
    const server = await started({ timeouts });
    const { connect } = await import('node:net');
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(start);
    expect((await post(server.url, { query: '{ hello }' })).status).toBe(200);
    await once(socket, 'close');
  });
});
