import { describe, expect, test } from 'vitest';
import { expectedArrival } from '../../src/refunds/expected-arrival.ts';
import { refundStatuses } from '../../src/vocabulary.ts';

const refund = {
  status: 'SUCCEEDED',
  origin: 'API',
  created_at: new Date('2026-11-20T10:00:00Z'),
  finalized_at: new Date('2026-11-22T18:30:00Z'),
} as const;
const figures = { min: 5, max: 7 };

describe('when the payer should have the money', () => {
  test.each(['SUCCEEDED', 'PARTIALLY_SUCCEEDED'] as const)(
    'counts from the end of a refund that is %s',
    (status) => {
      expect(expectedArrival({ ...refund, status }, figures)).toEqual({
        from: new Date('2026-11-27T18:30:00Z'),
        to: new Date('2026-11-29T18:30:00Z'),
      });
    },
  );

  test('counts from the wish while the refund is pending', () => {
    const pending = { ...refund, status: 'PENDING', finalized_at: null } as const;
    expect(expectedArrival(pending, { min: 0, max: 60 })).toEqual({
      from: refund.created_at,
      to: new Date('2027-01-19T10:00:00Z'),
    });
  });

  test('may be one instant', () => {
    expect(expectedArrival(refund, { min: 0, max: 0 })).toEqual({
      from: refund.finalized_at,
      to: refund.finalized_at,
    });
  });

  const silent = refundStatuses.filter(
    (status) => !['SUCCEEDED', 'PARTIALLY_SUCCEEDED', 'PENDING'].includes(status),
  );
  test.each(silent)('is not told of a refund that is %s', (status) => {
    expect(expectedArrival({ ...refund, status }, figures)).toBeNull();
  });

  test('is not told without figures, nor of a refund made elsewhere, nor of an end without a time', () => {
    expect(expectedArrival(refund, undefined)).toBeNull();
    expect(expectedArrival({ ...refund, origin: 'EXTERNAL' }, figures)).toBeNull();
    expect(expectedArrival({ ...refund, finalized_at: null }, figures)).toBeNull();
  });
});
