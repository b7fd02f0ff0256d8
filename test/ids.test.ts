import { expect, test } from 'vitest';
import { isUuid, uuidv7 } from '../src/ids.ts';

test('an id is a UUIDv7 that begins with its time', () => {
  const nowMs = Date.UTC(2026, 10, 22, 12);
  for (let n = 0; n < 600; n += 1) {
    const id = uuidv7(nowMs);
    expect(isUuid(id)).toBe(true);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(id.slice(0, 13).replace('-', ''), 16)).toBe(nowMs);
  }
});

test('ids of one millisecond differ, also after all the random bytes that were drawn at once', () => {
  const count = 5_000;
  const ids = Array.from({ length: count }, () => uuidv7(0));
  expect(new Set(ids).size).toBe(count);
  // Each part of what is random, by itself: 12 bits, 14 bits, 48 bits.
  const parts = (from: number, to: number): number => new Set(ids.map((id) => id.slice(from, to))).size;
  expect(parts(24, 36)).toBe(count);
  expect(parts(15, 18)).toBeGreaterThan(2_000);
  expect(parts(20, 23)).toBeGreaterThan(2_000);
});
