import { Writable } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { httpAnswer, type RawServer } from '../../support/raw-server.ts';
import {
  breakerLimits,
  createBreaker,
  signOf,
  type BreakerLimits,
  type Sign,
} from '../../../src/providers/http/breaker.ts';
import type { CallObserver } from '../../../src/providers/http.ts';
import { always, client, get, post, secret, server } from './client.ts';

const limits: BreakerLimits = { failures: 3, overMs: 100, firstOpenMs: 1_000, maxOpenMs: 4_000 };

/** A breaker under a clock that the test moves. */
function setUp(own: BreakerLimits = limits) {
  let nowMs = 50_000;
  const events: string[] = [];
  const breaker = createBreaker(
    own,
    { monotonicMs: () => nowMs },
    {
      opened: (forMs, isNew) => events.push(`opened ${forMs}${isNew ? ' anew' : ''}`),
      closed: () => events.push('closed'),
    },
  );
  const call = (sign: Sign): boolean => {
    const passage = breaker.enter();
    passage?.leave(sign);
    return passage !== undefined;
  };
  const wait = (ms: number): void => void (nowMs += ms);
  const fail = (times: number): void => {
    for (let count = 0; count < times; count += 1) {
      call('failure');
      wait(50);
    }
  };
  return { breaker, events, call, wait, fail };
}

describe('a breaker', () => {
  test('opens after so many failures in a row, and not before', () => {
    const { events, fail, call, breaker } = setUp();
    fail(2);
    call('life');
    fail(2);
    expect(events).toEqual([]);
    fail(1);
    expect(events).toEqual(['opened 1000 anew']);
    expect(breaker.refuses()).toBe(true);
    expect(breaker.enter()).toBeUndefined();
  });

  test('does not open for one bad moment that met many calls at once', () => {
    const { events, call, wait } = setUp();
    for (let count = 0; count < 20; count += 1) call('failure');
    expect(events).toEqual([]);
    wait(100);
    call('failure');
    expect(events).toEqual(['opened 1000 anew']);
  });

  test('counts nothing for a call that proves nothing', () => {
    const { events, call, wait } = setUp();
    for (let count = 0; count < 20; count += 1) {
      call('none');
      wait(50);
    }
    expect(events).toEqual([]);
  });

  test('lets one call try when its time is over, and closes by its sign of life', () => {
    const { breaker, events, wait, fail } = setUp();
    fail(3);
    wait(949);
    expect(breaker.enter()).toBeUndefined();
    wait(1);
    const trial = breaker.enter();
    expect(trial).toBeDefined();
    expect(breaker.enter()).toBeUndefined();
    trial!.leave('life');
    expect(events).toEqual(['opened 1000 anew', 'closed']);
    expect(breaker.enter()).toBeDefined();
    expect(breaker.enter()).toBeDefined();
  });

  test('is open for longer after every failed try, up to a bound, without a word', () => {
    const { events, call, wait, fail } = setUp();
    fail(3);
    wait(950);
    for (const openMs of [2_000, 4_000, 4_000]) {
      expect(call('failure')).toBe(true);
      wait(openMs - 1);
      expect(call('failure')).toBe(false);
      wait(1);
    }
    expect(events).toEqual(['opened 1000 anew']);
  });

  test('lets another call try when the first one proved nothing', () => {
    const { call, events, wait, fail } = setUp();
    fail(3);
    wait(950);
    expect(call('none')).toBe(true);
    expect(call('life')).toBe(true);
    expect(events.at(-1)).toBe('closed');
  });

  test('takes the end of an older call as a sign of life, but not as one more failure', () => {
    const { breaker, events, fail, wait } = setUp();
    const [older, oldest] = [breaker.enter(), breaker.enter()];
    fail(3);
    older!.leave('failure');
    wait(950);
    const trial = breaker.enter();
    expect(trial).toBeDefined();
    oldest!.leave('life');
    expect(events.at(-1)).toBe('closed');
    expect(breaker.refuses()).toBe(false);
  });

  test('that opens again soon after it closed goes on where it was; after a calm time it begins anew', () => {
    const { call, events, wait, fail } = setUp();
    fail(3);
    wait(950);
    call('life');
    fail(3);
    wait(2_000);
    call('life');
    wait(4_000);
    fail(3);
    expect(events.filter((event) => event !== 'closed')).toEqual([
      'opened 1000 anew',
      'opened 2000',
      'opened 1000 anew',
    ]);
  });
});

