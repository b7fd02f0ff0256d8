import { describe, expect, test } from 'vitest';
import {
  deriveRefundStatus,
  isFinalRefund,
  moneyMovementOf,
  publicLegStatus,
} from '../../src/refunds/derive.ts';
import {
  refundStatuses,
  type LegStatus,
  type MoneyMovement,
  type RefundStatus,
} from '../../src/vocabulary.ts';

const sentAt = new Date('2026-11-22T10:00:00Z');
/** `QUEUED!` is a leg that was sent, certainly not executed, and put back. */
const legs = (text: string) =>
  text.split(' ').map((word) => ({
    status: word.replace('!', '') as LegStatus,
    sentAt: (word.startsWith('QUEUED') && !word.endsWith('!')) || word === 'CANCELED' ? null : sentAt,
    amount_minor: 1000n,
    returned_minor: word === 'SUCCEEDED' ? 1000n : 0n,
  }));

describe('the status of a refund is the first rule that fits', () => {
  test.each<[string, RefundStatus]>([
    ['MANUAL_REVIEW', 'MANUAL_REVIEW'],
    ['SUCCEEDED UNKNOWN MANUAL_REVIEW', 'MANUAL_REVIEW'],
    ['UNKNOWN', 'UNKNOWN'],
    ['SUCCEEDED UNKNOWN PENDING', 'UNKNOWN'],
    ['SENDING', 'PENDING'],
    ['PENDING', 'PENDING'],
    ['SUCCEEDED PENDING FAILED', 'PENDING'],
    ['QUEUED', 'QUEUED'],
    ['QUEUED QUEUED', 'QUEUED'],
    ['QUEUED!', 'QUEUED'],
    ['QUEUED CANCELED', 'QUEUED'],
    ['QUEUED SUCCEEDED', 'PENDING'],
    ['QUEUED FAILED', 'PENDING'],
    ['SUCCEEDED', 'SUCCEEDED'],
    ['SUCCEEDED SUCCEEDED', 'SUCCEEDED'],
    ['SUCCEEDED FAILED', 'PARTIALLY_SUCCEEDED'],
    ['SUCCEEDED CANCELED', 'PARTIALLY_SUCCEEDED'],
    ['SUCCEEDED REVERSED', 'PARTIALLY_SUCCEEDED'],
    ['REVERSED', 'REVERSED'],
    ['REVERSED FAILED', 'REVERSED'],
    ['CANCELED', 'CANCELED'],
    ['CANCELED CANCELED', 'CANCELED'],
    ['FAILED', 'FAILED'],
    ['FAILED CANCELED', 'FAILED'],
  ])('%s is %s', (text, status) => {
    expect(deriveRefundStatus(legs(text))).toBe(status);
    expect(deriveRefundStatus(legs(text).toReversed())).toBe(status);
  });
});

describe('where the money is', () => {
  test.each<[string, MoneyMovement]>([
    ['QUEUED', 'NOT_STARTED'],
    ['PENDING', 'IN_FLIGHT'],
    ['SENDING', 'IN_FLIGHT'],
    ['SUCCEEDED PENDING', 'PARTLY_RETURNED'],
    ['SUCCEEDED QUEUED', 'PARTLY_RETURNED'],
    ['FAILED PENDING', 'IN_FLIGHT'],
    ['UNKNOWN', 'UNCLEAR'],
    ['SUCCEEDED UNKNOWN', 'UNCLEAR'],
    ['MANUAL_REVIEW', 'UNCLEAR'],
    ['SUCCEEDED', 'RETURNED'],
    ['SUCCEEDED FAILED', 'PARTLY_RETURNED'],
    ['FAILED', 'NOT_RETURNED'],
    ['CANCELED', 'NOT_RETURNED'],
    ['REVERSED', 'NOT_RETURNED'],
  ])('%s: %s', (text, movement) => {
    const all = legs(text);
    expect(moneyMovementOf({ status: deriveRefundStatus(all) }, all)).toBe(movement);
  });

  test.each([
    [999n, 'PARTLY_RETURNED'],
    [1000n, 'RETURNED'],
    [1001n, 'RETURNED'],
  ])('of 1000 asked for and %s returned: %s', (returned_minor, movement) => {
    const [leg] = legs('SUCCEEDED');
    expect(moneyMovementOf({ status: 'SUCCEEDED' }, [{ ...leg!, returned_minor }])).toBe(movement);
  });

  test('of a refund whose answer was lost is never called not returned', () => {
    for (const rest of ['', ' SUCCEEDED', ' FAILED', ' CANCELED', ' PENDING', ' QUEUED', ' REVERSED'])
      for (const unclear of ['UNKNOWN', 'MANUAL_REVIEW'])
        expect(
          moneyMovementOf({ status: deriveRefundStatus(legs(unclear + rest)) }, legs(unclear + rest)),
        ).toBe('UNCLEAR');
  });
});

test('polling ends when nothing is open', () => {
  expect(refundStatuses.filter(isFinalRefund)).toEqual([
    'SUCCEEDED',
    'PARTIALLY_SUCCEEDED',
    'FAILED',
    'CANCELED',
    'REVERSED',
  ]);
});

test('a leg that is being sent is, to everybody else, pending', () => {
  expect(publicLegStatus('SENDING')).toBe('PENDING');
  expect(publicLegStatus('QUEUED')).toBe('QUEUED');
});
