import { expect, test } from 'vitest';
import { fits, type Observed } from './observed.ts';
import { subjects } from './subjects.ts';

const observed: Observed = {
  answers: ['PENDING/IN_FLIGHT'],
  ends: ['SUCCEEDED/RETURNED'],
  errors: [],
  cancels: [],
  seen: [],
  alerts: ['REFUND_NEEDS_VERDICT'],
  effects: 1,
  sends: 2,
  returnedMinor: 25_000n,
};
const outcome = { ends: ['SUCCEEDED/RETURNED'], effects: 1, returned: 'part' } as const;

test('what came of a scenario fits its outcome, whatever the outcome does not name', () => {
  expect(fits(observed, outcome, subjects.yookassa)).toBe(true);
});

test.each<Partial<Observed>>([
  { ends: [] },
  { errors: ['INVALID_INPUT'] },
  { cancels: ['VOIDED'] },
  { seen: ['replayed'] },
  { effects: 2 },
  { returnedMinor: 25_001n },
])('it does not fit when anything else differs: %o', (other) => {
  expect(fits({ ...observed, ...other }, outcome, subjects.yookassa)).toBe(false);
});

test('alerts count where they are named', () => {
  const named = { ...outcome, alerts: ['REFUND_NEEDS_VERDICT'] } as const;
  expect(fits(observed, named, subjects.yookassa)).toBe(true);
  expect(fits({ ...observed, alerts: [] }, named, subjects.yookassa)).toBe(false);
});

test('sends count where they are named', () => {
  expect(fits(observed, { ...outcome, sends: 1 }, subjects.yookassa)).toBe(false);
});
