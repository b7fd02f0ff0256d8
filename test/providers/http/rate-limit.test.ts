import { describe, expect, test } from 'vitest';
import { createRateLimit } from '../../../src/providers/http/rate-limit.ts';
import { httpAnswer } from '../../support/raw-server.ts';
import { always, client, get, post, secret, server } from './client.ts';

function setUp() {
  let nowMs = 9_000;
  const limit = createRateLimit({ monotonicMs: () => nowMs });
  return { limit, wait: (ms: number): void => void (nowMs += ms) };
}

describe('the pause after a 429', () => {
  test("is the provider's advice where there is one", () => {
    const { limit } = setUp();
    expect(limit.pauseMs(7_000)).toBe(7_000);
  });

  test.each([null, 0])('doubles from a second to a minute with the advice %j', (advice) => {
    const { limit, wait } = setUp();
    const pauses: number[] = [];
    for (let count = 0; count < 8; count += 1) {
      const pauseMs = limit.pauseMs(advice);
      pauses.push(pauseMs);
      wait(pauseMs);
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  test('grows by one step for all calls that were on their way together', () => {
    const { limit, wait } = setUp();
    expect(limit.pauseMs(null)).toBe(1_000);
    wait(400);
    expect([limit.pauseMs(null), limit.pauseMs(null)]).toEqual([600, 600]);
    wait(600);
    expect(limit.pauseMs(null)).toBe(2_000);
  });

  test('begins anew once the provider took a request, which no call from before the pause shows', () => {
    const { limit, wait } = setUp();
    limit.pauseMs(null);
    limit.isOver();
    wait(1_000);
    expect(limit.pauseMs(null)).toBe(2_000);
    wait(2_000);
    limit.isOver();
    expect(limit.pauseMs(null)).toBe(1_000);
  });
});

describe('a 429', () => {
  test('without Retry-After silences the reads and sends of its account, and of no other', async () => {
    const provider = await server((socket, number) =>
      socket.write(httpAnswer(number === 1 ? 429 : 200, '{}')),
    );
    const [http, other] = [client(provider.url), client(provider.url)];
    expect(await http.read(get, secret)).toMatchObject({ status: 429 });
    const before = performance.now();
    const waiting = [http.send(post, secret, always), http.read(get, secret)];
    expect(await other.send(post, secret, always)).toMatchObject({ status: 200 });
    expect(await other.read(get, secret)).toMatchObject({ status: 200 });
    expect(provider.requests()).toBe(3);
    for (const result of await Promise.all(waiting)) expect(result).toMatchObject({ status: 200 });
    expect(performance.now() - before).toBeGreaterThan(900);
  });
});
