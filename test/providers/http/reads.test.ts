import { describe, expect, test } from 'vitest';
import { httpAnswer } from '../../support/raw-server.ts';
import { client, get, secret, server } from './client.ts';

describe('reads', () => {
  test('are tried again after a lost answer', async () => {
    const provider = await server((socket, number) => {
      if (number < 3) socket.resetAndDestroy();
      else socket.write(httpAnswer(200, 'third'));
    });
    expect(await client(provider.url).read(get, secret)).toMatchObject({ kind: 'answer', text: 'third' });
    expect(provider.requests()).toBe(3);
  });

  test('are tried again after 5xx, at most three times in all', async () => {
    const provider = await server((socket) => socket.write(httpAnswer(502, '<html>')));
    expect(await client(provider.url).read(get, secret)).toMatchObject({ kind: 'answer', status: 502 });
    expect(provider.requests()).toBe(3);
  });

  test.each([400, 401, 403, 404, 429])('are not tried again after %i', async (status) => {
    const provider = await server((socket) => socket.write(httpAnswer(status, '{}')));
    expect(await client(provider.url).read(get, secret)).toMatchObject({ kind: 'answer', status });
    expect(provider.requests()).toBe(1);
  });

  test('survive one connection that died silently, within the deadline', async () => {
    const provider = await server((socket, number) => {
      if (number > 1) socket.write(httpAnswer(200, 'second'));
    });
    const result = await client(provider.url, { readDeadlineMs: 2000 }).read(get, secret);
    expect(result).toMatchObject({ kind: 'answer', text: 'second' });
  });

  test('end with the read deadline', async () => {
    const provider = await server(() => {});
    const result = await client(provider.url, { readDeadlineMs: 300 }).read(get, secret);
    // The last attempt may have had too little time left even to connect.
    expect(result.kind).not.toBe('answer');
  });
});
