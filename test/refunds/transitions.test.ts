import { describe, expect, test } from 'vitest';
import {
  bucketOf,
  findTransition,
  isFinalLeg,
  transitionCauses,
  transitions,
} from '../../src/refunds/transitions.ts';
import { legStatuses, type LegStatus } from '../../src/vocabulary.ts';

const causes = transitionCauses;

/** Every move there is, written out once more from MONEY sections 1, 2, 4 and 7. */
const allowed = new Set([
  'QUEUED claim SENDING',
  'QUEUED caller CANCELED',
  'QUEUED evidence PENDING',
  'QUEUED evidence SUCCEEDED',
  'QUEUED evidence FAILED',
  'QUEUED evidence CANCELED',
  'QUEUED evidence MANUAL_REVIEW',
  'SENDING answer PENDING',
  'SENDING answer SUCCEEDED',
  'SENDING answer FAILED',
  'SENDING answer CANCELED',
  'SENDING answer MANUAL_REVIEW',
  'SENDING answer UNKNOWN',
  'SENDING answer QUEUED',
  'SENDING evidence PENDING',
  'SENDING evidence SUCCEEDED',
  'SENDING evidence FAILED',
  'SENDING evidence CANCELED',
  'SENDING evidence MANUAL_REVIEW',
  'SENDING lease UNKNOWN',
  'UNKNOWN answer PENDING',
  'UNKNOWN answer SUCCEEDED',
  'UNKNOWN answer FAILED',
  'UNKNOWN answer CANCELED',
  'UNKNOWN answer MANUAL_REVIEW',
  'UNKNOWN evidence PENDING',
  'UNKNOWN evidence SUCCEEDED',
  'UNKNOWN evidence FAILED',
  'UNKNOWN evidence CANCELED',
  'UNKNOWN evidence MANUAL_REVIEW',
  'UNKNOWN plan MANUAL_REVIEW',
  'UNKNOWN verdict SUCCEEDED',
  'UNKNOWN verdict FAILED',
  'MANUAL_REVIEW verdict SUCCEEDED',
  'MANUAL_REVIEW verdict FAILED',
  'PENDING merge CANCELED',
  'SUCCEEDED merge CANCELED',
  'PENDING evidence SUCCEEDED',
  'PENDING evidence FAILED',
  'PENDING evidence CANCELED',
  'PENDING evidence MANUAL_REVIEW',
  'PENDING plan MANUAL_REVIEW',
  'MANUAL_REVIEW evidence PENDING',
  'MANUAL_REVIEW evidence SUCCEEDED',
  'MANUAL_REVIEW evidence FAILED',
  'MANUAL_REVIEW evidence CANCELED',
  'SUCCEEDED evidence REVERSED',
  'FAILED caller QUEUED',
  'FAILED evidence PENDING',
  'FAILED evidence SUCCEEDED',
  'FAILED evidence MANUAL_REVIEW',
  'CANCELED evidence PENDING',
  'CANCELED evidence SUCCEEDED',
  'CANCELED evidence MANUAL_REVIEW',
]);

test('the table has exactly the moves of the rules', () => {
  const found = legStatuses.flatMap((from) =>
    causes.flatMap((cause) =>
      legStatuses
        .filter((to) => findTransition(from, cause, to) !== undefined)
        .map((to) => `${from} ${cause} ${to}`),
    ),
  );
  expect(new Set(found)).toEqual(allowed);
});

test('every status is reachable from the two in which a leg is born', () => {
  const reached = new Set<LegStatus>(['QUEUED', 'SENDING']);
  for (let grown = true; grown;) {
    grown = false;
    for (const row of transitions)
      for (const to of row.to)
        if (reached.has(row.from) && !reached.has(to)) {
          reached.add(to);
          grown = true;
        }
  }
  expect([...reached].toSorted()).toEqual([...legStatuses].toSorted());
});

describe('final states', () => {
  test('are those in which nothing is reserved', () => {
    expect(legStatuses.filter(isFinalLeg)).toEqual(['SUCCEEDED', 'FAILED', 'CANCELED', 'REVERSED']);
    expect(legStatuses.filter((status) => bucketOf(status) === 'reserved')).toEqual([
      'QUEUED',
      'SENDING',
      'PENDING',
      'UNKNOWN',
      'MANUAL_REVIEW',
    ]);
    expect(legStatuses.filter((status) => bucketOf(status) === 'refunded')).toEqual(['SUCCEEDED']);
  });

  test('are left only by evidence, with an alarm, or by an explicit retry', () => {
    for (const row of transitions.filter(({ from }) => isFinalLeg(from))) {
      if (row.cause === 'caller') expect([row.from, row.to]).toEqual(['FAILED', ['QUEUED']]);
      else if (row.cause === 'merge') expect([row.from, row.to]).toEqual(['SUCCEEDED', ['CANCELED']]);
      else expect([row.cause, row.alarm]).toEqual(['evidence', true]);
    }
  });

  test('of a refund that came back is the last one', () => {
    expect(transitions.filter(({ from }) => from === 'REVERSED')).toEqual([]);
  });
});
