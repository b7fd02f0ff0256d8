import pino from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { alertCodes, createAlerts, type RaisedAlert } from '../../src/alerts.ts';
import { systemClock } from '../../src/clock.ts';
import { connectDatabase, type ConnectedDatabase } from '../../src/db/connect.ts';
import { syncEndpoints } from '../../src/db/event-endpoints.ts';
import { inTransaction } from '../../src/db/in-transaction.ts';
import type { Database } from '../../src/db/tables.ts';
import { createAlertMessages, type AlertMessages } from '../../src/events/alert-messages.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

const silent = pino({ level: 'silent' });
let database: TestDatabase<Database>;
beforeAll(async () => {
  database = await createTestDatabase('alert-messages');
});
afterAll(() => database.drop());

const closing: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  await database.pool.query('TRUNCATE event_deliveries, event_messages, event_endpoints');
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const pager = (code = 'pager', events: string[] = []) => ({
  code,
  url: 'https://pager.example.com/',
  secrets: [],
  events,
  allowPrivateNetwork: false,
});
const listen = (...operatorEndpoints: ReturnType<typeof pager>[]) =>
  syncEndpoints(database.db, { merchants: [], operatorEndpoints }, new Map());

const alert = (refundId: string, more: Partial<RaisedAlert> = {}): RaisedAlert => ({
  code: 'REFUND_NEEDS_VERDICT',
  message: 'Decide.',
  details: { refundId },
  ...more,
});

function open(db = database.db, log = silent): AlertMessages {
  const messages = createAlertMessages({
    db,
    log,
    clock: systemClock,
    operatorEndpoints: new Set(['pager', 'second']),
  });
  closing.push(() => messages.close(10_000));
  return messages;
}

const written = async (): Promise<unknown[]> => {
  const { rows } = await database.pool.query<{ data: unknown }>(
    "SELECT data FROM event_messages WHERE type = 'alert.raised' AND merchant_id IS NULL AND subject IS NULL ORDER BY seq",
  );
  return rows.map(({ data }) => data);
};
const deliveries = async (): Promise<unknown> =>
  (await database.pool.query('SELECT 1 FROM event_deliveries')).rowCount;

/** A log and the lines that it got. */
function lines() {
  const got: Record<string, unknown>[] = [];
  const log = pino({ base: null }, { write: (line: string) => void got.push(JSON.parse(line) as never) });
  return { got, log };
}

/** Another way to the same database, which can be cut. */
async function proxied(): Promise<{ proxy: TcpProxy; connected: ConnectedDatabase<Database> }> {
  const proxy = await TcpProxy.inFrontOf(database.config);
  closing.push(() => proxy.close());
  const connected = connectDatabase<Database>({
    config: proxy.through(database.config),
    preparedStatements: false,
    log: silent,
  });
  closing.push(async () => {
    proxy.pass();
    await connected.close();
  });
  return { proxy, connected };
}