describe('what a result says about the provider', () => {
  const answer = (status: number) => ({ kind: 'answer' as const, status, headers: {}, text: '' });
  test.each([
    [answer(200), 'life'],
    [answer(307), 'life'],
    [answer(401), 'life'],
    [answer(404), 'life'],
    [answer(429), 'life'],
    [answer(500), 'failure'],
    [answer(503), 'failure'],
    [{ kind: 'lost', reason: 'UND_ERR_SOCKET' }, 'failure'],
    [{ kind: 'lost', reason: 'deadline' }, 'failure'],
    [{ kind: 'not-sent', reason: 'ECONNREFUSED' }, 'failure'],
    [{ kind: 'not-sent', reason: 'deadline-before-connect' }, 'failure'],
    [{ kind: 'not-sent', reason: 'queue-full' }, 'none'],
    [{ kind: 'not-sent', reason: 'no-slot' }, 'none'],
    [{ kind: 'not-sent', reason: 'may-not-send' }, 'none'],
    [{ kind: 'not-sent', reason: 'closing' }, 'none'],
  ] as const)('%j is %s', (result, sign) => {
    expect(signOf(result, 5_000)).toBe(sign);
  });

  test('a deadline that was short because of our own waiting proves nothing', () => {
    expect(signOf({ kind: 'lost', reason: 'deadline' }, 999)).toBe('none');
    expect(signOf({ kind: 'not-sent', reason: 'deadline-before-connect' }, 999)).toBe('none');
    expect(signOf({ kind: 'lost', reason: 'ECONNRESET' }, 999)).toBe('failure');
  });
});

