import { expect, test } from 'vitest';
import type { RaisedAlert } from '../../src/alerts.ts';
import { createAlertGate } from '../../src/events/alert-gate.ts';

const minute = 60_000;
const alert = (refundId: string, more: Partial<RaisedAlert> = {}): RaisedAlert => ({
  code: 'REFUND_NEEDS_VERDICT',
  message: 'Decide.',
  details: { refundId },
  ...more,
});

test('the same alert within ten minutes is one message, and the next one counts the others', () => {
  const gate = createAlertGate();
  expect(gate.admit(alert('a'), 0)).toEqual({ ...alert('a'), repeated: 0 });
  for (const at of [0, 1, 5 * minute, 10 * minute - 1]) expect(gate.admit(alert('a'), at)).toBeUndefined();
  expect(gate.admit(alert('a'), 10 * minute)).toMatchObject({ repeated: 4 });
  expect(gate.admit(alert('a'), 20 * minute)).toMatchObject({ repeated: 0 });
});

test('the same is the code and the details, in whatever order these stand', () => {
  const gate = createAlertGate();
  const details = { paymentId: 'p', account: 'x' };
  gate.admit(alert('a', { details }), 0);
  expect(gate.admit(alert('a', { details: { account: 'x', paymentId: 'p' } }), 1)).toBeUndefined();
  expect(gate.admit(alert('a', { details, message: 'In other words.' }), 1)).toBeUndefined();
  expect(gate.admit(alert('a', { details: { ...details, account: 'y' } }), 1)).toBeDefined();
  expect(gate.admit(alert('a', { details, code: 'PAYMENT_MISMATCH' }), 1)).toBeDefined();
});

test('a code has sixty messages an hour, then one that says how many were left out', () => {
  const gate = createAlertGate();
  const admitted = Array.from({ length: 100 }, (_, n) => gate.admit(alert(`r${n}`), n));
  expect(admitted.filter((each) => each !== undefined)).toHaveLength(60);
  expect(admitted.slice(0, 60)).not.toContain(undefined);
  expect(gate.admit(alert('r0', { code: 'PAYMENT_MISMATCH' }), 100)).toBeDefined();

  expect(gate.nextLeftOutAtMs()).toBe(60 * minute);
  expect(gate.leftOut(60 * minute - 1)).toEqual([]);
  expect(gate.leftOut(60 * minute)).toEqual([
    expect.objectContaining({ code: 'REFUND_NEEDS_VERDICT', details: { leftOut: 40 }, repeated: 0 }),
  ]);
  expect(gate.leftOut(60 * minute)).toEqual([]);
  expect(gate.nextLeftOutAtMs()).toBeUndefined();
  expect(gate.admit(alert('next hour'), 60 * minute)).toBeDefined();
});

test('what was left out is told before the code has messages again', () => {
  const gate = createAlertGate();
  for (let n = 0; n < 61; n += 1) gate.admit(alert(`r${n}`), 0);
  expect(gate.admit(alert('late'), 61 * minute)).toBeUndefined();
  expect(gate.leftOut(61 * minute)).toMatchObject([{ details: { leftOut: 2 } }]);
});

test('an hour without anything left out says nothing, and ends', () => {
  const gate = createAlertGate();
  for (let n = 0; n < 60; n += 1) gate.admit(alert(`r${n}`), 0);
  expect(gate.nextLeftOutAtMs()).toBeUndefined();
  expect(gate.leftOut(Infinity)).toEqual([]);
  for (let n = 0; n < 60; n += 1) expect(gate.admit(alert(`s${n}`), 60 * minute)).toBeDefined();
});

test('its memory is bounded: the oldest of a thousand alerts is forgotten', () => {
  const gate = createAlertGate();
  const codes = ['PAYMENT_MISMATCH', 'REFUND_NEEDS_VERDICT'] as const;
  gate.admit(alert('first'), 0);
  // Sixty an hour for each code, and within ten minutes: so by many codes or by a clock that stands still.
  const remembered = (n: number) => gate.admit(alert(`r${n}`, { code: codes[n % 2]! }), n * minute * 61);
  for (let n = 1; n < 1_000; n += 1) remembered(n);
  expect(gate.admit(alert('first'), 0)).toBeUndefined();
  remembered(1_000);
  remembered(1_001);
  expect(gate.admit(alert('first'), 0)).toMatchObject({ repeated: 0 });
});

test('what was sent again is not the oldest any more', () => {
  const gate = createAlertGate();
  gate.admit(alert('first'), 0);
  for (let n = 1; n < 1_000; n += 1) gate.admit(alert(`r${n}`), n * minute * 61);
  const later = 1_000 * minute * 61;
  expect(gate.admit(alert('first'), later)).toBeDefined();
  gate.admit(alert('one more'), later);
  expect(gate.admit(alert('first'), later + 1)).toBeUndefined();
});
