import { describe, expect, test } from 'vitest';
import { httpAnswer, type RawServer } from '../../support/raw-server.ts';
import { always, client, get, post, secret, server } from './client.ts';

describe('limits', () => {
  /** A provider that answers when it is told to, and counts how many requests are open at once. */
  async function held(): Promise<{ provider: RawServer; answerOne: () => void; held: () => number }> {
    const waiting: (() => void)[] = [];
    const provider = await server((socket) => void waiting.push(() => socket.write(httpAnswer(200, '{}'))));
    return { provider, answerOne: () => waiting.shift()?.(), held: () => waiting.length };
  }
  const arrived = (provider: RawServer, count: number): Promise<void> =>
    expect.poll(() => provider.requests()).toBe(count);

  test('no more sends run at once than the account allows, in the order they came', async () => {
    const { provider, answerOne, held: open } = await held();
    const http = client(provider.url, { maxInFlight: 2 });
    const bodies = ['a', 'b', 'c', 'd'];
    const results = bodies.map((body) => http.send({ ...post, body }, secret, always));
    await arrived(provider, 2);
    expect(open()).toBe(2);
    for (let count = 3; count <= 4; count += 1) {
      answerOne();
      await arrived(provider, count);
      expect(open()).toBe(2);
    }
    answerOne();
    answerOne();
    expect((await Promise.all(results)).map(({ kind }) => kind)).toEqual(Array(4).fill('answer'));
    expect(
      provider
        .received()
        .match(/\r\n\r\n[a-d]/g)
        ?.slice(2),
    ).toEqual(['\r\n\r\nc', '\r\n\r\nd']);
  });

  test('reads that wait for the provider do not keep a refund from being sent', async () => {
    const { provider, answerOne } = await held();
    const http = client(provider.url, { maxInFlight: 1 });
    const reads = [http.read(get, secret), http.read(get, secret)];
    await arrived(provider, 1);
    const sent = http.send(post, secret, always);
    await arrived(provider, 2);
    for (let count = 0; count < 3; count += 1) {
      answerOne();
      await arrived(provider, 3);
    }
    expect((await sent).kind).toBe('answer');
    await Promise.all(reads);
  });

  test('a 429 with Retry-After stops the account for that long', async () => {
    const provider = await server((socket, number) =>
      socket.write(httpAnswer(number === 1 ? 429 : 200, '{}', { 'retry-after': '30' })),
    );
    const http = client(provider.url);
    expect(await http.send(post, secret, always)).toMatchObject({ status: 429 });
    const waiting = [http.send(post, secret, always), http.read(get, secret)];
    await http.close();
    const refused = { kind: 'not-sent', reason: 'closing' };
    expect(await Promise.all(waiting)).toEqual([refused, refused]);
    expect(provider.requests()).toBe(1);
  });

  test('permission to send is asked after the wait, not before', async () => {
    const { provider, answerOne } = await held();
    const http = client(provider.url, { maxInFlight: 1 });
    const first = http.send(post, secret, always);
    await arrived(provider, 1);
    let permitted = true;
    const second = http.send(post, secret, { ...always, mayStillSend: () => permitted });
    permitted = false;
    answerOne();
    expect((await first).kind).toBe('answer');
    expect(await second).toEqual({ kind: 'not-sent', reason: 'may-not-send' });
    expect(provider.requests()).toBe(1);
  });

  test('close lets running sends end, refuses waiting ones and later ones', async () => {
    const { provider, answerOne } = await held();
    const http = client(provider.url, { maxInFlight: 1 });
    const running = http.send(post, secret, always);
    await arrived(provider, 1);
    const waiting = http.send(post, secret, always);
    const closed = http.close();
    expect(await waiting).toEqual({ kind: 'not-sent', reason: 'closing' });
    answerOne();
    expect((await running).kind).toBe('answer');
    await closed;
    expect(await http.send(post, secret, always)).toEqual({ kind: 'not-sent', reason: 'closing' });
    expect(provider.requests()).toBe(1);
  });
});
