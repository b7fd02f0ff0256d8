import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { FAILED_KEPT_DAYS, forgetEvents, KEPT_DAYS, WAITS_AT_MOST_DAYS } from '../../src/db/forget-events.ts';
import { endpointOf, openStage, type Stage } from './stage.ts';

const DAY = 86_400;

let s: Stage;
beforeAll(async () => {
  s = await openStage('events_forget');
});
afterAll(() => s.close());
afterEach(() => s.clear());

const count = async (table: string): Promise<number> =>
  Number(
    (await sql<{ n: number }>`SELECT count(*)::int AS n FROM ${sql.table(table)}`.execute(s.t.database.db))
      .rows[0]!.n,
  );
const counts = async () => ({
  deliveries: await count('event_deliveries'),
  messages: await count('event_messages'),
});
const forgetAll = async (limit = 100) => {
  while (await forgetEvents(s.t.database.db, limit));
};
const end = (status: string) =>
  sql`UPDATE event_deliveries SET status = ${status}, ended_at = app_now()`.execute(s.t.database.db);

describe('old rows are forgotten', () => {
  test.each([
    ['DELIVERED', KEPT_DAYS],
    ['DISCARDED', KEPT_DAYS],
    ['FAILED', FAILED_KEPT_DAYS],
  ])('%s after %i days, with its message', async (status, days) => {
    await s.listen({ demo: [endpointOf(s.receiver.url)] });
    await s.refund();
    await end(status);
    const before = await counts();
    expect(before).toEqual({ deliveries: 2, messages: 2 });
    await s.t.advance((days - 1) * DAY);
    await forgetAll();
    expect(await counts()).toEqual(before);
    await s.t.advance(2 * DAY);
    await forgetAll();
    expect(await counts()).toEqual({ deliveries: 0, messages: 0 });
  });

  test('what waits is not, nor a message that one of two endpoints waits for', async () => {
    await s.listen({
      demo: [endpointOf(s.receiver.url), endpointOf(`${s.receiver.url}/desk`, { code: 'desk' })],
    });
    await s.refund();
    await sql`UPDATE event_deliveries SET status = 'DELIVERED', ended_at = app_now()
      WHERE endpoint_id = (SELECT id FROM event_endpoints WHERE code = 'desk')`.execute(s.t.database.db);
    await s.t.advance(200 * DAY);
    await forgetAll();
    expect(await counts()).toEqual({ deliveries: 2, messages: 2 });
    expect((await s.deliveries()).map(({ code, status }) => `${code} ${status}`)).toEqual([
      'books PENDING',
      'books PENDING',
    ]);
  });

  test('in small batches', async () => {
    await s.listen({ demo: [endpointOf(s.receiver.url)] });
    for (let each = 0; each < 3; each += 1) await s.refund();
    await end('DELIVERED');
    await s.t.advance((KEPT_DAYS + 1) * DAY);
    expect(await forgetEvents(s.t.database.db, 4)).toBe(true);
    expect(await counts()).toEqual({ deliveries: 2, messages: 2 });
    await forgetAll(4);
    expect(await counts()).toEqual({ deliveries: 0, messages: 0 });
  });
});

describe('what was written while its endpoint was being closed', () => {
  test.each([`disabled_at = app_now(), disabled_because = 'GONE'`, 'configured = false'])(
    'is not delivered, and discarded: %s',
    async (closed) => {
      await s.listen({ demo: [endpointOf(s.receiver.url)] });
      await s.refund();
      await sql`UPDATE event_endpoints SET ${sql.raw(closed)}`.execute(s.t.database.db);
      await s.deliver();
      expect(s.receiver.received).toEqual([]);
      await forgetAll();
      expect((await s.deliveries()).map(({ status }) => status)).toEqual(['DISCARDED', 'DISCARDED']);
    },
  );
});

describe('what waits for an endpoint that does not answer', () => {
  test.each([
    [5, WAITS_AT_MOST_DAYS + 1, 'FAILED'],
    [5, WAITS_AT_MOST_DAYS - 1, 'PENDING'],
    [4, WAITS_AT_MOST_DAYS + 1, 'PENDING'],
  ])('after %i failures and %i days it is %s', async (failures, days, expected) => {
    await s.listen({ demo: [endpointOf(s.receiver.url)] });
    await s.refund();
    await sql`UPDATE event_endpoints SET failures = ${failures}`.execute(s.t.database.db);
    await s.t.advance(days * DAY);
    await forgetAll();
    const states = await s.deliveries();
    expect(new Set(states.map(({ status }) => status))).toEqual(new Set([expected]));
    if (expected === 'FAILED') expect(states[0]).toMatchObject({ lastError: 'EXPIRED' });
  });
});