describe('an account whose provider does not answer', () => {
  const quick: BreakerLimits = { failures: 2, overMs: 0, firstOpenMs: 60_000, maxOpenMs: 60_000 };
  const refused = { kind: 'not-sent', reason: 'circuit-open' };

  function observed() {
    const heard: string[] = [];
    const observer: CallObserver = {
      called: (kind, result) => heard.push(`${kind} ${result}`),
      circuitOpened: (isNew) => heard.push(isNew ? 'opened anew' : 'opened'),
      circuitClosed: () => heard.push('closed'),
    };
    return { heard, observer };
  }
  const down = (): Promise<RawServer> => server((socket) => socket.write(httpAnswer(503, '')));

  test('is given up for reads and sends at once, and nothing is sent', async () => {
    const provider = await down();
    const { heard, observer } = observed();
    const http = client(provider.url, { breaker: quick, observer });
    for (let count = 0; count < 2; count += 1) await http.send(post, secret, always);
    expect(provider.requests()).toBe(2);
    expect(await http.send(post, secret, always)).toEqual(refused);
    expect(await http.read(get, secret)).toEqual(refused);
    expect(provider.requests()).toBe(2);
    expect(heard).toEqual([
      'send failed',
      'opened anew',
      'send failed',
      'send circuit-open',
      'read circuit-open',
    ]);
  });

  test('is said once in the log, and a call that is given up not at all', async () => {
    const lines: { level: number; msg: string; account: string }[] = [];
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(JSON.parse(chunk.toString()) as (typeof lines)[number]);
        done();
      },
    });
    const provider = await down();
    const http = client(provider.url, { breaker: quick, log: pino({ level: 'info' }, sink) });
    for (let count = 0; count < 50; count += 1) await http.send(post, secret, always);
    expect(lines.map(({ msg }) => msg).filter((msg) => msg !== 'provider call')).toEqual([
      'the provider does not answer; calls of this account are given up for a while',
    ]);
    expect(lines).toHaveLength(3);
    expect(lines.every(({ account, level }) => account === 'shop' && level === 40)).toBe(true);
  });

  test('is left alone by reads that had been waiting for their turn', async () => {
    let requests = 0;
    const provider = await server((socket) => void ((requests += 1), socket.resetAndDestroy()));
    const http = client(provider.url, { breaker: quick, maxInFlight: 1 });
    const reads = Array.from({ length: 10 }, () => http.read(get, secret));
    for (const result of await Promise.all(reads)) expect(result.kind).not.toBe('answer');
    expect(requests).toBe(2);
  });

  test('gets none of the sends that had been waiting for their turn: they are certainly not sent', async () => {
    const provider = await server((socket) => socket.resetAndDestroy());
    const http = client(provider.url, { breaker: quick, maxInFlight: 1 });
    const results = await Promise.all(Array.from({ length: 4 }, () => http.send(post, secret, always)));
    expect(results.map(({ kind }) => kind)).toEqual(['lost', 'lost', 'not-sent', 'not-sent']);
    expect(results.slice(2)).toEqual([refused, refused]);
    expect(provider.requests()).toBe(2);
  });

  test('keeps nobody waiting behind a call that hangs', async () => {
    const sockets: (() => void)[] = [];
    const provider = await server((socket, number) => {
      if (number > 1) socket.write(httpAnswer(503, ''));
      else sockets.push(() => socket.write(httpAnswer(200, '{}')));
    });
    const http = client(provider.url, { breaker: quick, maxInFlight: 1 });
    let hasEnded = false;
    const hanging = http.read(get, secret).finally(() => (hasEnded = true));
    await expect.poll(() => sockets.length).toBe(1);
    for (let count = 0; count < 2; count += 1) await http.send(post, secret, always);
    expect(http.isGivenUp()).toBe(true);
    expect(await http.read(get, secret)).toEqual(refused);
    expect(hasEnded).toBe(false);
    sockets[0]!();
    expect(await hanging).toMatchObject({ status: 200 });
    expect(http.isGivenUp()).toBe(false);
  });

  test('is tried by one call, and used again when that is answered', async () => {
    let isDown = true;
    const waiting: (() => void)[] = [];
    const provider = await server((socket) => {
      if (isDown) socket.write(httpAnswer(503, ''));
      else waiting.push(() => socket.write(httpAnswer(200, '{}')));
    });
    const { heard, observer } = observed();
    const http = client(provider.url, { breaker: { ...quick, firstOpenMs: 1 }, observer });
    for (let count = 0; count < 2; count += 1) await http.send(post, secret, always);
    isDown = false;
    await expect.poll(() => (void http.read(get, secret), waiting.length)).toBe(1);
    expect(await http.send(post, secret, always)).toEqual(refused);
    waiting.shift()!();
    await expect.poll(() => heard.includes('closed')).toBe(true);
    const sent = http.send(post, secret, always);
    await expect.poll(() => waiting.length).toBe(1);
    waiting.shift()!();
    expect(await sent).toMatchObject({ kind: 'answer', status: 200 });
  });

  test('does not concern another account', async () => {
    const hanging = await server(() => undefined);
    const healthy = await server((socket) => socket.write(httpAnswer(200, '{}')));
    const first = client(hanging.url, { breaker: quick });
    const second = client(healthy.url, { breaker: quick });
    const patience = { ...always, deadlineMs: 1_000 };
    const given = [first.send(post, secret, patience), first.send(post, secret, patience)];
    expect(await second.send(post, secret, always)).toMatchObject({ status: 200 });
    for (const result of await Promise.all(given))
      expect(result).toEqual({ kind: 'lost', reason: 'deadline' });
    expect(await first.read(get, secret)).toEqual(refused);
    expect(await second.read(get, secret)).toMatchObject({ status: 200 });
  });

  test('has a breaker without being asked for, unless it is told never', async () => {
    expect(breakerLimits).toEqual({ failures: 5, overMs: 1_000, firstOpenMs: 5_000, maxOpenMs: 120_000 });
    const provider = await down();
    const never = client(provider.url, { breaker: 'never' });
    for (let count = 0; count < 7; count += 1)
      expect(await never.send(post, secret, always)).toMatchObject({ status: 503 });
    const ordinary = client(provider.url);
    for (let count = 0; count < 4; count += 1) await ordinary.send(post, secret, always);
    await expect
      .poll(() => ordinary.send(post, secret, always), { interval: 100, timeout: 5_000 })
      .toEqual(refused);
  });
});
