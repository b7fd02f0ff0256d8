import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Problem, type Sleep } from '../../examples/polling/ask.ts';
import { followRefunds, type Row } from '../../examples/polling/follow-changes.ts';
import { openEpoch } from '../../src/db/epochs.ts';
import type { Database } from '../../src/db/tables.ts';
import { copyTestDatabase, type TestDatabase } from '../support/database.ts';
import { startPolledService, type PolledService } from './polled-service.ts';

let polled: PolledService;
const backups: TestDatabase<Database>[] = [];
beforeEach(async () => {
  polled = await startPolledService('follow_changes');
});
afterEach(async () => {
  await polled.close();
  for (const backup of backups.splice(0)) await backup.drop();
});

const closed = new Error('the screen was closed');

const ALL = { createdAt: { from: '2020-01-01T00:00:00Z' } };

/** A screen that is open until `isDone` says so of its rows; `then` happens while it sleeps. */
async function screen(
  isDone: (rows: readonly Row[]) => boolean,
  then: (nth: number, rows: readonly Row[]) => Promise<unknown> | undefined = () => undefined,
) {
  const stopping = new AbortController();
  const slept: number[] = [];
  const shown: (readonly Row[])[] = [];
  const sleep: Sleep = async (ms, signal) => {
    slept.push(ms);
    await then(slept.length, shown.at(-1) ?? []);
    // Other databases of the test server may hold the end of the feed back for a moment.
    await delay(10);
    signal?.throwIfAborted();
  };
  const { accounts } = await accountOf();
  const following = followRefunds(polled.api, {
    filter: { account: accounts },
    onRows: (rows) => {
      shown.push(rows);
      if (isDone(rows)) stopping.abort(closed);
    },
    signal: stopping.signal,
    sleep,
  });
  await expect(following).rejects.toBe(closed);
  return { shown, slept, statuses: statusesOf(shown.at(-1) ?? []) };
}

async function accountOf(): Promise<{ accounts: string }> {
  const { data } = await polled.service.graphql<{ accounts: { nodes: { id: string; code: string }[] } }>(
    '{ accounts { nodes { id code } } }',
  );
  return { accounts: data.accounts.nodes.find(({ code }) => code === 'yookassa-demo')!.id };
}

const statusesOf = (rows: readonly Row[]): Record<string, string> =>
  Object.fromEntries(rows.map(({ id, status }) => [id, status]));

const operations = (): string[] =>
  polled.front.exchanges.map(({ url }) => /query (\w+)/.exec(url.searchParams.get('query') ?? '')?.[1] ?? '');

