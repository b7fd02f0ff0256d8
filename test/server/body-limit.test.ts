import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codesOf, KEY, post, raw, startServer, type TestServer } from './test-server.ts';

const LIMIT = 256 * 1024;

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.server.close(0));

/** A valid operation whose body has exactly so many bytes. */
function bodyOf(bytes: number): string {
  const empty = JSON.stringify({ query: 'mutation { rename }', extensions: { pad: '' } });
  return empty.replace('"pad":""', `"pad":"${'x'.repeat(bytes - empty.length)}"`);
}

const head = (...headers: string[]): string =>
  [
    'POST /graphql HTTP/1.1',
    'Host: test',
    `Authorization: Bearer ${KEY}`,
    'Content-Type: application/json',
    ...headers,
  ]
    .map((line) => `${line}\r\n`)
    .join('') + '\r\n';

describe('the size of a request body', () => {
  it('may be 256 KiB', async () => {
    const answer = await post(server.url, bodyOf(LIMIT));
    expect(answer).toMatchObject({ status: 200, data: { rename: 'rename' } });
  });

  it('may not be one byte more; nothing runs', async () => {
    server.ran.length = 0;
    const answer = await post(server.url, bodyOf(LIMIT + 1));
    expect(answer.status).toBe(413);
    expect(codesOf(answer)).toEqual(['PAYLOAD_TOO_LARGE']);
    expect(server.ran).toEqual([]);
  });

  it('is refused by what Content-Length announces, before a byte of it came', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.write(head('Content-Length: 100000000'));
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(chunk.toString('utf8')).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it('comes in any pieces, byte by byte too, up to the last allowed byte', async () => {
    const body = bodyOf(LIMIT);
    const sizes = [1, 1, 1, 2, 5, 1, 4_000, 1, 100_000, 3];
    const pieces: string[] = [];
    for (let at = 0, n = 0; at < body.length; n += 1) {
      const piece = body.slice(at, at + (sizes[n] ?? 7_001));
      pieces.push(`${piece.length.toString(16)}\r\n${piece}\r\n`);
      at += piece.length;
    }
    const answer = await raw(
      server.port,
      head('Transfer-Encoding: chunked', 'Connection: close'),
      ...pieces,
      '0\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain('{"data":{"rename":"rename"}}');
  });

  it('is counted when nothing announces it; the caller sees the answer, then the connection ends', async () => {
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const answer = await raw(
      server.port,
      head('Transfer-Encoding: chunked'),
      ...Array.from({ length: 8 }, () => chunk),
      '0\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer.toLowerCase()).toContain('connection: close');
    expect(answer).toContain('PAYLOAD_TOO_LARGE');
  });

  it('that never ends is cut off', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    const received: Buffer[] = [];
    socket.on('data', (data) => received.push(data));
    socket.write(head('Transfer-Encoding: chunked'));
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const sending = setInterval(() => socket.writable && socket.write(chunk), 5);
    await once(socket, 'close');
    clearInterval(sending);
    expect(Buffer.concat(received).toString('utf8')).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('leaves the server to others', async () => {
    expect((await server.query('{ hello }')).status).toBe(200);
  });
});
