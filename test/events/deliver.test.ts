import { Webhook } from 'standardwebhooks';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { USER_AGENT } from '../../src/events/deliver.ts';
import { retryGapsMs } from '../../src/events/retry-schedule.ts';
import { insertOperatorMessage } from '../../src/db/event-messages.ts';
import type { Answer, ReceivedEvent } from '../support/event-receiver.ts';
import { endpointOf, openStage, OTHER_SECRET, SECRET, type Stage } from './stage.ts';

let s: Stage;
beforeAll(async () => {
  s = await openStage('events_deliver');
});
afterAll(() => s.close());
afterEach(() => s.clear());

const listen = (more = {}) => s.listen({ demo: [endpointOf(s.receiver.url, more)] });
const versions = (events: readonly ReceivedEvent[]) => events.map(({ data }) => data.refund.version);
const webhookHeaders = ({ headers }: ReceivedEvent) => ({
  'webhook-id': String(headers['webhook-id']),
  'webhook-timestamp': String(headers['webhook-timestamp']),
  'webhook-signature': String(headers['webhook-signature']),
});
const verify = (event: ReceivedEvent, secret: string) =>
  new Webhook(secret).verify(event.body, webhookHeaders(event));

/** A refund whose one message waits, for an endpoint that gets nothing else. */
async function oneMessage(): Promise<void> {
  await listen({ events: ['refund.created'] });
  await s.refund();
}

