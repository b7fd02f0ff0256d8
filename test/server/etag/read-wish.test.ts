import { expect, test } from 'vitest';
import { buildSchema } from '../../../src/schema/index.ts';
import { createReadWish } from '../../../src/server/etag/read-wish.ts';

const readWish = createReadWish(buildSchema());
const wishOf = (query: string, variables?: Record<string, unknown>) =>
  readWish({ query, variables, operationName: undefined, extensions: undefined });
const ids = (count: number) => Array.from({ length: count }, (_, index) => `id-${index}`);
const fields = (count: number, field: string) =>
  Array.from({ length: count }, (_, index) => `f${index}: ${field}`).join(' ');

test('a request names as many subjects as a list of ids may have', () => {
  const wish = wishOf('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: ids(100) });
  expect(wish?.subjects.map(({ globalId }) => globalId)).toEqual(ids(100));
  expect(wishOf(`{ ${fields(100, 'node(id: "one") { id }')} }`)?.subjects).toHaveLength(100);
  expect(wishOf(`{ ${fields(100, 'refund(by: { id: "one" }) { id }')} }`)?.subjects).toHaveLength(100);
});

test.each([
  ['in one list', 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', 101],
  ['in lists that share a variable', `query ($ids: [ID!]!) { ${fields(2, 'nodes(ids: $ids) { id }')} }`, 51],
  ['by fields of one each', `{ ${fields(101, 'node(id: "one") { id }')} }`, 0],
  ['by fields of refunds', `{ ${fields(101, 'refund(by: { id: "one" }) { id }')} }`, 0],
])('one that names more %s gets no tag, and nothing is kept of what it names', (_name, query, count) => {
  expect(wishOf(query, { ids: ids(count) })).toBeUndefined();
});
