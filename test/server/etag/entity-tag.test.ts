import { describe, expect, test } from 'vitest';
import { makeEntityTag, readIfNoneMatch } from '../../../src/server/etag/entity-tag.ts';
import { createPageMemory } from '../../../src/server/etag/page-memory.ts';

describe('If-None-Match', () => {
  test.each([
    [undefined, false, []],
    ['', false, []],
    ['*', true, []],
    [' * ', true, []],
    ['W/"a"', false, ['W/"a"']],
    ['"a"', false, ['W/"a"']],
    ['"a", W/"b,c" ,"d"', false, ['W/"a"', 'W/"b,c"', 'W/"d"']],
    ['"a" *', false, ['W/"a"']],
    ['""', false, ['W/""']],
    ['a', false, []],
    ['"a b"', false, []],
  ])('%j', (header, isAny, tags) => {
    expect(readIfNoneMatch(header)).toEqual({ isAny, tags });
  });

  test('of a great many tags reads the first twenty', () => {
    const header = Array.from({ length: 100 }, (_, index) => `"${index}"`).join(', ');
    expect(readIfNoneMatch(header).tags).toHaveLength(20);
  });
});

describe('a tag', () => {
  test('tells its parts apart wherever one ends and the next begins', () => {
    const made = [['a', 'b'], ['ab', ''], ['', 'ab'], ['a', 'b', ''], ['a","b']].map((parts) =>
      makeEntityTag(parts),
    );
    expect(new Set(made).size).toBe(made.length);
    expect(makeEntityTag(['a', 'b'])).toBe(made[0]);
  });
});

describe('the memory of pages', () => {
  test('keeps what was used last, within its room', () => {
    const memory = createPageMemory(10);
    memory.keep('one', ['a', 'b', 'c']);
    memory.keep('two', ['d', 'e', 'f']);
    expect(memory.find('one')).toEqual(['a', 'b', 'c']);
    memory.keep('three', ['g']);
    memory.keep('four', []);
    expect([memory.find('one'), memory.find('two'), memory.find('three'), memory.find('four')]).toEqual([
      ['a', 'b', 'c'],
      undefined,
      ['g'],
      [],
    ]);
    memory.keep('one', ['x']);
    expect(memory.find('one')).toEqual(['x']);
    memory.keep('huge', Array.from({ length: 11 }, String));
    expect([memory.find('huge'), memory.find('one')]).toEqual([undefined, undefined]);
  });
});
