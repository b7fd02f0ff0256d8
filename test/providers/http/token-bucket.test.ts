import { expect, test } from 'vitest';
import { createTokenBucket } from '../../../src/providers/http/token-bucket.ts';

function at(startMs: number): { monotonicMs: () => number; advance: (ms: number) => void } {
  let nowMs = startMs;
  return { monotonicMs: () => nowMs, advance: (ms) => void (nowMs += ms) };
}

test('one second of budget may be spent at once, the rest at its rate', () => {
  const clock = at(1000);
  const bucket = createTokenBucket(5, clock);
  expect(Array.from({ length: 6 }, () => bucket.take())).toEqual([0, 0, 0, 0, 0, 200]);
  clock.advance(100);
  expect(bucket.take()).toBe(100);
  clock.advance(100);
  expect(bucket.take()).toBe(0);
  clock.advance(60_000);
  expect(Array.from({ length: 6 }, () => bucket.take()).filter((wait) => wait === 0)).toHaveLength(5);
});

test('less than one request a second still lets the first one go', () => {
  const clock = at(0);
  const bucket = createTokenBucket(0.5, clock);
  expect([bucket.take(), bucket.take()]).toEqual([0, 2000]);
});

test('a pause gives nothing, then one at once and the rest at the rate; it is never shortened, at most a minute', () => {
  const clock = at(0);
  const bucket = createTokenBucket(2, clock);
  bucket.pause(3000);
  bucket.pause(1000);
  expect(bucket.take()).toBe(3000);
  clock.advance(3000);
  expect([bucket.take(), bucket.take()]).toEqual([0, 500]);
  bucket.pause(86_400_000);
  expect(bucket.take()).toBe(60_000);
});

test('a budget of nothing is refused', () => {
  expect(() => createTokenBucket(0, at(0))).toThrow(RangeError);
});