describe('what arrives', () => {
  test('is verified by the public library, with every secret that is configured, and no other', async () => {
    await listen({ secrets: [SECRET, OTHER_SECRET] });
    await s.refund();
    await s.deliver();
    expect(s.receiver.received.length).toBeGreaterThan(1);
    for (const event of s.receiver.received) {
      for (const secret of [SECRET, OTHER_SECRET])
        expect(verify(event, secret)).toMatchObject({ type: event.type, data: event.data });
      const [, first] = String(event.headers['webhook-signature']).split(' ');
      expect(first).toMatch(/^v1,/);
      const foreign = `whsec_${Buffer.alloc(32, 'z').toString('base64')}`;
      expect(() => verify(event, foreign)).toThrow('No matching signature');
      expect(() => verify({ ...event, body: event.body.replace('RUB', 'USD') }, SECRET)).toThrow();
      expect(event.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': USER_AGENT });
      expect(event.path).toBe('/events');
    }
    expect(USER_AGENT).toBe(`refund-federation/${packageJson.version}`);
  });

  test('a secret takes the place of another one without a delivery that the receiver cannot verify', async () => {
    const refundId = await s.refund();
    for (const [secrets, known] of [
      [[SECRET], SECRET],
      [[SECRET, OTHER_SECRET], SECRET],
      [[SECRET, OTHER_SECRET], OTHER_SECRET],
      [[OTHER_SECRET], OTHER_SECRET],
    ] as const) {
      await listen({ secrets });
      await s.change(refundId);
      await s.deliver();
      expect(() => verify(s.receiver.received.at(-1)!, known)).not.toThrow();
    }
    expect(() => verify(s.receiver.received.at(-1)!, SECRET)).toThrow();
  });

  test('has the time of day of the attempt, wherever the clock of the service was moved', async () => {
    await oneMessage();
    await s.t.advance(86_400);
    await s.deliver();
    const seconds = Number(s.receiver.received[0]!.headers['webhook-timestamp']);
    expect(Math.abs(seconds - Date.now() / 1000)).toBeLessThan(60);
  });

  test('a retry has the same id and bytes, and a signature of its own time', async () => {
    await oneMessage();
    s.receiver.answer = () => 500;
    await s.deliver();
    // A later release would write it otherwise: what was sent first is kept.
    await sql`UPDATE event_messages SET data = jsonb_set(data, '{reference}', '"changed"')`.execute(
      s.t.database.db,
    );
    await s.t.advance(10);
    s.receiver.answer = () => 200;
    await s.deliver();
    const [first, second] = s.receiver.received;
    expect(second!.id).toBe(first!.id);
    expect(second!.id).toMatch(/^msg_[0-9a-f-]{36}$/);
    expect(second!.body).toBe(first!.body);
    expect(() => verify(second!, SECRET)).not.toThrow();
  });

  test('goes to every endpoint with the same bytes, whatever becomes of the other', async () => {
    await s.listen({
      demo: [endpointOf(s.receiver.url), endpointOf(`${s.receiver.url}/desk`, { code: 'desk' })],
    });
    s.receiver.answer = ({ path }) => (path.endsWith('desk') ? 500 : 200);
    await s.refund();
    await s.deliver();
    await s.t.advance(10);
    await s.deliver();
    const bodies = new Map<string, Set<string>>();
    for (const { id, body } of s.receiver.received) bodies.set(id, (bodies.get(id) ?? new Set()).add(body));
    for (const each of bodies.values()) expect(each.size).toBe(1);
    const states = await s.deliveries();
    expect(new Set(states.filter(({ code }) => code === 'books').map(({ status }) => status))).toEqual(
      new Set(['DELIVERED']),
    );
    expect(new Set(states.filter(({ code }) => code === 'desk').map(({ status }) => status))).toEqual(
      new Set(['PENDING']),
    );
  });

  test("an operator's message has no order and is delivered like the others", async () => {
    await s.listen({ operator: [endpointOf(s.receiver.url, { code: 'alerts', events: ['alert.raised'] })] });
    const data = { code: 'PAYMENT_MISMATCH', message: 'Compare.', details: { payment: '1' } };
    expect(await insertOperatorMessage(s.t.database.db, { type: 'alert.raised', data })).toBe(1);
    expect(await insertOperatorMessage(s.t.database.db, { type: 'other.type', data })).toBe(0);
    await s.deliver();
    const [event] = s.receiver.received;
    expect(verify(event!, SECRET)).toEqual({ type: 'alert.raised', timestamp: expect.any(String), data });
    expect(await s.deliveries()).toMatchObject([{ code: 'alerts', subject: null, status: 'DELIVERED' }]);
  });
});

describe('what is not accepted', () => {
  test('is tried again by the table of the specification, and then given up, with one alert', async () => {
    await oneMessage();
    s.receiver.answer = () => 500;
    const gaps: number[] = [];
    await s.deliver();
    for (const expectedMs of retryGapsMs) {
      const [waiting] = await s.deliveries();
      gaps.push(waiting!.waits);
      expect(waiting!.waits).toBeGreaterThan(expectedMs / 1000 - 5);
      expect(waiting!.waits).toBeLessThanOrEqual((expectedMs * 1.2) / 1000);
      // A moment too early: nothing.
      const soFar = s.receiver.received.length;
      await s.t.advance(Math.floor(waiting!.waits) - 2);
      await s.deliver();
      expect(s.receiver.received).toHaveLength(soFar);
      // The endpoint itself may be left alone for a little longer.
      await s.t.advance(310);
      await s.deliver();
    }
    expect(gaps).toHaveLength(9);
    expect(s.receiver.received).toHaveLength(10);
    expect(new Set(s.receiver.received.map(({ body }) => body)).size).toBe(1);
    expect(await s.deliveries()).toMatchObject([
      { status: 'FAILED', attempts: 10, lastStatus: 500, lastError: 'STATUS' },
    ]);
    expect(s.recorded.alerts()).toEqual(['EVENT_DELIVERY_FAILED']);
    expect(s.results).toEqual([...Array.from({ length: 9 }, () => 'refused'), 'given-up']);
    await s.t.advance(86_400 * 2);
    await s.deliver();
    expect(s.receiver.received).toHaveLength(10);
  }, 120_000);

  test('of a receiver that answers 410: nothing more is sent, with one alert, and what waited is discarded', async () => {
    await listen();
    s.receiver.answer = () => 410;
    const refundId = await s.refund();
    await s.refund();
    await s.deliver();
    expect(new Set((await s.deliveries()).map(({ status }) => status))).toEqual(new Set(['DISCARDED']));
    expect((await s.deliveries()).some(({ lastStatus }) => lastStatus === 410)).toBe(true);
    const soFar = s.receiver.received.length;
    s.receiver.answer = () => 200;
    await s.change(refundId);
    await s.t.advance(86_400);
    await s.deliver();
    expect(s.receiver.received).toHaveLength(soFar);
    expect(s.recorded.alerts()).toEqual(['EVENT_ENDPOINT_GONE']);
    expect(s.results).toEqual(Array.from({ length: soFar }, () => 'gone'));
  });

  test('of one that is busy waits as long as it says, for all its deliveries, and never less than the table says', async () => {
    await oneMessage();
    s.receiver.answer = () => (response) => response.writeHead(429, { 'retry-after': '120' }).end();
    await s.deliver();
    const [waiting] = await s.deliveries();
    expect(waiting!.waits).toBeGreaterThan(110);
    expect(waiting!.waits).toBeLessThanOrEqual(120);
    await s.refund();
    await s.deliver();
    expect(s.receiver.received).toHaveLength(1);
    s.receiver.answer = () => (response) => response.writeHead(503, { 'retry-after': '1' }).end();
    await s.t.advance(125);
    await s.deliver();
    const after = await s.deliveries();
    expect(after.find(({ attempts }) => attempts === 2)!.waits).toBeGreaterThan(290);
  });

  const ways: readonly (readonly [string, () => Answer, number | null, string, string])[] = [
    [
      'redirects',
      () => (response) => response.writeHead(302, { location: '/' }).end(),
      302,
      'REDIRECT',
      'refused',
    ],
    ['is slow', () => () => undefined, null, 'TIMEOUT', 'lost'],
    ['resets', () => (response) => response.socket?.destroy(), null, 'CONNECTION', 'lost'],
    ['refuses', () => 422, 422, 'STATUS', 'refused'],
  ];
  test.each(ways)(
    'of one that %s is noted in words of ours',
    async (_what, answer, lastStatus, lastError, result) => {
      await oneMessage();
      s.receiver.answer = answer;
      await s.deliver();
      expect(await s.deliveries()).toMatchObject([{ status: 'PENDING', attempts: 1, lastStatus, lastError }]);
      expect(s.results).toEqual([result]);
    },
  );

  test('of a name in a private network is never sent', async () => {
    await s.listen(
      {
        demo: [
          endpointOf(s.receiver.url.replace('127.0.0.1', 'receiver.example'), { allowPrivateNetwork: false }),
        ],
      },
      (_hostname, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }] as never),
    );
    await s.refund();
    await s.deliver();
    expect(s.receiver.received).toEqual([]);
    expect((await s.deliveries())[0]).toMatchObject({
      status: 'PENDING',
      lastStatus: null,
      lastError: 'ADDRESS_REFUSED',
    });
  });

  test('nothing that a receiver says is kept or logged', async () => {
    await oneMessage();
    s.receiver.answer = () => (response) => response.writeHead(500, 'canary-reason').end('canary-body');
    await s.deliver();
    const { rows } = await sql`SELECT d::text, e::text FROM event_deliveries d, event_endpoints e`.execute(
      s.t.database.db,
    );
    expect(JSON.stringify([rows, s.recorded.all()])).not.toContain('canary');
    expect(JSON.stringify(s.recorded.all())).not.toContain(SECRET.slice('whsec_'.length));
    expect(s.recorded.all()).not.toEqual([]);
  });
});

