import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/problems.ts';
import {
  disableEndpoint,
  enableEndpoint,
  listEndpoints,
  syncEndpoints,
} from '../../src/db/event-endpoints.ts';
import { listDeliveries, resendFailed, resendMessage } from '../../src/db/event-messages.ts';
import { endpointOf, openStage, SECRET, type Stage } from './stage.ts';

let s: Stage;
beforeAll(async () => {
  s = await openStage('events_endpoints');
});
afterAll(() => s.close());
afterEach(() => s.clear());

const listen = (more = {}) => s.listen({ demo: [endpointOf(s.receiver.url, more)] });
const endpoint = async (code = 'books') =>
  (await listEndpoints(s.t.database.db)).find((each) => each.code === code)!;
const statuses = async () => (await s.deliveries()).map(({ status }) => status);

describe('endpoints follow the configuration', () => {
  test('new ones, changed ones, and those that are gone, whose deliveries are discarded', async () => {
    await listen({ events: ['refund.created'] });
    expect(await endpoint()).toMatchObject({
      merchant: 'demo',
      url: s.receiver.url,
      events: ['refund.created'],
      configured: true,
      disabledAt: null,
      pending: 0,
      oldestPendingAt: null,
    });
    await s.refund();
    expect(await endpoint()).toMatchObject({ pending: 1, oldestPendingAt: expect.any(Date) });
    await listen({ events: ['refund.updated'] });
    expect(await endpoint()).toMatchObject({ events: ['refund.updated'], pending: 1 });
    await s.listen({});
    expect(await endpoint()).toMatchObject({ configured: false, pending: 0 });
    expect(await statuses()).toEqual(['DISCARDED']);
    await s.deliver();
    await listen();
    await s.deliver();
    expect(s.receiver.received).toEqual([]);
    expect(await endpoint()).toMatchObject({ configured: true });
  });

  test('those that are gone are told once, with the number of messages that waited', async () => {
    await s.listen({
      demo: [endpointOf(s.receiver.url)],
      operator: [endpointOf(s.receiver.url, { code: 'pager' })],
    });
    const refunds = await Promise.all([s.refund(), s.refund()]);
    expect(refunds).toHaveLength(2);
    const waiting = (await endpoint()).pending;
    const none = () => syncEndpoints(s.t.database.db, { merchants: [] }, new Map());
    expect((await none()).dropped).toEqual([
      { endpoint: 'books', discarded: waiting },
      { endpoint: 'pager', discarded: 0 },
    ]);
    expect(waiting).toBeGreaterThan(0);
    expect((await none()).dropped).toEqual([]);
  });

  test('by any number of processes at once', async () => {
    await Promise.all(Array.from({ length: 8 }, () => listen()));
    expect(await listEndpoints(s.t.database.db)).toHaveLength(1);
  });

  test('a code cannot go to somebody else, to whom the messages under it do not belong', async () => {
    await listen();
    await s.refund();
    for (const moved of [
      { other: [endpointOf(s.receiver.url)] },
      { operator: [endpointOf(s.receiver.url)] },
    ]) {
      const error = await s.listen(moved).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).problems).toMatchObject([{ where: 'event endpoint books' }]);
    }
    expect(await endpoint()).toMatchObject({ merchant: 'demo', configured: true });
    expect(new Set(await statuses())).toEqual(new Set(['PENDING']));
  });

  test('another address is another receiver: it is not disabled and has not failed', async () => {
    await listen();
    await s.refund();
    s.receiver.answer = () => 410;
    await s.deliver();
    await listen();
    expect(await endpoint()).toMatchObject({ disabledBecause: 'GONE', failures: 0 });
    await listen({ url: `${s.receiver.url}/new` });
    expect(await endpoint()).toMatchObject({ disabledAt: null, disabledBecause: null, pausedUntil: null });
  });

  test('a process that knows another address delivers nothing, and its 410 disables nothing', async () => {
    await listen();
    await s.refund();
    const { db } = s.t.database;
    await sql`UPDATE event_endpoints SET url = 'https://elsewhere.example/'`.execute(db);
    await s.deliver();
    expect(s.receiver.received).toEqual([]);
    expect(await disableEndpoint(db, 'books', 'GONE', s.receiver.url)).toBe(false);
    expect(await disableEndpoint(db, 'books', 'GONE', 'https://elsewhere.example/')).toBe(true);
    expect(await disableEndpoint(db, 'books', 'GONE')).toBe(false);
  });

  test('no secret is in any table', async () => {
    await listen();
    await s.refund();
    await s.deliver();
    for (const table of ['event_endpoints', 'event_messages', 'event_deliveries']) {
      const { rows } = await sql<{ row: string }>`SELECT t::text AS row FROM ${sql.table(table)} t`.execute(
        s.t.database.db,
      );
      expect(rows.length).toBeGreaterThan(0);
      expect(JSON.stringify(rows)).not.toContain(SECRET.slice(6, 20));
    }
  });
});

