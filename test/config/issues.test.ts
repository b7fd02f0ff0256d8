import { expect, it } from 'vitest';
import { z } from 'zod';
import { reportIssues } from '../../src/config/issues.ts';

const complaintOf = (schema: z.ZodType, value: unknown): string[] => {
  const found: string[] = [];
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    reportIssues(
      parsed.error,
      value,
      [],
      () => [],
      (_path, text) => found.push(text),
    );
  return found;
};

const kinds = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('a') }),
  z.strictObject({ kind: z.literal('b') }),
]);

it.each([
  ['a word of a list', z.object({ x: z.enum(['v1', 'v2']) }), { x: 'v3' }, 'must be one of "v1", "v2"'],
  ['the kind of credentials', kinds, { kind: 'c' }, 'must be one of "a", "b"'],
  ['too small a number', z.object({ x: z.int().min(1) }), { x: 0 }, 'must be at least 1'],
  ['a number that must be above', z.object({ x: z.number().positive() }), { x: 0 }, 'must be above 0'],
  ['too large a number', z.object({ x: z.int().max(60) }), { x: 61 }, 'must be at most 60'],
  ['what a schema says itself', z.object({ x: z.string().min(2, 'is short') }), { x: 'a' }, 'is short'],
])('says in plain words what is allowed: %s', (_name, schema, value, text) => {
  expect(complaintOf(schema, value)).toEqual([text]);
});

it('says that the kind is missing', () => {
  expect(complaintOf(kinds, {})).toEqual(['is missing']);
});
