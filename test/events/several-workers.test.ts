import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startDeliveries, type Deliveries } from '../../src/events/start-deliveries.ts';
import { endpointOf, openStage, type Stage } from './stage.ts';

let s: Stage;
const running: Deliveries[] = [];
beforeAll(async () => {
  s = await openStage('events_workers');
});
afterAll(() => s.close());
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()));
  await s.clear();
});

const statuses = async () => new Set((await s.deliveries()).map(({ status }) => status));

/** What the receiver accepted of each refund, as versions in the order of arrival. */
function acceptedVersions(): Map<string, number[]> {
  const versions = new Map<string, number[]>();
  for (const { data } of s.receiver.accepted)
    versions.set(data.refund.id, [...(versions.get(data.refund.id) ?? []), data.refund.version]);
  return versions;
}

test('several workers deliver each message once to a receiver that answers, in order, and lose none', async () => {
  const options = await s.listen({ demo: [endpointOf(s.receiver.url)] });
  for (let worker = 0; worker < 4; worker += 1) running.push(startDeliveries(options));
  const refunds = await Promise.all(Array.from({ length: 12 }, () => s.refund()));
  await Promise.all(refunds.map((refundId) => s.change(refundId, 5)));
  await expect.poll(statuses, { timeout: 60_000, interval: 200 }).toEqual(new Set(['DELIVERED']));
  const versions = acceptedVersions();
  expect(versions.size).toBe(12);
  for (const each of versions.values()) expect(each).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(s.receiver.received).toHaveLength(12 * 7);
  expect(s.recorded.errors()).toEqual([]);
}, 120_000);

test('at most eight are under way to an endpoint of a process, and others are not held up by a slow one', async () => {
  let underWay = 0;
  let most = 0;
  const held: (() => void)[] = [];
  s.receiver.answer = ({ path }) => {
    if (!path.endsWith('slow')) return 204;
    return (response) => {
      underWay += 1;
      most = Math.max(most, underWay);
      held.push(() => {
        underWay -= 1;
        response.writeHead(204).end();
      });
    };
  };
  const options = await s.listen({
    demo: [endpointOf(`${s.receiver.url}/slow`, { code: 'slow' }), endpointOf(s.receiver.url)],
  });
  running.push(startDeliveries(options));
  // Some first, so that there is room for a part of the rest only.
  await Promise.all(Array.from({ length: 3 }, () => s.refund()));
  await expect.poll(() => underWay, { timeout: 30_000 }).toBe(3);
  await Promise.all(Array.from({ length: 17 }, () => s.refund()));
  const delivered = async (code: string) =>
    (await s.deliveries()).filter((each) => each.code === code && each.status === 'DELIVERED').length;
  await expect.poll(() => delivered('books'), { timeout: 30_000, interval: 200 }).toBe(40);
  expect(await delivered('slow')).toBe(0);
  expect([underWay, most]).toEqual([8, 8]);
  // What has no room is not claimed either.
  const claimed = (await s.deliveries()).filter(({ code, attempts }) => code === 'slow' && attempts > 0);
  expect(claimed).toHaveLength(8);
  while ((await delivered('slow')) < 40) {
    for (const answer of held.splice(0)) answer();
    await sleep(50);
  }
  expect(most).toBe(8);
}, 120_000);

test('of many deliveries of an endpoint that are given up, one tells somebody', async () => {
  s.receiver.answer = () => 500;
  const options = await s.listen({ demo: [endpointOf(s.receiver.url, { events: ['refund.created'] })] });
  for (let count = 0; count < 3; count += 1) await s.refund();
  await sql`UPDATE event_deliveries SET attempts = 9`.execute(s.t.database.db);
  running.push(startDeliveries(options));
  await expect.poll(statuses, { timeout: 30_000, interval: 200 }).toEqual(new Set(['FAILED']));
  await running.pop()!.stop();
  expect(s.recorded.alerts()).toEqual(['EVENT_DELIVERY_FAILED']);
});

test('stopping waits for what is under way and begins nothing new', async () => {
  let answer: (() => void) | undefined;
  s.receiver.answer = () => (response) => {
    answer = () => response.writeHead(204).end();
  };
  const deliveries = startDeliveries(
    await s.listen({ demo: [endpointOf(s.receiver.url, { events: ['refund.created'] })] }),
  );
  await s.refund();
  await expect.poll(() => answer, { timeout: 30_000 }).toBeDefined();
  const stopping = deliveries.stop();
  await s.refund();
  answer!();
  await stopping;
  expect((await s.deliveries()).map(({ status }) => status)).toEqual(['DELIVERED', 'PENDING']);
  expect(s.receiver.received).toHaveLength(1);
});
