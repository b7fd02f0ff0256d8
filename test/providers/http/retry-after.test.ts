import { expect, test } from 'vitest';
import { believedMs } from '../../../src/providers/http/retry-after.ts';

test.each([
  [null, null],
  [0, 0],
  [1_500.2, 1_501],
  [3_600_000, 3_600_000],
  [3_600_001, 3_600_000],
])('advice of %s ms is followed for %s', (advised, followed) => {
  expect(believedMs(advised)).toBe(followed);
});
