import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.server.close(0));

const MUTATION = 'mutation ($input: RefundInput!) { createRefund(input: $input) }';
const money = { value: '1.00', currency: 'RUB' };

async function refusal(query: string, variables?: Record<string, unknown>) {
  server.ran.length = 0;
  const answer = await server.query(query, variables);
  expect(server.ran).toEqual([]);
  expect(answer.data).toBeUndefined();
  expect(answer.status).toBe(400);
  return (answer.errors ?? []).map(({ extensions }) => [extensions?.['code'], extensions?.['path']]);
}

describe('input of the wrong type', () => {
  it.each<[string, unknown, string[]]>([
    [
      'a number where text is wanted',
      { amount: { money: { ...money, value: 1 } } },
      ['input', 'amount', 'money', 'value'],
    ],
    ['a missing field', { amount: { money: { value: '1' } } }, ['input', 'amount', 'money']],
    ['an unknown field', { amount: { remaining: true }, extra: 1 }, ['input']],
    ['two members of a oneOf', { amount: { remaining: true, money } }, ['input', 'amount']],
    ['no member of a oneOf', { amount: {} }, ['input', 'amount']],
    ['a null member of a oneOf', { amount: { money: null } }, ['input', 'amount', 'money']],
    [
      'an item of a list',
      {
        amount: { remaining: true },
        lines: [
          { title: 'a', quantity: 1 },
          { title: 'b', quantity: 'x' },
        ],
      },
      ['input', 'lines', '1', 'quantity'],
    ],
    ['null for the whole', null, ['input']],
  ])('in a variable names its path: %s', async (_what, input, path) => {
    expect(await refusal(MUTATION, { input })).toEqual([['BAD_USER_INPUT', path]]);
  });

  it('in a variable that is absent', async () => {
    expect(await refusal(MUTATION, {})).toEqual([['BAD_USER_INPUT', ['input']]]);
  });

  it('is named from the argument, whatever the variable is called and wherever it stands', async () => {
    const query = 'mutation ($what: MoneyInput!) { createRefund(input: { amount: { money: $what } }) }';
    expect(await refusal(query, { what: { ...money, value: 1 } })).toEqual([
      ['BAD_USER_INPUT', ['input', 'amount', 'money', 'value']],
    ]);
  });

  it('is reported once for each mistake', async () => {
    const input = { amount: { money: { value: 1, currency: 2 } } };
    expect(await refusal(MUTATION, { input })).toEqual([
      ['BAD_USER_INPUT', ['input', 'amount', 'money', 'value']],
      ['BAD_USER_INPUT', ['input', 'amount', 'money', 'currency']],
    ]);
  });

  it.each<[string, string, string[]]>([
    [
      'a number where text is wanted',
      '{ amount: { money: { value: 1.5, currency: "RUB" } } }',
      ['input', 'amount', 'money', 'value'],
    ],
    [
      'two members of a oneOf',
      '{ amount: { remaining: true, money: { value: "1", currency: "RUB" } } }',
      ['input', 'amount'],
    ],
    ['an unknown field', '{ amount: { remaining: true }, extra: 1 }', ['input', 'extra']],
    [
      'an item of a list',
      '{ amount: { remaining: true }, lines: [{ title: "a", quantity: "x" }] }',
      ['input', 'lines', '0', 'quantity'],
    ],
  ])('in a literal names its path: %s', async (_what, literal, path) => {
    expect(await refusal(`mutation { createRefund(input: ${literal}) }`)).toEqual([['BAD_USER_INPUT', path]]);
  });

  it('that shows only while a field is executed', async () => {
    const answer = await server.query('query ($of: Int = null) { double(of: 1) other: double(of: $of) }', {});
    expect(answer.errors?.map(({ extensions }) => extensions?.['code'])).toEqual([
      'GRAPHQL_VALIDATION_FAILED',
    ]);
    const late = await server.query('query ($of: Int = 1) { double(of: $of) }', { of: null });
    expect(late.errors?.map(({ extensions }) => [extensions?.['code'], extensions?.['path']])).toEqual([
      ['BAD_USER_INPUT', ['of']],
    ]);
  });
});
