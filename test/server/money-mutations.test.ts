import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { codesOf, startServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
beforeEach(() => {
  server.ran.length = 0;
});
afterAll(() => server.server.close(0));

const INPUT = 'input: { amount: { remaining: true } }';

describe('mutations that move money', () => {
  it.each([
    ['aliases', `mutation { a: createRefund(${INPUT}) b: createRefund(${INPUT}) }`],
    ['different mutations', `mutation { createRefund(${INPUT}) cancelPayment }`],
    [
      'a fragment',
      `mutation { ...F a: createRefund(${INPUT}) } fragment F on Mutation { createRefund(${INPUT}) }`,
    ],
    [
      'nested fragments',
      `mutation { ...F } fragment F on Mutation { ...G a: cancelPayment } fragment G on Mutation { b: cancelPayment }`,
    ],
    ['an inline fragment', `mutation { ... on Mutation { a: cancelPayment } ... { b: cancelPayment } }`],
    [
      '@include by a variable',
      `mutation ($on: Boolean = true) { a: cancelPayment b: cancelPayment @include(if: $on) }`,
    ],
    [
      'forty aliases',
      `mutation { ${Array.from({ length: 40 }, (_, n) => `a${n}: createRefund(${INPUT})`).join(' ')} }`,
    ],
  ])('run one per operation: two by %s run not at all', async (_what, query) => {
    const answer = await server.query(query);
    expect(answer.status).toBe(400);
    expect(codesOf(answer)).toEqual(['TOO_MANY_MONEY_MUTATIONS']);
    expect(answer.data).toBeUndefined();
    expect(server.ran).toEqual([]);
  });

  it.each([
    ['others beside it', `mutation { rename createRefund(${INPUT}) again: rename }`],
    ['one of two skipped', `mutation { a: cancelPayment b: cancelPayment @skip(if: true) }`],
    [
      'one of two in a fragment not included',
      `mutation ($on: Boolean!) { a: cancelPayment ...F @include(if: $on) } fragment F on Mutation { b: cancelPayment }`,
    ],
    [
      'the same field twice, which is one',
      `mutation { cancelPayment ...F ...F } fragment F on Mutation { cancelPayment }`,
    ],
  ])('run when there is one: %s', async (_what, query) => {
    const answer = await server.query(query, query.includes('$on') ? { on: false } : undefined);
    expect(answer.errors).toBeUndefined();
    expect(server.ran.filter((name) => name !== 'rename')).toHaveLength(1);
  });

  it('are counted in the operation that runs, not in its neighbours', async () => {
    const query = 'mutation A { cancelPayment } mutation B { cancelPayment }';
    const answer = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { authorization: 'Bearer rf_test_key_of_the_viewer_0001', 'content-type': 'application/json' },
      body: JSON.stringify({ query, operationName: 'B' }),
    });
    expect(await answer.json()).toEqual({ data: { cancelPayment: 'cancelPayment' } });
    expect(server.ran).toEqual(['cancelPayment']);
  });

  it('never run by GET', async () => {
    const answer = await fetch(`${server.url}/graphql?query=mutation{cancelPayment}`, {
      headers: { authorization: 'Bearer rf_test_key_of_the_viewer_0001' },
    });
    expect(answer.status).toBe(405);
    expect(server.ran).toEqual([]);
  });
});
