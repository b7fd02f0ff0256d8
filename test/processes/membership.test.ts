import { expect, test } from 'vitest';
import { shareOfCount, shareOfRate } from '../../src/startup/membership.ts';

const members = (of: number) => Array.from({ length: of }, (_, index) => ({ number: index + 1, of }));
const sum = (numbers: readonly number[]): number => numbers.reduce((left, right) => left + right, 0);

test.each([
  [8, 1, [8]],
  [8, 2, [4, 4]],
  [8, 3, [2, 3, 3]],
  [8, 8, [1, 1, 1, 1, 1, 1, 1, 1]],
  [2, 3, [1, 1, 1]],
])('%i sends at once are shared by %i processes as %j', (limit, of, shares) => {
  expect(members(of).map((member) => shareOfCount(limit, member))).toEqual(shares);
});

test('together the processes have exactly the limit, where there is one for each', () => {
  for (let limit = 1; limit <= 40; limit += 1)
    for (let of = 1; of <= limit; of += 1)
      expect(sum(members(of).map((member) => shareOfCount(limit, member)))).toBe(limit);
});

test('a rate is divided', () => {
  expect(members(4).map((member) => shareOfRate(10, member))).toEqual([2.5, 2.5, 2.5, 2.5]);
});
