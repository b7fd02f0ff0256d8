import { describe, expect, test } from 'vitest';
import type { Currency } from '../../../src/money.ts';
import { classifyRefusal } from '../../../src/providers/stripe/classify-refusal.ts';
import { stripe } from '../../../src/providers/stripe/index.ts';
import { type WireError, readError } from '../../../src/providers/stripe/wire.ts';
import {
  charge,
  missing,
  numbered,
  openAccount,
  page,
  payment,
  PAYMENT_ID,
  scriptOf,
  type State,
  wireError,
} from './account.ts';

async function reason(
  error: object,
  state: State = {},
  minor = 40_000n,
  currency: Currency = 'EUR',
): Promise<string> {
  const { access } = await openAccount(scriptOf({}, state));
  const sight = await stripe.readPayment(access, PAYMENT_ID);
  const read = readError(JSON.stringify(wireError(error))) as WireError;
  const failure = classifyRefusal({ error: read, requested: { minor, currency }, sight });
  expect(failure.providerCode).toBe(read.code ?? null);
  expect(failure.message).not.toBe('');
  return `${failure.code} ${failure.retry}`;
}

const unread: State = { payment: { status: 500, body: 'no' }, refunds: { status: 500, body: 'no' } };
const made = (...refunds: object[]): State => ({ refunds: { body: page(refunds) } });

describe.each<[string, State]>([
  ['with a payment that looks refundable', {}],
  ['with nothing read', unread],
])('the code explains, %s', (_name, state) => {
  test.each([
    ['parameter_invalid_integer', 'INVALID_AMOUNT NEVER'],
    ['amount_too_small', 'INVALID_AMOUNT NEVER'],
    ['invalid_charge_amount', 'INVALID_AMOUNT NEVER'],
    ['invalid_charge_amount_no_decimal_compatible', 'INVALID_AMOUNT NEVER'],
    ['amount_too_large', 'AMOUNT_EXCEEDS_REFUNDABLE NEVER'],
    ['charge_already_refunded', 'PAYMENT_NOT_REFUNDABLE NEVER'],
    ['charge_disputed', 'PAYMENT_NOT_REFUNDABLE NEVER'],
    ['refund_disputed_payment', 'PAYMENT_NOT_REFUNDABLE NEVER'],
    ['charge_not_refundable', 'PAYMENT_NOT_REFUNDABLE NEVER'],
    ['payment_intent_unexpected_state', 'PAYMENT_NOT_REFUNDABLE NEVER'],
    ['balance_insufficient', 'INSUFFICIENT_FUNDS RETRY_REFUND'],
    ['insufficient_funds', 'INSUFFICIENT_FUNDS RETRY_REFUND'],
    ['parameter_unknown', 'PROVIDER_REJECTED ASK_A_HUMAN'],
    ['constructor', 'PROVIDER_REJECTED ASK_A_HUMAN'],
  ])('%s: %s', async (code, expected) => {
    expect(await reason({ code }, state)).toBe(expected);
  });
});

test.each<[string, object, State, string]>([
  ['no code, and the amount', { param: 'amount' }, unread, 'INVALID_AMOUNT NEVER'],
  ['no code, and another parameter', { param: 'metadata' }, unread, 'PROVIDER_REJECTED ASK_A_HUMAN'],
  ['a missing payment, not read', { code: 'resource_missing' }, unread, 'PAYMENT_NOT_FOUND NEVER'],
  ['a missing payment, which is there', { code: 'resource_missing' }, {}, 'PROVIDER_REJECTED ASK_A_HUMAN'],
  ['a payment that is not there', {}, { payment: missing(), refunds: missing() }, 'PAYMENT_NOT_FOUND NEVER'],
  [
    'a hold',
    {},
    { payment: { body: payment({ status: 'requires_capture', amount_received: 0 }) } },
    'PAYMENT_NOT_REFUNDABLE NEVER',
  ],
  [
    'a disputed payment',
    {},
    { payment: { body: payment({ latest_charge: charge({ disputed: true }) }) } },
    'PAYMENT_NOT_REFUNDABLE NEVER',
  ],
  ['everything refunded', {}, made(numbered(1, { amount: 150000 })), 'PAYMENT_NOT_REFUNDABLE NEVER'],
  ['too much', {}, made(numbered(1, { amount: 110001 })), 'AMOUNT_EXCEEDS_REFUNDABLE NEVER'],
  [
    'too much until a pending one has ended',
    {},
    made(numbered(1, { amount: 110001, status: 'pending' })),
    'ANOTHER_OPERATION_IN_PROGRESS WAIT',
  ],
  [
    'the same of one that needs the customer',
    {},
    made(numbered(1, { amount: 110001, status: 'requires_action' })),
    'ANOTHER_OPERATION_IN_PROGRESS WAIT',
  ],
  [
    'the same of one of an unknown word',
    {},
    made(numbered(1, { amount: 110001, status: 'asleep' })),
    'ANOTHER_OPERATION_IN_PROGRESS WAIT',
  ],
  [
    'a failed one takes nothing away',
    {},
    made(numbered(1, { amount: 110001, status: 'failed' })),
    'PROVIDER_REJECTED ASK_A_HUMAN',
  ],
  [
    'neither does a canceled one',
    {},
    made(numbered(1, { amount: 110001, status: 'canceled' })),
    'PROVIDER_REJECTED ASK_A_HUMAN',
  ],
  ['exactly what is left', {}, made(numbered(1, { amount: 110000 })), 'PROVIDER_REJECTED ASK_A_HUMAN'],
])('%s', async (_name, error, state, expected) => {
  expect(await reason(error, state)).toBe(expected);
});

test('another currency than that of the payment', async () => {
  expect(await reason({}, {}, 40_000n, 'USD')).toBe('CURRENCY_MISMATCH NEVER');
});

test('the state explains before any code does', async () => {
  const state = made(numbered(1, { amount: 110001 }));
  expect(await reason({ code: 'parameter_invalid_integer' }, state)).toBe('AMOUNT_EXCEEDS_REFUNDABLE NEVER');
});

test.each([
  'Refund amount is greater than unrefunded amount',
  'This charge is too old',
  'Insufficient funds',
])('no text for people is read: %s', async (message) => {
  expect(await reason({ message }, unread)).toBe('PROVIDER_REJECTED ASK_A_HUMAN');
});