describe('an endpoint that does not answer', () => {
  test('is tried with one delivery at a time, in longer and longer pauses, and with all once it answers', async () => {
    await listen({ events: ['refund.created'] });
    for (let count = 0; count < 12; count += 1) await s.refund();
    s.receiver.answer = () => 500;
    await s.deliver();
    const atFirst = s.receiver.received.length;
    // Eight were under way at once; the rest is spared.
    expect(atFirst).toBe(8);
    await s.t.advance(41);
    await s.deliver();
    expect(s.receiver.received).toHaveLength(atFirst + 1);
    await s.t.advance(41);
    await s.deliver();
    expect(s.receiver.received).toHaveLength(atFirst + 1);
    await s.t.advance(40);
    await s.deliver();
    expect(s.receiver.received).toHaveLength(atFirst + 2);
    s.receiver.answer = () => 200;
    await s.t.advance(400);
    await s.deliver();
    expect(new Set((await s.deliveries()).map(({ status }) => status))).toEqual(new Set(['DELIVERED']));
    const { failures, paused_until } = await s.t.database.db
      .selectFrom('event_endpoints')
      .selectAll()
      .executeTakeFirstOrThrow();
    expect({ failures, paused_until }).toEqual({ failures: 0, paused_until: null });
  });
});

test('of many processes one tries an endpoint that does not answer', async () => {
  await listen({ events: ['refund.created'] });
  for (let count = 0; count < 4; count += 1) await s.refund();
  await sql`UPDATE event_endpoints SET failures = 5`.execute(s.t.database.db);
  s.receiver.answer = () => 500;
  await Promise.all(Array.from({ length: 4 }, () => s.deliver()));
  expect(s.receiver.received).toHaveLength(1);
});

