import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  claimDeliveries,
  endDelivery,
  keepBodies,
  listDueEndpoints,
  noteAnswering,
  noteFailing,
  putOffBlocked,
  retryDelivery,
  takeProbe,
} from '../../src/db/event-deliveries.ts';
import { connectDatabase } from '../../src/db/connect.ts';
import { disableEndpoint } from '../../src/db/event-endpoints.ts';
import { resendMessage } from '../../src/db/event-messages.ts';
import { deliver } from '../../src/events/deliver.ts';
import { signingKeys } from '../../src/events/signature.ts';
import type { Database } from '../../src/db/tables.ts';
import type { EventEndpointId } from '../../src/ids.ts';
import { silentLog } from '../support/silent-log.ts';
import { endpointOf, openStage, SECRET, type Stage } from './stage.ts';

const LEASE_MS = 60_000;
const answered = { status: 200, error: null };
const refused = { status: 500, error: 'STATUS' };

let s: Stage;
beforeAll(async () => {
  s = await openStage('events_claims');
});
afterAll(() => s.close());
afterEach(() => s.clear());

async function listen(more = {}): Promise<EventEndpointId> {
  const { ids } = await s.listen({ demo: [endpointOf(s.receiver.url, more)] });
  return ids.get('books')!;
}
const db = () => s.t.database.db;
const endpointRow = () => db().selectFrom('event_endpoints').selectAll().executeTakeFirstOrThrow();

test('claims at once are of different deliveries, and only of the first about each refund', async () => {
  const id = await listen();
  for (let count = 0; count < 9; count += 1) await s.refund();
  const claims = await Promise.all(Array.from({ length: 6 }, () => claimDeliveries(db(), id, 2, LEASE_MS)));
  const all = claims.flat();
  expect(new Set(all.map(({ messageId }) => messageId)).size).toBe(all.length);
  all.push(...(await claimDeliveries(db(), id, 100, LEASE_MS)));
  expect(new Set(all.map(({ messageId }) => messageId)).size).toBe(9);
  expect(new Set(all.map(({ type }) => type))).toEqual(new Set(['refund.created']));
  expect(await claimDeliveries(db(), id, 100, LEASE_MS)).toEqual([]);
});

test('a claim that is over ends nothing: neither what another process has claimed since, nor what was discarded', async () => {
  const id = await listen({ events: ['refund.created'] });
  await s.refund();
  const [old] = await claimDeliveries(db(), id, 1, LEASE_MS);
  await s.t.advance(61);
  const [present] = await claimDeliveries(db(), id, 1, LEASE_MS);
  expect(present).toMatchObject({ messageId: old!.messageId, attempts: 2, claims: 2 });
  await retryDelivery(db(), old!, 1_000, refused);
  await endDelivery(db(), old!, 'FAILED', refused);
  const [claimed] = await s.deliveries();
  expect(claimed).toMatchObject({ status: 'PENDING', lastError: null });
  expect(claimed!.waits).toBeGreaterThan(50);
  await disableEndpoint(db(), 'books', 'GONE');
  await endDelivery(db(), present!, 'DELIVERED', answered);
  expect(await s.deliveries()).toMatchObject([{ status: 'DISCARDED' }]);
});

test('what is resent while it is under way is not tried twice at once, and its old claim ends nothing', async () => {
  const id = await listen({ events: ['refund.created'] });
  await s.refund();
  const [claim] = await claimDeliveries(db(), id, 1, LEASE_MS);
  expect(await resendMessage(db(), { messageId: claim!.messageId, endpoint: 'books' })).toBe('RESENT');
  expect(await claimDeliveries(db(), id, 1, LEASE_MS)).toEqual([]);
  await s.t.advance(61);
  const [again] = await claimDeliveries(db(), id, 1, LEASE_MS);
  expect(again).toMatchObject({ attempts: 1, claims: 2 });
  await endDelivery(db(), claim!, 'DELIVERED', answered);
  expect(await s.deliveries()).toMatchObject([{ status: 'PENDING' }]);
});

test('what is under way is not tried twice at once because an earlier one was resent and has ended', async () => {
  const id = await listen();
  await s.refund();
  const [first] = await claimDeliveries(db(), id, 1, LEASE_MS);
  await endDelivery(db(), first!, 'DELIVERED', answered);
  const [second] = await claimDeliveries(db(), id, 1, LEASE_MS);
  expect(second).toMatchObject({ type: 'refund.finalized' });
  await resendMessage(db(), { messageId: first!.messageId, endpoint: 'books' });
  const [again] = await claimDeliveries(db(), id, 5, LEASE_MS);
  expect(again).toMatchObject({ messageId: first!.messageId });
  await endDelivery(db(), again!, 'DELIVERED', answered);
  expect(await claimDeliveries(db(), id, 5, LEASE_MS)).toEqual([]);
  await s.t.advance(61);
  expect(await claimDeliveries(db(), id, 5, LEASE_MS)).toMatchObject([{ messageId: second!.messageId }]);
});

