import { describe, expect, test } from 'vitest';
import { faults } from './fault-catalogue.ts';
import { missing, titlesOf } from './named-tests.ts';

/** The numbered rows, and those that a review has added. */
const rows = [...Array.from({ length: 35 }, (_, index) => String(index + 1)), ...'abcdefghijk'.split('')];

describe('the catalogue of faults', () => {
  test('has every row once, in order', () => {
    expect(faults.map(({ row }) => row)).toEqual(rows);
  });

  test.each(faults)('$row, $fault: is shown by tests that exist', async ({ shownBy }) => {
    expect(await missing(shownBy)).toEqual([]);
  });

  test('has tests for everything', () => {
    const bare = faults.filter(({ shownBy }) => !shownBy.some((each) => each.tests.length > 0));
    expect(bare.map(({ row, fault }) => `${row} ${fault}`)).toEqual([]);
  });
});

describe('looking for tests by name', () => {
  test('finds titles on one line, below a table and in templates, and nothing else', async () => {
    const titles = (await titlesOf('test/fault-catalogue.test.ts'))!;
    expect(titles).toContain('the catalogue of faults');
    expect(titles).toContain('$row, $fault: is shown by tests that exist');
    expect(titles).not.toContain('this is no test');
  });

  test('tells what is not there', async () => {
    expect(await missing([{ file: 'test/nowhere.test.ts', tests: ['a'] }])).toEqual([
      'test/nowhere.test.ts does not exist',
    ]);
    expect(await missing([{ file: 'test/fault-catalogue.test.ts', tests: ['absent'] }])).toEqual([
      'test/fault-catalogue.test.ts has no test "absent"',
    ]);
  });
});
