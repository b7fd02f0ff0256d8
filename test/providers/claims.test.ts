import { describe, expect, test } from 'vitest';
import { claimsOf, shownCapabilities, wayOf, type Claim } from '../../src/providers/claims.ts';
import { allAdapters } from '../../src/providers/registry.ts';
import { stripe } from '../../src/providers/stripe/index.ts';
import { provenBy } from '../conformance/results.ts';
import type { Scenario } from '../conformance/scenario.ts';

const proofsOf = (claims: readonly Claim[]) => ({
  stripe: { suite: 'a test', claims: Object.fromEntries(claims.map((claim) => [claim, ['tried']])) },
});

describe('what is told of an adapter', () => {
  test('is everything that it declares when everything is proven', () => {
    const all = claimsOf(stripe.capabilities);
    expect(shownCapabilities(stripe, proofsOf(all))).toEqual(stripe.capabilities);
  });

  test.each(claimsOf(stripe.capabilities))('does not have %s when that alone is not proven', (missing) => {
    const others = claimsOf(stripe.capabilities).filter((claim) => claim !== missing);
    const shown = shownCapabilities(stripe, proofsOf(others));
    expect(claimsOf(shown)).not.toContain(missing);
    expect(shown).not.toEqual(stripe.capabilities);
  });

  test.each(allAdapters.map((adapter) => ({ adapter, way: wayOf(adapter) })))(
    'is the least of $way when it was never tried',
    ({ adapter }) => {
      expect(claimsOf(shownCapabilities(adapter, {}))).toEqual([]);
    },
  );

  test('is never more than it declares', () => {
    const shown = shownCapabilities(stripe, proofsOf(['splitRefunds', 'traceReferences.UTR']));
    expect(claimsOf(shown)).toEqual([]);
  });
});

describe('a claim is proven', () => {
  const scenario = (name: string, more: Partial<Scenario> = {}): Scenario => ({
    name,
    needs: 'partialRefunds',
    expects: { effects: 0, returned: 'nothing' },
    does: () => Promise.resolve(),
    ...more,
  });
  const both = [scenario('one'), scenario('other')];
  const provenWith = (verdicts: readonly (readonly [string, 'as expected' | 'not tried' | 'IMPOSSIBLE'])[]) =>
    provenBy(stripe.capabilities, both, new Map(verdicts)).partialRefunds;

  test('by every scenario of it that came out as expected', () => {
    expect(
      provenWith([
        ['one', 'as expected'],
        ['other', 'as expected'],
      ]),
    ).toBe('one; other');
  });

  test('not while one of them fails', () => {
    expect(provenWith([['one', 'as expected']])).toBeUndefined();
  });

  test('not by what deviates, or was not tried', () => {
    expect(
      provenWith([
        ['one', 'IMPOSSIBLE'],
        ['other', 'not tried'],
      ]),
    ).toBeUndefined();
  });
});
