import { describe, expect, test } from 'vitest';
import { batchedRead } from '../../src/db/batched-read.ts';
import type { MerchantId } from '../../src/ids.ts';

const demo = 'demo' as MerchantId;
const other = 'other' as MerchantId;

/** Rows are their own keys; every statement is noted. */
function noted() {
  const statements: { merchantId: MerchantId; keys: readonly string[] }[] = [];
  const read = batchedRead<string, string>(async (merchantId, keys) => {
    statements.push({ merchantId, keys });
    return new Map(
      keys.filter((key) => !key.startsWith('absent')).map((key) => [key, `${merchantId}/${key}`]),
    );
  });
  return { statements, read };
}

describe('a batched read', () => {
  test('is one statement for everything that one merchant asks in one turn, each key once', async () => {
    const { statements, read } = noted();
    const rows = await Promise.all([read(demo, 'a'), read(demo, 'b'), read(demo, 'a'), read(demo, 'absent')]);
    expect(rows).toEqual(['demo/a', 'demo/b', 'demo/a', undefined]);
    expect(statements).toEqual([{ merchantId: demo, keys: ['a', 'b', 'absent'] }]);
  });

  test('never mixes merchants', async () => {
    const { statements, read } = noted();
    expect(await Promise.all([read(demo, 'a'), read(other, 'a')])).toEqual(['demo/a', 'other/a']);
    expect(statements.map(({ merchantId }) => merchantId)).toEqual([demo, other]);
  });

  test('keeps nothing: the next turn reads again', async () => {
    const { statements, read } = noted();
    await read(demo, 'a');
    await read(demo, 'a');
    expect(statements).toHaveLength(2);
  });

  test('splits what is too much for one statement and loses nothing', async () => {
    const { statements, read } = noted();
    const keys = Array.from({ length: 1201 }, (_, index) => `k${index}`);
    const rows = await Promise.all(keys.map((key) => read(demo, key)));
    expect(rows).toEqual(keys.map((key) => `demo/${key}`));
    expect(statements.map((statement) => statement.keys.length)).toEqual([500, 500, 201]);
  });

  test('fails all of its reads when the statement fails, and works again after that', async () => {
    let isBroken = true;
    const read = batchedRead<string, string>(async (_merchantId, keys) => {
      if (isBroken) throw new Error('connection lost');
      return new Map(keys.map((key) => [key, key]));
    });
    const results = await Promise.allSettled([read(demo, 'a'), read(demo, 'b')]);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected']);
    isBroken = false;
    expect(await read(demo, 'a')).toBe('a');
  });
});
