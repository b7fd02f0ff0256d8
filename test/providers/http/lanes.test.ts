import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLanes, type Lane } from '../../../src/providers/http/lanes.ts';
import { createTokenBucket } from '../../../src/providers/http/token-bucket.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const lanesOf = (perSecond: number, limit = 100) => {
  const clock = { monotonicMs: () => Date.now() };
  const bucket = createTokenBucket(perSecond, clock);
  return { bucket, lanes: createLanes({ send: limit, read: limit }, 500, bucket) };
};

test('while both wait for the rate, three sends go before each read, and nobody is left out', async () => {
  const { lanes } = lanesOf(1);
  const order: Lane[] = [];
  const enter = async (lane: Lane) => {
    const entry = await lanes.enter(lane, 60_000);
    order.push(lane);
    if (entry.admitted) entry.leave();
  };
  const all = [enter('read')];
  for (let n = 0; n < 6; n += 1) all.push(enter('read'), enter('send'));
  await vi.advanceTimersByTimeAsync(20_000);
  await Promise.all(all);
  expect(order.join(' ')).toBe('read send send send read send send send read read read read read');
});

test('reads that can be begun are those that the rate leaves behind who waits already', () => {
  const { lanes } = lanesOf(5);
  expect(lanes.readsWithin(2_000, undefined)).toBe(15);
  for (let n = 0; n < 5; n += 1) void lanes.enter('send', 60_000);
  void lanes.enter('send', 60_000);
  void lanes.enter('read', 60_000);
  expect(lanes.readsWithin(2_000, undefined)).toBe(8);
  void lanes.close();
  expect(lanes.readsWithin(2_000, undefined)).toBe(0);
});

test('a slot serves one read after the other within the time, and one more for a read that takes longer', () => {
  const { lanes } = lanesOf(1_000, 8);
  expect(lanes.readsWithin(2_000, 500)).toBe(32);
  expect(lanes.readsWithin(2_000, 10_000)).toBe(8);
  void lanes.enter('read', 60_000);
  expect(lanes.readsWithin(2_000, 10_000)).toBe(7);
});

test('a pause gives no read before its end', async () => {
  const { bucket, lanes } = lanesOf(5);
  bucket.pause(1_000);
  expect(lanes.readsWithin(999, undefined)).toBe(0);
  expect(lanes.readsWithin(1_000, undefined)).toBe(1);
  expect(lanes.readsWithin(2_000, undefined)).toBe(6);
  await vi.advanceTimersByTimeAsync(500);
  expect(lanes.readsWithin(500, undefined)).toBe(1);
});
