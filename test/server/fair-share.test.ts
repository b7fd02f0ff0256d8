import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MerchantId } from '../../src/ids.ts';
import { codesOf, post, startServer, viewer, type GraphqlAnswer, type TestServer } from './test-server.ts';

const merchants = ['greedy', 'modest'] as const;
type Merchant = (typeof merchants)[number];

/** One merchant gets three of these. */
const MAX = 4;
/** Bodies that one merchant may send at a time: three quarters of two per request in flight. */
const BODIES_OF_ONE = 6;

let server: TestServer;
let sockets: Socket[];
beforeEach(async () => {
  sockets = [];
  server = await startServer({
    maxInflightRequests: MAX,
    authenticate: (header) => {
      const code = merchants.find((merchant) => header === `Bearer ${merchant}`);
      return code && { ...viewer, merchantCode: code, merchantId: code as string as MerchantId };
    },
  });
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  server.release();
  await server.server.close(0);
});

const ask = (merchant: Merchant, query = '{ whoAmI }'): Promise<GraphqlAnswer> =>
  post(server.url, { query }, { authorization: `Bearer ${merchant}` });

const BODY = JSON.stringify({ query: 'mutation { rename }' });

interface Unfinished {
  /** The answer so far. */
  heard(): string;
  readonly ended: Promise<unknown>;
  finish(): void;
  leave(): void;
}

/** Sends everything of a request but the last byte. */
async function unfinished(merchant: Merchant): Promise<Unfinished> {
  const socket = connect(server.port, '127.0.0.1');
  sockets.push(socket);
  let heard = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString('utf8')));
  const ended = once(socket, 'close');
  await once(socket, 'connect');
  socket.write(
    [
      'POST /graphql HTTP/1.1',
      'Host: test',
      `Authorization: Bearer ${merchant}`,
      'Content-Type: application/json',
      `Content-Length: ${BODY.length}`,
      '',
      BODY.slice(0, -1),
    ].join('\r\n'),
  );
  return {
    heard: () => heard,
    ended,
    finish: () => void socket.write(BODY.slice(-1)),
    leave: () => void socket.destroy(),
  };
}

/** Opens so many, and waits until those for which there is no room have been told so. */
async function unfinishedBodies(merchant: Merchant, count: number): Promise<Unfinished[]> {
  const bodies = await Promise.all(Array.from({ length: count }, () => unfinished(merchant)));
  const refused = Math.max(0, count - BODIES_OF_ONE);
  while (bodies.filter((body) => body.heard().startsWith('HTTP/1.1 503 ')).length < refused) await delay(5);
  return bodies;
}

async function waits(merchant: Merchant, count: number): Promise<Promise<GraphqlAnswer>[]> {
  const before = server.waiting();
  const answers = Array.from({ length: count }, () => ask(merchant, '{ waits }'));
  while (server.waiting() < before + count) await delay(5);
  return answers;
}

describe('bodies that are never sent to their end', () => {
  it('hold no place among the requests in flight', async () => {
    await unfinishedBodies('greedy', BODIES_OF_ONE - 1);
    expect(await ask('greedy')).toMatchObject({ status: 200, data: { whoAmI: 'greedy' } });
  });

  it('are bounded per merchant, and leave the others alone', async () => {
    const bodies = await unfinishedBodies('greedy', 40);
    const refused = await ask('greedy');
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(codesOf(refused)).toEqual(['OVERLOADED']);
    const answers = await waits('modest', 2);
    server.release();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200]);

    const held = bodies.filter((body) => body.heard() === '');
    expect(held).toHaveLength(BODIES_OF_ONE);
    held[0]?.finish();
    while (!held[0]?.heard().endsWith('{"data":{"rename":"rename"}}')) await delay(5);
    expect(server.ran).toEqual(['rename']);
  });

  it('leave their room when their sender goes away', async () => {
    const bodies = await unfinishedBodies('greedy', BODIES_OF_ONE + 1);
    expect((await ask('greedy')).status).toBe(503);
    for (const body of bodies) body.leave();
    while ((await ask('greedy')).status !== 200) await delay(5);
  });

  it('are waited for by a close, like every request', async () => {
    const bodies = await unfinishedBodies('modest', BODIES_OF_ONE + 1);
    const [body, ...others] = bodies.filter((each) => each.heard() === '');
    const closed = server.server.close(60_000);
    for (const each of others) each.leave();
    body?.finish();
    expect(await closed).toBe(true);
    await body?.ended;
    expect(body?.heard()).toContain('{"data":{"rename":"rename"}}');
  });
});

describe('requests that take long', () => {
  it('of one merchant leave a place for the others', async () => {
    const long = await waits('greedy', 3);
    const refused = await ask('greedy', 'mutation { rename }');
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(server.ran).toEqual([]);
    expect(await ask('modest')).toMatchObject({ status: 200, data: { whoAmI: 'modest' } });

    server.release();
    expect((await Promise.all(long)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await ask('greedy')).status).toBe(200);
  });

  it('of all together are bounded as before', async () => {
    const long = [...(await waits('greedy', 3)), ...(await waits('modest', 1))];
    expect((await ask('modest')).status).toBe(503);
    expect((await ask('greedy')).status).toBe(503);
    server.release();
    expect((await Promise.all(long)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });
});