describe('a screen that follows the changes', () => {
  test('reads its list once, and then one field for all rows; sees what ends and what is made meanwhile', async () => {
    const first = await polled.makeRefund();
    const second = await polled.makeRefund();
    let third = '';
    const { shown, statuses, slept } = await screen(
      (rows) => rows.length === 3 && rows.every(({ status }) => status === 'SUCCEEDED'),
      async (nth) => {
        if (nth === 1) third = await polled.makeRefund();
        if (nth === 2) await polled.settle('succeeded');
        if (nth === 2) for (const id of [second, first, third]) await polled.sync(id);
      },
    );
    expect(statusesOf(shown[0]!)).toEqual({ [first]: 'PENDING', [second]: 'PENDING' });
    expect(statuses).toEqual({ [first]: 'SUCCEEDED', [second]: 'SUCCEEDED', [third]: 'SUCCEEDED' });
    expect(shown.at(-1)!.map(({ id }) => id)).toEqual([third, second, first]);
    const [list, ...changes] = operations();
    expect(list).toBe('Screen');
    expect(new Set(changes)).toEqual(new Set(['Changes']));
    // One sleep after each answer, the last of which is cut short.
    expect(changes).toHaveLength(slept.length - 1);
    expect(slept.every((ms) => ms >= 2_000 && ms <= 30_000)).toBe(true);
  });

  test('asks less and less while nothing changes, and as before when something does', async () => {
    const id = await polled.makeRefund();
    const { slept } = await screen(
      ([row]) => row?.status === 'SUCCEEDED',
      async (nth) => {
        if (nth !== 8) return;
        await polled.settle('succeeded');
        await polled.sync(id);
      },
    );
    const [told] = slept;
    expect(slept.slice(0, 8)).toEqual(
      [1, 2, 4, 8, 16, 32, 64, 128].map((times) => Math.min(told! * times, 30_000)),
    );
  });

  test('keeps the highest version, reads all pages at once, and waits out an overload', async () => {
    const id = await polled.makeRefund();
    const change = (version: number, status: string) => ({
      version,
      refund: { id, version, status, isFinal: false, createdAt: '', freshness: { pollAfterMs: 2_000 } },
    });
    const page = (cursor: string, hasMore: boolean, ...changes: ReturnType<typeof change>[]) => ({
      status: 200,
      body: { data: { refundChanges: { changes, cursor, hasMore } } },
    });
    const { shown, slept } = await screen(
      ([row]) => row?.version === 95,
      (nth) => {
        if (nth === 1)
          polled.front.answerNext(
            { status: 503, headers: { 'retry-after': '97' } },
            page('a', true, change(93, 'UNKNOWN')),
            page('b', true, change(92, 'PENDING')),
            page('c', false, change(94, 'PENDING')),
            page('d', false, change(95, 'SUCCEEDED')),
          );
        return undefined;
      },
    );
    expect(shown.slice(1).map(([row]) => row?.version)).toEqual([93, 94, 95]);
    expect(slept[1]).toBe(97_000);
    const cursors = polled.front.exchanges.map(({ url }) =>
      String((JSON.parse(url.searchParams.get('variables')!) as { after?: string }).after),
    );
    expect(cursors.slice(-3)).toEqual(['a', 'b', 'c']);
    // Between the three pages there is no sleep.
    expect(slept).toHaveLength(4);
  });

  test('of an expired cursor reads the list again, and goes on where the feed begins now', async () => {
    const lost = await polled.makeRefund();
    let made = '';
    const { statuses } = await screen(
      (rows) => rows.length === 2 && rows.every(({ status }) => status === 'SUCCEEDED'),
      async (nth, rows) => {
        if (nth === 1) {
          const { data } = await polled.service.graphql<{ refundChanges: { cursor: string } }>(
            '{ refundChanges { cursor } }',
          );
          await polled.settle('succeeded');
          await polled.sync(lost);
          made = await polled.makeRefund();
          const error = {
            message: 'What lay behind this cursor is gone.',
            extensions: { code: 'CURSOR_EXPIRED', restartFrom: data.refundChanges.cursor },
          };
          polled.front.answerNext({ status: 200, body: { errors: [error], data: null } });
        }
        if (nth === 3) {
          expect(statusesOf(rows)).toEqual({ [lost]: 'SUCCEEDED', [made]: 'PENDING' });
          await polled.settle('succeeded');
          await polled.sync(made);
        }
      },
    );
    expect(statuses).toEqual({ [lost]: 'SUCCEEDED', [made]: 'SUCCEEDED' });
    expect(operations().slice(0, 3)).toEqual(['Screen', 'Changes', 'Screen']);
  });

  test('survives a restart of the service', async () => {
    const id = await polled.makeRefund();
    const { statuses, slept } = await screen(
      ([row]) => row?.status === 'SUCCEEDED',
      async (nth) => {
        if (nth === 2) await polled.stop();
        if (nth === 5) await polled.start();
        if (nth !== 6) return;
        await polled.settle('succeeded');
        await polled.sync(id);
      },
    );
    expect(statuses).toEqual({ [id]: 'SUCCEEDED' });
    expect(slept[2]).toBeLessThanOrEqual(1_000);
    expect(operations().filter((name) => name === 'Screen')).toHaveLength(1);
  });

  test('survives a restore: what it saw of the lost history does not keep it from seeing the new one', async () => {
    const id = await polled.makeRefund();
    let lostVersion = Number.POSITIVE_INFINITY;
    const { shown } = await screen(
      ([row]) => row?.status === 'SUCCEEDED' && row.version > lostVersion,
      async (nth, [row]) => {
        if (nth === 1) {
          await polled.stop();
          backups.push(await copyTestDatabase(polled.service.database));
          await polled.start();
          await polled.settle('succeeded');
          await polled.sync(id);
        } else if (row?.status === 'SUCCEEDED' && lostVersion === Number.POSITIVE_INFINITY) {
          lostVersion = row.version;
          await polled.stop();
          await openEpoch(backups[0]!.db);
          await polled.start(backups[0]);
          await polled.sync(id);
        }
      },
    );
    // Told anew after the restore, as a version that is higher than what was lost.
    expect(shown.map(([row]) => row?.status)).toEqual(['PENDING', 'SUCCEEDED', 'SUCCEEDED']);
    expect(operations().filter((name) => name === 'Screen')).toHaveLength(1);
  });

  test('ends with what asking again will not mend', async () => {
    const stranger = { ...polled.api, apiKey: 'rf_nobody' };
    const options = { filter: ALL, onRows: () => undefined, signal: new AbortController().signal };
    const refused: unknown = await followRefunds(stranger, options).catch((error: unknown) => error);
    expect((refused as Problem).code).toBe('UNAUTHENTICATED');
  });
});