describe('by hand', () => {
  test('what was disabled is enabled again, and gets what comes from then on', async () => {
    await listen({ events: ['refund.created'] });
    s.receiver.answer = () => 410;
    await s.refund();
    await s.deliver();
    s.receiver.answer = () => 200;
    expect(await enableEndpoint(s.t.database.db, 'nobody')).toBe(false);
    expect(await enableEndpoint(s.t.database.db, 'books')).toBe(true);
    await s.refund();
    await s.deliver();
    expect(await statuses()).toEqual(['DISCARDED', 'DELIVERED']);
    await s.listen({});
    expect(await enableEndpoint(s.t.database.db, 'books')).toBe(false);
  });

  test('deliveries are listed, newest first, by endpoint, status and refund', async () => {
    await s.listen({
      demo: [endpointOf(s.receiver.url), endpointOf(`${s.receiver.url}/desk`, { code: 'desk' })],
    });
    s.receiver.answer = ({ path }) => (path.endsWith('desk') ? 503 : 204);
    const first = await s.refund();
    await s.refund();
    await s.deliver();
    const { db } = s.t.database;
    const all = await listDeliveries(db, { limit: 100 });
    expect(all).toHaveLength(8);
    const ofFirst = await listDeliveries(db, { refundId: first, endpoint: 'books', limit: 100 });
    expect(ofFirst).toMatchObject([
      {
        endpoint: 'books',
        type: 'refund.finalized',
        refundId: first,
        version: 2,
        status: 'DELIVERED',
        attempts: 1,
        nextAttemptAt: null,
        lastStatus: 204,
        lastError: null,
        at: expect.any(Date),
        endedAt: expect.any(Date),
      },
      { type: 'refund.created', version: 1 },
    ]);
    const waiting = await listDeliveries(db, { status: 'PENDING', limit: 100 });
    expect(waiting).toHaveLength(4);
    expect(waiting.at(-1)).toMatchObject({
      endpoint: 'desk',
      refundId: first,
      lastStatus: 503,
      lastError: 'STATUS',
      nextAttemptAt: expect.any(Date),
      endedAt: null,
    });
    expect(await listDeliveries(db, { limit: 3 })).toEqual(all.slice(0, 3));
    expect(await listDeliveries(db, { endpoint: 'nobody', limit: 3 })).toEqual([]);
  });

  test('a message is resent with the same id and bytes, also one that was delivered', async () => {
    await listen({ events: ['refund.created'] });
    const { db } = s.t.database;
    await s.refund();
    await s.deliver();
    const { messageId } = (await s.deliveries())[0]!;
    expect(await resendMessage(db, { messageId, endpoint: 'books' })).toBe('RESENT');
    expect(await s.deliveries()).toMatchObject([{ status: 'PENDING', attempts: 0 }]);
    await s.deliver();
    const [first, second] = s.receiver.received;
    expect([second!.id, second!.body]).toEqual([first!.id, first!.body]);
    expect(await statuses()).toEqual(['DELIVERED']);
  });

  test('to an endpoint that had not asked for it, but to none of somebody else', async () => {
    await listen({ events: ['refund.created'] });
    await s.refund();
    const demo = [
      endpointOf(s.receiver.url, { events: ['refund.created'] }),
      endpointOf(`${s.receiver.url}/desk`, { code: 'desk' }),
    ];
    await s.listen({ demo, other: [endpointOf(`${s.receiver.url}/other`, { code: 'other' })] });
    const { db } = s.t.database;
    const { messageId } = (await s.deliveries())[0]!;
    expect(await resendMessage(db, { messageId, endpoint: 'desk' })).toBe('RESENT');
    expect(await resendMessage(db, { messageId, endpoint: 'other' })).toBe('NO_SUCH_MESSAGE');
    expect(await resendMessage(db, { messageId, endpoint: 'nobody' })).toBe('NO_SUCH_ENDPOINT');
    await disableEndpoint(db, 'desk', 'OPERATOR');
    expect(await resendMessage(db, { messageId, endpoint: 'desk' })).toBe('ENDPOINT_DISABLED');
    expect(await resendFailed(db, { endpoint: 'desk', since: new Date(0) })).toBe('ENDPOINT_DISABLED');
    expect(await resendFailed(db, { endpoint: 'nobody', since: new Date(0) })).toBe('NO_SUCH_ENDPOINT');
  });

  test('what failed since an instant is resent as a whole', async () => {
    await listen();
    s.receiver.answer = () => 500;
    const refundId = await s.refund();
    const { db } = s.t.database;
    await sql`UPDATE event_deliveries SET status = 'FAILED', ended_at = app_now()`.execute(db);
    expect(
      await resendFailed(db, { endpoint: 'books', since: new Date(Date.now() + 3_600_000 * 24 * 365) }),
    ).toBe(0);
    expect(await resendFailed(db, { endpoint: 'books', since: new Date(0) })).toBe(2);
    s.receiver.answer = () => 200;
    await s.deliver();
    expect(s.receiver.accepted.map(({ data }) => data.refund.version)).toEqual([1, 2]);
    await s.change(refundId);
    await s.deliver();
    expect(await statuses()).toEqual(['DELIVERED', 'DELIVERED', 'DELIVERED']);
  });
});
