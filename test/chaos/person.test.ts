import { expect, test } from 'vitest';
import { findingOf, type Waiting } from './person.ts';

const leg: Pick<Waiting, 'amount_minor' | 'provider_refund_id' | 'provider_key'> = {
  amount_minor: 400n,
  provider_refund_id: null,
  provider_key: 'key-1',
};

const theirs = (id: string, more: object = {}) => ({
  id,
  status: 'finished',
  amountMinor: '400',
  sources: [],
  providerKey: null,
  ourReference: null,
  origin: 'api',
  ...more,
});

const finding = (refunds: ReturnType<typeof theirs>[], of = leg, owned: string[] = [], found?: string) =>
  findingOf(
    of,
    { reference: 'pay', status: '100', capturedMinor: '1000', voided: false, refunds },
    new Set(owned),
    found,
  );

test('a refund of the amount that is nobody’s is the one, and none is none', () => {
  expect(finding([theirs('a')])).toEqual({ kind: 'returned', id: 'a' });
  expect(finding([theirs('a')], leg, ['a'])).toEqual({ kind: 'notReturned' });
  expect(finding([theirs('a', { amountMinor: '401' })])).toEqual({ kind: 'notReturned' });
  expect(finding([theirs('a', { origin: 'console' })])).toEqual({ kind: 'notReturned' });
  expect(finding([])).toEqual({ kind: 'notReturned' });
});

test('what was found before stays the one, though it is owned by then', () => {
  expect(finding([theirs('a'), theirs('b')], leg, ['a', 'b'], 'b')).toEqual({ kind: 'returned', id: 'b' });
});

test('one that is not finished is waited for, one that ended without money is none', () => {
  expect(finding([theirs('a', { status: 'processing' })])).toBeUndefined();
  expect(finding([theirs('a', { status: 'canceled' })])).toEqual({ kind: 'notReturned' });
});

test('where a provider knows keys, the refund with the key of the leg is the one and no other', () => {
  const other = theirs('a', { providerKey: 'key-2' });
  expect(finding([other])).toEqual({ kind: 'notReturned' });
  expect(finding([other, theirs('b', { providerKey: 'key-1', amountMinor: '500' })])).toEqual({
    kind: 'returned',
    id: 'b',
  });
});

test('where its id is known, that refund is the one', () => {
  const bound = { ...leg, provider_refund_id: 'b' };
  expect(finding([theirs('a'), theirs('b')], bound, ['b'])).toEqual({ kind: 'returned', id: 'b' });
});
