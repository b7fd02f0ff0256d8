import { parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { firstQuery } from '../../src/demo/first-query.ts';
import { buildSchema } from '../../src/schema/index.ts';

test('the query that GraphiQL shows first is one that this schema answers', () => {
  expect(validate(buildSchema(), parse(firstQuery))).toEqual([]);
});
