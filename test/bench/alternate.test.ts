import { describe, expect, test } from 'vitest';
import { compare, spreadOf, type Side } from '../../bench/alternate.ts';

const protocol = { rounds: 9, windowMs: 3, warmUpMs: 5, voids: true };

/** A side that answers one figure after the other, and notes how long it was asked to run. */
function scripted(figures: readonly number[], asked: string[], name: string): Side {
  let next = 0;
  return async (ms) => {
    asked.push(`${name} ${ms}`);
    return { perSecond: figures[next++ % figures.length]!, cpuMs: 0.5 };
  };
}

describe('a comparison', () => {
  test('warms both sides up, then alternates, the measured side before and after the reference', async () => {
    const asked: string[] = [];
    await compare({ ...protocol, rounds: 2 }, scripted([1], asked, 'a'), scripted([1], asked, 'b'));
    expect(asked).toEqual(['a 5', 'b 5', 'a 3', 'b 3', 'a 3', 'a 3', 'b 3', 'a 3']);
  });

  test('gives the median of the ratios of each round with their range', async () => {
    // The warm-up takes the first figure; each round takes one of the reference and two of the measured side.
    const measured = scripted([1, 10, 10, 20, 20, 90, 90], [], 'a');
    const result = await compare({ ...protocol, rounds: 3 }, measured, scripted([100], [], 'b'));
    expect(result.ratio).toEqual({ median: 0.2, least: 0.1, most: 0.9 });
    expect(result).toMatchObject({ isVoid: false, cpuMs: 0.5 });
  });

  test.each([
    [0.94, true],
    [0.96, false],
    [1.04, false],
    [1.06, true],
  ])('of which the measured side is %d times itself is void: %s', async (factor, isVoid) => {
    const measured = scripted([100, 100 * factor], [], 'a');
    const result = await compare(protocol, skipFirst(measured), scripted([100], [], 'b'));
    expect(result.isVoid).toBe(isVoid);
  });
});

/** The warm-up, whose figure must not count, would shift the script. */
function skipFirst(side: Side): Side {
  let isFirst = true;
  return async (ms) => {
    if (!isFirst) return side(ms);
    isFirst = false;
    return { perSecond: 1e9, cpuMs: 1e9 };
  };
}

test.each([
  [[3, 1, 2], { median: 2, least: 1, most: 3 }],
  [[4, 1, 2, 3], { median: 2.5, least: 1, most: 4 }],
])('the spread of %j', (values, spread) => {
  expect(spreadOf(values)).toEqual(spread);
});
