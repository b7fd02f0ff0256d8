import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLearnedDocuments } from '../../src/server/learned-documents.ts';

/** What one text of this length takes of the room. */
const costOf = (length: number): number => length + 300;

const HASHES = '0123456789abcdef'.split('');

describe('documents that are learned', () => {
  it('make room by what was used longest ago', () => {
    const learned = createLearnedDocuments(3 * costOf(10));
    for (const hash of ['a', 'b', 'c']) learned.keep('acme', hash, hash.repeat(10));
    learned.find('acme', 'a');
    learned.keep('acme', 'd', 'd'.repeat(10));
    expect(['a', 'b', 'c', 'd'].map((hash) => learned.find('acme', hash)?.[0])).toEqual([
      'a',
      undefined,
      'c',
      'd',
    ]);
  });

  it('of one merchant do not push out those of another', () => {
    const learned = createLearnedDocuments(10 * costOf(10));
    learned.keep('modest', 'mine', 'm'.repeat(10));
    for (let each = 0; each < 1_000; each += 1) learned.keep('greedy', `g${each}`, 'g'.repeat(10));
    expect(learned.find('modest', 'mine')).toBe('m'.repeat(10));
    expect(learned.find('greedy', 'g999')).toBeDefined();
    expect(learned.find('greedy', 'g990')).toBeUndefined();
  });

  it('are not kept when they are long, so that one does not push out all', () => {
    const learned = createLearnedDocuments();
    learned.keep('acme', 'long', 'x'.repeat(20_001));
    learned.keep('acme', 'longest', 'x'.repeat(20_000));
    expect(learned.find('acme', 'long')).toBeUndefined();
    expect(learned.find('acme', 'longest')).toBeDefined();
  });

  it('never take more than their room, and are what was kept', () => {
    const step = fc.record({
      holder: fc.constantFrom('a', 'b', 'c'),
      hash: fc.constantFrom(...HASHES),
      reads: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 400, max: 4_000 }), (steps, room) => {
        const learned = createLearnedDocuments(room);
        const textOf = (hash: string): string => hash.repeat(1 + Number.parseInt(hash, 16) * 5);
        for (const { holder, hash, reads } of steps)
          if (reads) expect([undefined, textOf(hash)]).toContain(learned.find(holder, hash));
          else learned.keep(holder, hash, textOf(hash));
        const kept = ['a', 'b', 'c'].flatMap((holder) =>
          HASHES.flatMap((hash) => learned.find(holder, hash) ?? []),
        );
        expect(kept.reduce((sum, { length }) => sum + costOf(length), 0)).toBeLessThanOrEqual(room);
      }),
    );
  });
});
