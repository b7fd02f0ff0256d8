import { createServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type LookupFunction } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createPoster, type Poster, type PosterOptions } from '../../src/events/post.ts';
import { startEventReceiver, type Answer, type EventReceiver } from '../support/event-receiver.ts';
import { httpAnswer, startRawServer, type RawServer } from '../support/raw-server.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

function posterTo(url: string, more: Partial<PosterOptions> = {}): Poster {
  const poster = createPoster({ url, allowPrivateNetwork: true, maxInFlight: 2, deadlineMs: 1_000, ...more });
  open.unshift(poster);
  return poster;
}

async function receiverThat(answer: Answer): Promise<EventReceiver> {
  const receiver = await startEventReceiver();
  receiver.answer = () => answer;
  open.push(receiver);
  return receiver;
}

async function rawServer(answer: Parameters<typeof startRawServer>[0]): Promise<RawServer> {
  const server = await startRawServer(answer);
  open.push(server);
  return server;
}

/** One that answers whatever it is told, at once: a client's first TLS record is no request to RawServer. */
async function plainServer(): Promise<{ readonly url: string }> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(httpAnswer(400, '')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({ close: () => new Promise((resolve) => server.close(() => resolve())) });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const post = (url: string, more?: Partial<PosterOptions>) =>
  posterTo(url, more).post({ 'x-test': '1' }, '{}');

describe('what an answer means', () => {
  test.each([200, 201, 202, 204, 299])('%i is accepted', async (status) => {
    const { url } = await receiverThat(status);
    expect(await post(url)).toEqual({ status, error: null, retryAfterMs: null });
  });

  test.each([301, 302, 303, 307, 308])('%i is a failure, and is not followed', async (status) => {
    const elsewhere = await receiverThat(200);
    const { url, received } = await receiverThat((response) =>
      response.writeHead(status, { location: elsewhere.url }).end(),
    );
    expect(await post(url)).toEqual({ status, error: 'REDIRECT', retryAfterMs: null });
    expect([received.length, elsewhere.received.length]).toEqual([1, 0]);
  });

  test.each([400, 401, 404, 409, 410, 500, 502, 504])('%i is a failure', async (status) => {
    const { url } = await receiverThat(status);
    expect(await post(url)).toEqual({ status, error: 'STATUS', retryAfterMs: null });
  });

  test.each([
    [429, '7', 7_000],
    [503, '7', 7_000],
    [429, '86400', 3_600_000],
    [429, 'soon', null],
    [500, '7', null],
    [200, '7', null],
  ])('%i with Retry-After %s asks for %s ms', async (status, advice, expected) => {
    const { url } = await receiverThat((response) =>
      response.writeHead(status, { 'retry-after': advice }).end(),
    );
    expect(await post(url)).toMatchObject({ status, retryAfterMs: expected });
  });

  test('a date in Retry-After counts from now, an hour at most', async () => {
    const at = (ms: number) => new Date(Date.now() + ms).toUTCString();
    const { url } = await receiverThat((response) =>
      response.writeHead(503, { 'retry-after': at(7_200_000) }).end(),
    );
    expect(await post(url)).toMatchObject({ retryAfterMs: 3_600_000 });
    const soon = await receiverThat((response) =>
      response.writeHead(503, { 'retry-after': at(600_000) }).end(),
    );
    const { retryAfterMs } = await post(soon.url);
    expect(retryAfterMs).toBeGreaterThan(500_000);
    expect(retryAfterMs).toBeLessThanOrEqual(600_000);
  });
});

describe('a receiver that behaves badly', () => {
  test('that never answers costs the deadline', async () => {
    const { url } = await receiverThat(() => undefined);
    expect(await post(url)).toEqual({ status: null, error: 'TIMEOUT', retryAfterMs: null });
  });

  test('that sends its head byte by byte costs the deadline', async () => {
    const server = await rawServer((socket) => {
      const timer = setInterval(() => socket.write('H'), 50);
      socket.on('close', () => clearInterval(timer));
      socket.write('HTTP/1.1 200 OK\r\nx: ');
    });
    expect(await post(server.url)).toMatchObject({ status: null, error: 'TIMEOUT' });
  });

  test('that resets the connection, or closes it', async () => {
    const reset = await rawServer((socket) => socket.resetAndDestroy());
    expect(await post(reset.url)).toMatchObject({ status: null, error: 'CONNECTION' });
    const closed = await rawServer((socket) => socket.end());
    expect(await post(closed.url)).toMatchObject({ status: null, error: 'CONNECTION' });
    // Nothing is repeated behind our back.
    expect([reset.requests(), closed.requests()]).toEqual([1, 1]);
  });

  test('that is not there', async () => {
    const server = await rawServer(() => undefined);
    await open.pop()!.close();
    expect(await post(server.url)).toMatchObject({ status: null, error: 'CONNECTION' });
  });

  test('that answers something else than HTTP', async () => {
    const server = await rawServer((socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'));
    expect(await post(server.url)).toMatchObject({ status: null, error: 'NOT_HTTP' });
  });

  test('whose head is endless', async () => {
    const server = await rawServer((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${`x-long: ${'x'.repeat(1_000)}\r\n`.repeat(100)}`);
    });
    expect(await post(server.url)).toMatchObject({ status: null, error: 'NOT_HTTP' });
  });

  test('that speaks no TLS', async () => {
    const server = await plainServer();
    expect(await post(server.url.replace('http:', 'https:'))).toEqual({
      status: null,
      error: 'TLS',
      retryAfterMs: null,
    });
  });

  test('whose body is endless: its status counts at once, a little of it is read, and the connection ends', async () => {
    let written = 0;
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(200);
      const more = () => {
        do written += 65_536;
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        response.once('drain', more);
      };
      more();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const closed = new Promise((resolve) =>
      server.once('connection', (socket) => socket.once('close', resolve)),
    );
    open.push({ close: () => new Promise((resolve) => server.close(() => resolve())) });
    const port = typeof address === 'object' ? address!.port : 0;
    expect(await post(`http://127.0.0.1:${port}/`, { deadlineMs: 30_000 })).toMatchObject({
      status: 200,
      error: null,
    });
    await closed;
    expect(written).toBeLessThan(16 * 1024 * 1024);
  });

  test('whose body never ends but drips: its status counts at once', async () => {
    const { url } = await receiverThat((response) => {
      response.writeHead(200);
      response.write('x');
    });
    expect(await post(url, { deadlineMs: 30_000 })).toMatchObject({ status: 200, error: null });
  });

  test('one connection serves again after a short answer', async () => {
    const server = await rawServer((socket) => socket.write(httpAnswer(200, '{"ok":true}')));
    const poster = posterTo(server.url, { maxInFlight: 1 });
    for (let count = 0; count < 3; count += 1) {
      expect(await poster.post({}, '{}')).toMatchObject({ status: 200 });
    }
    expect(server.connections()).toBe(1);
  });
});

describe('private networks', () => {
  const guarded = { allowPrivateNetwork: false };
  const answering =
    (...addresses: string[]): LookupFunction =>
    (_hostname, _options, callback) => {
      const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      callback(null, found as never);
    };

  test.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    'localhost',
    'localhost.',
  ])('%s is not connected to', async (host) => {
    const server = await rawServer((socket) => socket.write(httpAnswer(200, '')));
    expect(await post(`http://${host}:${server.port}/`, guarded)).toEqual({
      status: null,
      error: 'ADDRESS_REFUSED',
      retryAfterMs: null,
    });
    expect(server.connections()).toBe(0);
  });

  test.each([
    ['127.0.0.1'],
    ['::ffff:127.0.0.1'],
    ['::1'],
    ['10.0.0.1'],
    ['169.254.169.254'],
    ['64:ff9b::7f00:1'],
  ])('a name that means %s is not connected to', async (address) => {
    const server = await rawServer((socket) => socket.write(httpAnswer(200, '')));
    const lookup = answering(address);
    expect(await post(`http://receiver.example:${server.port}/`, { ...guarded, lookup })).toMatchObject({
      status: null,
      error: 'ADDRESS_REFUSED',
    });
    expect(server.connections()).toBe(0);
    // The same name, where it is allowed.
    if (address === '127.0.0.1')
      expect(await post(`http://receiver.example:${server.port}/`, { lookup })).toMatchObject({
        status: 200,
      });
  });

  test('a name that first means a public address and then a private one is asked once for each connection', async () => {
    const server = await rawServer((socket) => socket.write(httpAnswer(200, '')));
    const asked: string[] = [];
    const rebinding: LookupFunction = (hostname, options, callback) => {
      asked.push(hostname);
      return answering(asked.length === 1 ? '127.0.0.2' : '127.0.0.1')(hostname, options, callback);
    };
    const poster = posterTo(`http://receiver.example:${server.port}/`, { ...guarded, lookup: rebinding });
    expect(await poster.post({}, '{}')).toMatchObject({ error: 'ADDRESS_REFUSED' });
    expect(await poster.post({}, '{}')).toMatchObject({ error: 'ADDRESS_REFUSED' });
    expect([asked.length, server.connections()]).toEqual([2, 0]);
  });

  test('a name that does not exist', async () => {
    const lookup: LookupFunction = (_hostname, _options, callback) =>
      callback(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), '', 0);
    for (const allowPrivateNetwork of [true, false])
      expect(await post('http://receiver.example/', { allowPrivateNetwork, lookup })).toMatchObject({
        status: null,
        error: 'NO_ADDRESS',
      });
  });

  test('proxies of the environment are not used', async () => {
    const proxy = await rawServer((socket) => socket.write(httpAnswer(200, '')));
    const { url } = await receiverThat(204);
    const names = { http_proxy: proxy.url, HTTP_PROXY: proxy.url, NODE_USE_ENV_PROXY: '1' };
    const before = new Map(Object.keys(names).map((name) => [name, process.env[name]]));
    Object.assign(process.env, names);
    try {
      expect(await post(url)).toMatchObject({ status: 204 });
      expect(proxy.connections()).toBe(0);
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });
});