test('a process that was stopped since it claimed sends nothing', async () => {
  const id = await listen({ events: ['refund.created'] });
  await s.refund();
  const [claim] = await claimDeliveries(db(), id, 1, LEASE_MS);
  const called: string[] = [];
  const poster = {
    post: async () => {
      called.push('post');
      return { status: 200, error: null, retryAfterMs: null };
    },
    close: async () => undefined,
  };
  const endpoint = { id, code: 'books', url: s.receiver.url, keys: signingKeys([SECRET]), poster };
  const { alerts, log, metrics } = s.t.world;
  const delivering = { db: db(), alerts, log, metrics, wasToldLately: () => false };
  await deliver(delivering, endpoint, claim!, '{}', () => false);
  expect(called).toEqual([]);
  expect(await s.deliveries()).toMatchObject([{ status: 'PENDING', attempts: 1 }]);
  await deliver(delivering, endpoint, claim!, '{}', () => true);
  expect(called).toEqual(['post']);
  expect(await s.deliveries()).toMatchObject([{ status: 'DELIVERED' }]);
});

test('the one turn at an endpoint that does not answer is taken by one process', async () => {
  const id = await listen();
  const turns = await Promise.all(Array.from({ length: 8 }, () => takeProbe(db(), id, LEASE_MS)));
  expect(turns.filter(Boolean)).toHaveLength(1);
  await s.t.advance(61);
  expect(await takeProbe(db(), id, LEASE_MS)).toBe(true);
});

test('failures in a row make longer pauses, an answer ends them, and what the receiver asked for stays', async () => {
  const id = await listen();
  const pauses = [0, 0, 1_000, 2_000];
  const waits = async () => {
    const { rows } = await sql<{ s: number | null }>`
      SELECT extract(epoch FROM paused_until - app_now())::float8 AS s FROM event_endpoints`.execute(db());
    return rows[0]!.s;
  };
  const seen: unknown[] = [];
  for (let failure = 0; failure < 5; failure += 1) {
    await noteFailing(db(), id, pauses, null);
    const wait = await waits();
    seen.push(wait === null ? null : Math.round(wait));
  }
  expect(seen).toEqual([null, null, 1, 2, 2]);
  expect(await endpointRow()).toMatchObject({ failures: 5 });
  await noteAnswering(db(), id);
  expect(await endpointRow()).toMatchObject({ failures: 0, paused_until: null });
  await noteFailing(db(), id, pauses, 30_000);
  expect(Math.round((await waits())!)).toBe(30);
  await noteAnswering(db(), id);
  expect(Math.round((await waits())!)).toBe(30);
});

test('failures at the same moment count each', async () => {
  const id = await listen();
  const pauses = [0, 0, 0, 0, 0, 30_000];
  await Promise.all(pauses.map(() => noteFailing(db(), id, pauses, null)));
  expect(await endpointRow()).toMatchObject({ failures: 6, paused_until: expect.any(Date) });
});

test('of two that write the bytes of a message, the first decides for both', async () => {
  const id = await listen({ events: ['refund.created'] });
  await s.refund();
  const { messageId } = (await claimDeliveries(db(), id, 1, LEASE_MS))[0]!;
  const kept = await Promise.all(
    ['first', 'second', 'third'].map((body) => keepBodies(db(), [{ messageId, body }])),
  );
  expect(new Set(kept.map((each) => each.get(messageId))).size).toBe(1);
});

test('what waits behind a delivery is put off with it and due when it has ended, in whatever order both are done', async () => {
  const id = await listen();
  const refundId = await s.refund();
  for (let round = 0; round < 20; round += 1) {
    await s.change(refundId);
    const [head] = await claimDeliveries(db(), id, 10, LEASE_MS);
    await s.change(refundId);
    await Promise.all([
      putOffBlocked(db(), id, 100),
      endDelivery(db(), head!, 'DELIVERED', answered),
      putOffBlocked(db(), id, 100),
    ]);
    const waiting = (await s.deliveries()).filter(({ status }) => status === 'PENDING');
    expect(waiting[0]!.waits).toBeLessThanOrEqual(0);
  }
});

test('blocked deliveries do not hide what can be claimed', async () => {
  const id = await listen();
  const refundId = await s.refund();
  await s.change(refundId, 30);
  const [head] = await claimDeliveries(db(), id, 1, LEASE_MS);
  await retryDelivery(db(), head!, 3_600_000, refused);
  await s.change(refundId, 30);
  const own = [{ id, url: s.receiver.url }];
  expect(await listDueEndpoints(db(), own)).toEqual([{ id, failures: 0 }]);
  await putOffBlocked(db(), id, 100);
  expect(await listDueEndpoints(db(), own)).toEqual([]);
  await s.refund();
  expect(await claimDeliveries(db(), id, 1, LEASE_MS)).toMatchObject([{ type: 'refund.created' }]);
});

test('bodies are kept in the order of their messages, so that two who keep the same do not wait for each other', async () => {
  const id = await listen();
  await s.refund();
  await s.refund();
  const claims = await claimDeliveries(db(), id, 100, LEASE_MS);
  const [first, second] = claims.map(({ messageId }) => messageId).toSorted();
  const other = connectDatabase<Database>({ config: s.t.database.config, log: silentLog });
  try {
    let keeping: ReturnType<typeof keepBodies> | undefined;
    await db()
      .transaction()
      .execute(async (tx) => {
        const lock = (message: string) =>
          sql`SELECT FROM event_messages WHERE id = ${message} FOR UPDATE NOWAIT`.execute(tx);
        await lock(first!);
        keeping = keepBodies(
          other.db,
          [second!, first!].map((messageId) => ({ messageId, body: '{}' })),
        );
        await expect
          .poll(async () => {
            const { rows } = await sql`SELECT FROM pg_stat_activity
              WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(db());
            return rows.length;
          })
          .toBe(1);
        await lock(second!);
      });
    expect((await keeping!).size).toBe(2);
  } finally {
    await other.close();
  }
});
