import { GraphQLError, isScalarType, parseValue } from 'graphql';
import { describe, expect, test } from 'vitest';
import { buildSchema } from '../../src/schema/index.ts';

const scalar = (name: string) => {
  const type = buildSchema().getType(name);
  if (!isScalarType(type)) throw new Error(`${name} is no scalar`);
  return type;
};

/** What both ways into a scalar say: a variable and a literal. */
const fromVariable = (name: string, value: unknown): unknown => scalar(name).parseValue(value);
const fromLiteral = (name: string, source: string): unknown =>
  scalar(name).parseLiteral(parseValue(source), {});

function refusalOf(read: () => unknown): GraphQLError {
  try {
    const value = read();
    throw new Error(`taken: ${String(value)}`);
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
}

describe.each(['Decimal', 'MinorUnits', 'Currency', 'IdempotencyKey'])('%s', (name) => {
  test.each([1500, 1500.5, 0, true, null, [], {}])(
    'refuses the JSON value %j and says to send a string',
    (value) => {
      const refusal = refusalOf(() => fromVariable(name, value));
      expect(refusal.extensions['code']).toBe('BAD_USER_INPUT');
      expect(refusal.message).toMatch(/is a string: send "/);
    },
  );

  test.each(['1500', '1500.00', 'true', 'RUB', '{}'])('refuses the literal %s', (source) => {
    const refusal = refusalOf(() => fromLiteral(name, source));
    expect(refusal.extensions['code']).toBe('BAD_USER_INPUT');
    expect(refusal.message).toMatch(/is a string: send "/);
  });
});

test.each([
  ['Currency', '"XXX"'],
  ['MinorUnits', '"1.5"'],
  ['IdempotencyKey', '"short"'],
  ['StringMap', '{order: 1042}'],
])('%s refuses the literal %s where it stands', (name, source) => {
  expect(refusalOf(() => fromLiteral(name, source)).nodes).toHaveLength(1);
});

test('MinorUnits keeps every digit, far beyond what a double holds', () => {
  expect(fromVariable('MinorUnits', '9223372036854775807')).toBe(9223372036854775807n);
  expect(scalar('MinorUnits').serialize(9223372036854775807n)).toBe('9223372036854775807');
});

test.each(['', '1.5', '1e3', '0x10', ' 1', '12345678901234567890'])('MinorUnits refuses %j', (text) => {
  expect(refusalOf(() => fromVariable('MinorUnits', text)).extensions['code']).toBe('BAD_USER_INPUT');
});

test.each(['rub', 'RUR', ' RUB', '', 'XXX'])('Currency refuses %j', (text) => {
  expect(refusalOf(() => fromVariable('Currency', text)).extensions['code']).toBe('BAD_USER_INPUT');
});

test('Currency takes an active code as it is', () => {
  expect(fromLiteral('Currency', '"KWD"')).toBe('KWD');
});

test.each(['short77', 'x'.repeat(129), 'with space', 'umlaut-ä-key', 'tab\tinside', 'new\nline'])(
  'IdempotencyKey refuses %j',
  (text) => {
    expect(refusalOf(() => fromVariable('IdempotencyKey', text)).extensions['code']).toBe('BAD_USER_INPUT');
  },
);

test.each(['12345678', 'x'.repeat(128), '!"#$%&~}|{'])('IdempotencyKey takes %j', (text) => {
  expect(fromVariable('IdempotencyKey', text)).toBe(text);
});

describe('StringMap', () => {
  test.each([
    [[]],
    ['text'],
    [null],
    [7],
    [{ order: 1042 }],
    [{ order: null }],
    [{ a: { b: 'c' } }],
    [{ a: ['b'] }],
  ])('refuses %j', (value) => {
    expect(refusalOf(() => fromVariable('StringMap', value)).extensions['code']).toBe('BAD_USER_INPUT');
  });

  test('takes a flat map of strings as a variable and as a literal', () => {
    expect(fromVariable('StringMap', { order: '1042' })).toEqual({ order: '1042' });
    expect(fromLiteral('StringMap', '{order: "1042"}')).toEqual({ order: '1042' });
  });

  test('keeps a key that means something to JavaScript as a plain entry', () => {
    const map = fromVariable('StringMap', JSON.parse('{"__proto__": "x", "constructor": "y"}'));
    expect(JSON.stringify(map)).toBe('{"__proto__":"x","constructor":"y"}');
    expect(Object.getPrototypeOf(map)).toBe(Object.prototype);
  });

  test('refuses a number inside a literal', () => {
    expect(refusalOf(() => fromLiteral('StringMap', '{order: 1042}')).extensions['code']).toBe(
      'BAD_USER_INPUT',
    );
  });
});