describe('an alert', () => {
  test('becomes one message, with a delivery for every endpoint of the operator that wants it', async () => {
    await listen(pager(), pager('second', ['alert.raised']));
    const messages = open();
    createAlerts(silent, undefined, (raised) => messages.tell(raised)).raise(
      'PAYMENT_MISMATCH',
      { paymentId: 'p-1' },
      'Compare.',
    );
    await messages.close(10_000);
    expect(await written()).toEqual([
      { code: 'PAYMENT_MISMATCH', message: 'Compare.', details: { paymentId: 'p-1' }, repeated: 0 },
    ]);
    expect(await deliveries()).toBe(2);
  });

  test('is not written where nobody listens', async () => {
    const messages = open();
    messages.tell(alert('a'));
    await messages.close(10_000);
    expect(await written()).toEqual([]);
  });

  test('that is raised inside a transaction is no part of it', async () => {
    await listen(pager());
    const messages = open();
    const end = Promise.withResolvers<never>();
    const transaction = inTransaction(database.db, () => {
      messages.tell(alert('a'));
      return end.promise;
    });
    await vi.waitFor(async () => expect(await written()).toHaveLength(1));
    end.reject(new Error('rolled back'));
    await expect(transaction).rejects.toThrow('rolled back');
    expect(await written()).toHaveLength(1);
  });

  test('is written in the order in which it was raised, each by itself', async () => {
    await listen(pager());
    const messages = open();
    const ids = Array.from({ length: 30 }, (_, n) => `r${n}`);
    for (const id of ids) messages.tell(alert(id));
    await messages.close(10_000);
    expect(await written()).toMatchObject(ids.map((refundId) => ({ details: { refundId } })));
  });

  test('about the delivery to the operator itself is not sent, so that none makes the next', async () => {
    await listen(pager());
    const messages = open();
    for (const code of ['EVENTS_LAG', 'EVENT_DELIVERY_FAILED', 'EVENT_ENDPOINT_GONE'] as const) {
      messages.tell(alert('', { code, details: { endpoint: 'pager' } }));
      messages.tell(alert('', { code, details: { endpoint: 'second' } }));
    }
    messages.tell(alert('', { code: 'EVENTS_LAG', details: { endpoint: 'orders' } }));
    messages.tell(alert('', { code: 'EVENTS_LAG', details: { pid: 7 } }));
    await messages.close(10_000);
    expect(await written()).toMatchObject([{ details: { endpoint: 'orders' } }, { details: { pid: 7 } }]);
  });

  test('that the database refuses for good does not hold up the others', async () => {
    await listen(pager());
    const { got, log } = lines();
    const messages = open(database.db, log);
    messages.tell(alert('a', { details: { word: 'a\u0000b' } }));
    messages.tell(alert('b'));
    await messages.close(10_000);
    expect(await written()).toMatchObject([{ details: { refundId: 'b' } }]);
    expect(got).toMatchObject([
      { level: 50, code: 'REFUND_NEEDS_VERDICT', msg: expect.stringMatching(/could not be written/) },
    ]);
  });
});

test('a storm of alerts is sixty messages and one with the number of the others, told at the latest at the end', async () => {
  await listen(pager());
  const messages = open();
  for (let n = 0; n < 500; n += 1) messages.tell(alert(`r${n}`));
  for (let n = 0; n < 500; n += 1) messages.tell(alert('r0'));
  await messages.close(10_000);
  const all = await written();
  expect(all).toHaveLength(61);
  expect(all.at(-1)).toMatchObject({ code: 'REFUND_NEEDS_VERDICT', details: { leftOut: 440 } });
});

describe('while the database is away', () => {
  test('alerts wait, and are written when it is back', async () => {
    await listen(pager());
    const { proxy, connected } = await proxied();
    const { got, log } = lines();
    proxy.refuse();
    await proxy.cut('reset');
    const messages = open(connected.db, log);
    messages.tell(alert('a'));
    messages.tell(alert('b'));
    await vi.waitFor(() => expect(got).toMatchObject([{ msg: 'alerts wait for the database' }]));
    expect(await written()).toEqual([]);
    proxy.pass();
    await vi.waitFor(async () => expect(await written()).toHaveLength(2), { timeout: 10_000 });
    await messages.close(10_000);
    expect(got).toHaveLength(1);
  });

  test('a thousand wait at most; how many were not written is in the log when it takes the others', async () => {
    await listen(pager());
    const { proxy, connected } = await proxied();
    const { got, log } = lines();
    proxy.refuse();
    await proxy.cut('reset');
    const messages = open(connected.db, log);
    const codes = Object.keys(alertCodes) as RaisedAlert['code'][];
    expect(codes.length * 60).toBeGreaterThan(1_100);
    for (let n = 0; n < 1_100; n += 1) messages.tell(alert(`r${n}`, { code: codes[n % codes.length]! }));
    await vi.waitFor(() => expect(got).toHaveLength(1));
    proxy.pass();
    await messages.close(30_000);
    expect(await written()).toHaveLength(1_000);
    expect(got.at(-1)).toMatchObject({ level: 50, dropped: 100 });
  });

  test('the end of the process does not wait for longer than its grace, and says what was not written', async () => {
    await listen(pager());
    const { proxy, connected } = await proxied();
    const { got, log } = lines();
    proxy.hold();
    const messages = open(connected.db, log);
    messages.tell(alert('a'));
    messages.tell(alert('b'));
    await messages.close(50);
    expect(got.at(-1)).toMatchObject({ level: 50, lost: 2 });
    proxy.pass();
  });
});
