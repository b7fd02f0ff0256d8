import pino from 'pino';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Config } from '../../src/config.ts';
import { readBacklog } from '../../src/db/metrics.ts';
import { startApp } from '../../src/app.ts';
import { startWorker } from '../../src/worker.ts';
import { configOf } from '../app/app-config.ts';
import { testMerchants } from '../support/world.ts';
import { endpointOf, openStage, type Stage } from './stage.ts';

let s: Stage;
const running: { close(): Promise<void> }[] = [];
beforeAll(async () => {
  s = await openStage('events_worker');
});
afterAll(() => s.close());
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
  await s.clear();
});

const log = pino({ level: 'silent' });
const configured = (change: Partial<Config> = {}): Config =>
  configOf(s.t.database, {
    demo: true,
    merchants: testMerchants(s.t.sandbox).map((merchant) =>
      merchant.code === 'demo' ? { ...merchant, eventEndpoints: [endpointOf(s.receiver.url)] } : merchant,
    ),
    operatorEndpoints: [endpointOf(`${s.receiver.url}/operator`, { code: 'alerts' })],
    ...change,
  });
const statuses = async () => new Set((await s.deliveries()).map(({ status }) => status));

test('a worker brings the endpoints to its configuration and delivers to them', async () => {
  running.push(await startWorker(configured(), log));
  await s.refund();
  await expect.poll(statuses, { timeout: 30_000 }).toEqual(new Set(['DELIVERED']));
  expect(s.receiver.accepted.map(({ type }) => type)).toEqual(['refund.created', 'refund.finalized']);
});

test('a service without an engine leaves deliveries to others, and counts what waits', async () => {
  const service = await startApp(configured({ engine: false }), { log });
  running.push(service);
  await s.refund();
  await s.t.advance(90);
  const page = async () => (await fetch(`${service.url}/metrics`)).text();
  expect(await page()).toContain('refund_federation_events_pending{endpoint="books"} 2\n');
  expect((await readBacklog(s.t.database.db)).endpoints).toEqual([
    { code: 'alerts', pending: 0, oldestPendingSeconds: 0, isDisabled: false },
    { code: 'books', pending: 2, oldestPendingSeconds: expect.closeTo(90, -1), isDisabled: false },
  ]);
  expect(s.receiver.received).toEqual([]);

  const working = await startApp(configured({ engine: true }), { log });
  running.push(working);
  await expect.poll(statuses, { timeout: 30_000 }).toEqual(new Set(['DELIVERED']));
  const own = await (await fetch(`${working.url}/metrics`)).text();
  expect(own).toContain('refund_federation_event_attempts_total{endpoint="books",result="delivered"} 2\n');
});

test.each([
  ['a worker', () => startWorker(configured(), log)],
  ['a service', () => startApp(configured({ engine: true }), { log })],
])('%s that is closed lets a running delivery end', async (_what, start) => {
  let answer: (() => void) | undefined;
  s.receiver.answer = () => (response) => {
    answer = () => response.writeHead(204).end();
  };
  const process = await start();
  running.push(process);
  await s.refund();
  await expect.poll(() => answer, { timeout: 30_000 }).toBeDefined();
  const closing = process.close();
  answer!();
  await closing;
  expect((await s.deliveries())[0]).toMatchObject({ status: 'DELIVERED', lastStatus: 204 });
});
