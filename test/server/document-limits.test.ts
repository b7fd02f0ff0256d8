import { getIntrospectionQuery, parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  findExcess,
  MAX_DEPTH,
  MAX_FIELDS,
  MAX_NESTING,
  MAX_TOKENS,
} from '../../src/server/document-limits.ts';
import { codesOf, startServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.server.close(0));

const times = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => make(index)).join(' ');
const nested = (levels: number): string => `${'{ thing '.repeat(levels)}{ id }${' }'.repeat(levels)}`;

/** Fragments that use each other several times a level: a few hundred tokens that stand for 8^30 fields. */
const LAUGHS = [
  '{ thing { ...F0 } }',
  times(30, (n) => `fragment F${n} on Thing { ${times(8, (k) => `a${k}: thing { ...F${n + 1} }`)} }`),
  'fragment F30 on Thing { id }',
].join('\n');

describe('a hostile document', () => {
  it.each([
    ['too many tokens', `{ ${'hello '.repeat(MAX_TOKENS)} }`],
    ['braces without end', `{ ${'thing { '.repeat(50_000)}`.slice(0, 200_000)],
    ['a list in a list in a list', `{ double(of: ${'['.repeat(100_000)}`],
    [
      'a literal nested deeper than allowed',
      `{ double(of: ${'['.repeat(MAX_NESTING)}1${']'.repeat(MAX_NESTING)}) }`,
    ],
    ['parentheses without end', `query ${'('.repeat(100_000)}`],
    ['brackets deeper than allowed', nested(MAX_NESTING)],
    ['fields deeper than allowed', nested(MAX_DEPTH)],
    [
      'depth made of fragments',
      `{ ...F0 } fragment F0 on Query ${nested(15)} fragment G on Thing ${nested(15)}`.replace(
        '{ id }',
        '{ ...G }',
      ),
    ],
    ['fragments that multiply', LAUGHS],
    [
      'many fragments with many fields',
      `{ ${times(60, (n) => `...F${n % 2}`)} } ${times(2, (n) => `fragment F${n} on Query { ${times(40, (k) => `a${n}x${k}: hello`)} }`)}`,
    ],
  ])('is refused whole, before it costs anything: %s', async (_what, query) => {
    const answer = await server.query(query);
    expect(answer.status).toBe(400);
    expect(codesOf(answer)).toEqual(['QUERY_TOO_COMPLEX']);
    expect(answer.data).toBeUndefined();
  });

  it.each([
    ['of two fragments', '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }'],
    ['of one', '{ thing { ...A } } fragment A on Thing { thing { ...A } }'],
  ])('with a cycle %s is refused by validation', async (_what, query) => {
    const answer = await server.query(query);
    expect(codesOf(answer)).toContain('GRAPHQL_VALIDATION_FAILED');
    expect(answer.data).toBeUndefined();
  });

  it('gets a bounded number of errors', async () => {
    const answer = await server.query(`{ ${times(900, (n) => `unknown${n}`)} }`);
    expect(answer.errors?.length).toBeLessThanOrEqual(21);
  });

  it('leaves the server to others', async () => {
    expect((await server.query('{ hello }')).data).toEqual({ hello: 'world' });
  });
});

describe('an honest document', () => {
  it('may use all of the depth and of the fields', () => {
    expect(findExcess(parse(nested(MAX_DEPTH - 1)))).toBeUndefined();
    expect(findExcess(parse(nested(MAX_DEPTH)))).toBeDefined();
    expect(findExcess(parse(`{ ${times(MAX_FIELDS, (n) => `a${n}: hello`)} }`))).toBeUndefined();
    expect(findExcess(parse(`{ ${times(MAX_FIELDS + 1, (n) => `a${n}: hello`)} }`))).toBeDefined();
  });

  it('such as the introspection of a tool passes', async () => {
    const query = getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true, oneOf: true });
    const answer = await server.query(query);
    expect(answer.errors).toBeUndefined();
    expect(answer.data).toHaveProperty('__schema.types');
  });
});