describe('order', () => {
  test('versions of one refund arrive in order, and those of others do not wait for them', async () => {
    await listen();
    const stuck = await s.refund();
    await s.change(stuck, 3);
    const free = await s.refund();
    const isStuck = ({ data }: ReceivedEvent) =>
      Buffer.from(data.refund.id, 'base64').toString() === `Refund:${stuck}`;
    s.receiver.answer = (event) => (isStuck(event) ? 500 : 200);
    await s.deliver();
    expect(s.receiver.received.filter(isStuck).map(({ data }) => data.refund.version)).toEqual([1]);
    expect(versions(s.receiver.accepted)).toEqual([1, 2]);
    await s.change(free);
    await s.deliver();
    expect(versions(s.receiver.accepted)).toEqual([1, 2, 3]);
    // What waits behind it is put off to the same time, also what came since.
    await s.change(stuck);
    await s.deliver();
    const waiting = (await s.deliveries()).filter(({ subject }) => subject === stuck);
    expect(new Set(waiting.map(({ waits }) => Math.round(waits * 10))).size).toBe(1);
    expect(waiting[0]!.waits).toBeGreaterThan(0);

    s.receiver.answer = () => 200;
    await s.t.advance(10);
    await s.deliver();
    expect(versions(s.receiver.accepted.filter(isStuck))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('what was given up holds up nothing behind it', async () => {
    await listen();
    await s.refund();
    await sql`UPDATE event_deliveries SET attempts = 9 WHERE seq = (SELECT min(seq) FROM event_deliveries)`.execute(
      s.t.database.db,
    );
    s.receiver.answer = ({ data }) => (data.refund.version === 1 ? 500 : 200);
    await s.deliver();
    expect((await s.deliveries()).map(({ status }) => status)).toEqual(['FAILED', 'DELIVERED']);
  });
});

test('a message that cannot be written out holds up no other, and is given up in the end', async () => {
  await s.listen({ demo: [endpointOf(s.receiver.url)] });
  const poisoned = await s.refund();
  const { db } = s.t.database;
  await sql`UPDATE event_messages SET data = '{}' WHERE subject = ${poisoned} AND type = 'refund.created'`.execute(
    db,
  );
  await s.refund();
  await s.deliver();
  expect(s.receiver.accepted).toHaveLength(2);
  expect(s.recorded.errors()).toEqual(['a webhook could not be written out']);
  const [first] = await s.deliveries();
  expect(first).toMatchObject({ status: 'PENDING', attempts: 1, lastError: 'NOT_WRITABLE' });

  await sql`UPDATE event_deliveries SET attempts = 9, next_attempt_at = app_now() WHERE message_id = ${first!.messageId}`.execute(
    db,
  );
  await s.deliver();
  expect((await s.deliveries()).map(({ status }) => status)).toEqual([
    'FAILED',
    'DELIVERED',
    'DELIVERED',
    'DELIVERED',
  ]);
  expect(s.recorded.alerts()).toEqual(['EVENT_DELIVERY_FAILED']);
});
