import { expect, test } from 'vitest';
import { summarize } from '../../src/refunds/summarize.ts';
import { refundStatuses } from '../../src/vocabulary.ts';

const refund = { origin: 'API' as const, currency: 'RUB', amount_minor: 150_000n, returned_minor: 50_000n };

test('every status has a sentence of its own, with the amount and its currency', () => {
  const sentences = refundStatuses.map((status) => summarize({ ...refund, status }));
  for (const sentence of sentences) {
    expect(sentence).toMatch(/^[A-Z][^\n]*\.$/);
    expect(sentence).toContain('1500.00 RUB');
    // One sentence: no full stop but the last, and those of amounts.
    expect(sentence.replaceAll(/\d\.\d/g, '').match(/\./g)).toHaveLength(1);
  }
  expect(new Set(sentences).size).toBe(refundStatuses.length);
});

test('what was returned of it is said where it is a part', () => {
  expect(summarize({ ...refund, status: 'PARTIALLY_SUCCEEDED' })).toContain('500.00 RUB has been returned');
  expect(summarize({ ...refund, status: 'PENDING' })).toContain('500.00 RUB has been returned');
  expect(summarize({ ...refund, returned_minor: 0n, status: 'PENDING' })).not.toContain('returned');
});

test('what the provider returned is said where it is not what was asked for', () => {
  expect(summarize({ ...refund, status: 'SUCCEEDED' })).toBe(
    'For your refund of 1500.00 RUB, 500.00 RUB has been returned.',
  );
  expect(summarize({ ...refund, returned_minor: 150_000n, status: 'SUCCEEDED' })).not.toContain('For');
});

test('amounts have the decimals of their currency, and any size', () => {
  const dinars = {
    origin: 'API' as const,
    currency: 'KWD',
    amount_minor: 9_007_199_254_740_993n,
    returned_minor: 0n,
  };
  expect(summarize({ ...dinars, status: 'QUEUED' })).toContain('9007199254740.993 KWD');
  expect(summarize({ ...dinars, currency: 'JPY', status: 'QUEUED' })).toContain('9007199254740993 JPY');
});

test('no sentence says that money moved where that is not known', () => {
  for (const status of ['UNKNOWN', 'MANUAL_REVIEW', 'QUEUED'] as const)
    expect(summarize({ ...refund, returned_minor: 0n, status })).not.toMatch(/returned|failed|could not/);
});

test('what was made elsewhere is closed only because another refund tells of the same money', () => {
  const closed = summarize({ ...refund, status: 'CANCELED' }, true);
  expect(closed).toContain('1500.00 RUB is the same as another one');
  expect(closed).not.toContain('before any money was returned');
});
