import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import type { Failure } from '../../../src/errors.ts';
import type { Look, PaymentSight } from '../../../src/providers/provider.ts';
import { fragments } from '../../../src/providers/razorpay/descriptions.ts';
import { verdictOf } from '../../../src/providers/razorpay/errors.ts';
import { classifyRefusal } from '../../../src/providers/razorpay/classify-refusal.ts';
import { readPayment } from '../../../src/providers/razorpay/payment.ts';
import {
  list,
  noSuchId,
  NOW,
  numbered,
  openAccount,
  payment,
  PAYMENT_ID,
  scriptOf,
  unix,
  wireError,
} from './account.ts';

type Sight = Look<PaymentSight>;
const down: Sight = {
  kind: 'unavailable',
  failure: { code: 'PROVIDER_UNAVAILABLE', message: '', retry: 'WAIT', providerCode: null },
};

/** What is read of a payment of 1500.00 MYR with these refunds of 400.00. */
async function seen(more: object = {}, ...refunds: object[]): Promise<Sight> {
  const items = refunds.map((each, index) => numbered(index, each));
  const { access } = await openAccount(
    scriptOf({}, { payment: { body: payment(more) }, refunds: { body: list(...items) } }),
  );
  return readPayment(access, PAYMENT_ID);
}
async function unseen(): Promise<Sight> {
  const { access } = await openAccount(() => noSuchId);
  return readPayment(access, PAYMENT_ID);
}

interface Given {
  readonly says?: string;
  readonly field?: string;
  readonly requested?: bigint;
  readonly currency?: 'MYR' | 'INR';
  readonly sight: () => Sight | Promise<Sight>;
}
const found =
  (more?: object, ...refunds: object[]) =>
  () =>
    seen(more, ...refunds);
const unread = (): Sight => down;

const minimum = 'The amount must be at least MYR 1.00';
const balance = 'Your account does not have enough balance to carry out the refund operation.';
const exceeds = 'The refund amount provided is greater than amount captured';
const tooOld = 'Refund is not supported by the bank because the payment is more than 6 months old';
const tooOldInIndia = 'Payment is more than 6 months old, only instant refund is supported';
const notCaptured = 'The payment status should be captured for action to be taken';
const fully = 'The payment has been fully refunded already';
const shortKey = 'The idempotency key must be at least 10 characters long.';

/** Rule by rule: what explains the refusal of a refund of 400.00 MYR. */
const table: readonly (readonly [name: string, given: Given, expected: string])[] = [
  ['the payment is not there', { sight: unseen }, 'PAYMENT_NOT_FOUND NEVER'],
  [
    'the payment is held',
    { sight: found({ status: 'authorized', captured: false }) },
    'PAYMENT_NOT_REFUNDABLE NEVER',
  ],
  [
    'the payment is created',
    { sight: found({ status: 'created', captured: false }) },
    'PAYMENT_NOT_REFUNDABLE NEVER',
  ],
  [
    'the payment failed',
    { sight: found({ status: 'failed', captured: false }) },
    'PAYMENT_NOT_REFUNDABLE NEVER',
  ],
  [
    'the hold was returned',
    { sight: found({ status: 'refunded', captured: false }) },
    'PAYMENT_NOT_REFUNDABLE NEVER',
  ],
  ['the payment has a new status', { sight: found({ status: 'lost' }) }, 'PAYMENT_NOT_REFUNDABLE NEVER'],
  [
    'six months are over',
    { sight: found({ created_at: unix('2026-05-22T12:00:00Z') }) },
    'REFUND_WINDOW_EXPIRED NEVER',
  ],
  [
    'six months are nearly over',
    { sight: found({ created_at: unix('2026-05-22T12:00:01Z') }) },
    'PROVIDER_REJECTED ASK_A_HUMAN',
  ],
  ['the currency differs', { currency: 'INR', sight: found() }, 'CURRENCY_MISMATCH NEVER'],
  ['more than was paid', { requested: 150001n, sight: found() }, 'AMOUNT_EXCEEDS_REFUNDABLE NEVER'],
  [
    "more than is left by the payment's own sum",
    { sight: found({ amount_refunded: 110001 }) },
    'AMOUNT_EXCEEDS_REFUNDABLE NEVER',
  ],
  [
    'more than is left by the list of refunds',
    { sight: found({}, { amount: 110001 }) },
    'AMOUNT_EXCEEDS_REFUNDABLE NEVER',
  ],
  [
    'everything is refunded',
    { sight: found({ status: 'refunded', amount_refunded: 150000 }, { amount: 150000 }) },
    'PAYMENT_NOT_REFUNDABLE NEVER',
  ],
  [
    'more than is left until a pending refund has ended, which the sum counts',
    { sight: found({ amount_refunded: 110001 }, { amount: 110001, status: 'pending' }) },
    'ANOTHER_OPERATION_IN_PROGRESS WAIT',
  ],
  [
    'more than is left until a pending refund has ended, which the sum does not count',
    { sight: found({ amount_refunded: 0 }, { amount: 110001, status: 'pending' }) },
    'ANOTHER_OPERATION_IN_PROGRESS WAIT',
  ],
  [
    'more than is left until a refund of unknown status has ended',
    { sight: found({}, { amount: 150000, status: 'asleep' }) },
    'ANOTHER_OPERATION_IN_PROGRESS WAIT',
  ],
  [
    'too much whatever becomes of the pending refund',
    { requested: 150001n, sight: found({}, { status: 'pending' }) },
    'AMOUNT_EXCEEDS_REFUNDABLE NEVER',
  ],
  [
    'a failed refund takes nothing away',
    { sight: found({}, { amount: 150000, status: 'failed' }) },
    'PROVIDER_REJECTED ASK_A_HUMAN',
  ],
  ['a text about the minimum', { says: minimum, sight: found() }, 'INVALID_AMOUNT NEVER'],
  [
    'a text about integers',
    { says: 'The amount must be an integer.', sight: unread },
    'INVALID_AMOUNT NEVER',
  ],
  ['a text about the amount', { says: 'The amount is invalid', sight: found() }, 'INVALID_AMOUNT NEVER'],
  ['the field amount', { field: 'amount', sight: found() }, 'INVALID_AMOUNT NEVER'],
  ['the field notes', { field: 'notes', sight: found() }, 'PROVIDER_REJECTED ASK_A_HUMAN'],
  ['a text about the balance', { says: balance, sight: found() }, 'INSUFFICIENT_FUNDS RETRY_REFUND'],
  ['the same in capitals', { says: balance.toUpperCase(), sight: unread }, 'INSUFFICIENT_FUNDS RETRY_REFUND'],
  [
    'a text about too much',
    { says: exceeds, field: 'amount', sight: found() },
    'AMOUNT_EXCEEDS_REFUNDABLE NEVER',
  ],
  ['a text about the age', { says: tooOld, sight: found() }, 'REFUND_WINDOW_EXPIRED NEVER'],
  ['a text about the age in India', { says: tooOldInIndia, sight: unread }, 'REFUND_WINDOW_EXPIRED NEVER'],
  [
    'a text about the state, which was not read',
    { says: notCaptured, sight: unread },
    'PAYMENT_NOT_REFUNDABLE NEVER',
  ],
  [
    'a text about the state, which is another',
    { says: notCaptured, sight: found() },
    'PROVIDER_REJECTED ASK_A_HUMAN',
  ],
  ['a text about a full refund, not read', { says: fully, sight: unread }, 'PAYMENT_NOT_REFUNDABLE NEVER'],
  [
    'a text about a full refund that is none',
    { says: fully, sight: found() },
    'PROVIDER_REJECTED ASK_A_HUMAN',
  ],
  [
    'a text about an id that was not read',
    { says: 'The id provided does not exist', sight: unread },
    'PAYMENT_NOT_FOUND NEVER',
  ],
  [
    'a text about an id that is there',
    { says: 'The id provided does not exist', sight: found() },
    'PROVIDER_REJECTED ASK_A_HUMAN',
  ],
  ['a text about the length of the key', { says: shortKey, sight: found() }, 'PROVIDER_REJECTED ASK_A_HUMAN'],
  [
    'a text without a reason',
    { says: 'invalid request sent', sight: found() },
    'PROVIDER_REJECTED ASK_A_HUMAN',
  ],
  ['a text of tomorrow', { says: 'Come back on Monday', sight: found() }, 'PROVIDER_REJECTED ASK_A_HUMAN'],
  ['nothing', { sight: unread }, 'PROVIDER_REJECTED ASK_A_HUMAN'],
];

async function classify({ says: description, field, requested = 40000n, currency = 'MYR', sight }: Given) {
  const error = { code: 'BAD_REQUEST_ERROR', description, field, reason: undefined };
  return classifyRefusal({
    error,
    requested: { minor: requested, currency },
    sight: await sight(),
    now: NOW,
  });
}

const short = (failure: Failure): string => `${failure.code} ${failure.retry}`;

test.each(table)('%s', async (_name, given, expected) => {
  const failure = await classify(given);
  expect(short(failure)).toBe(expected);
  expect(failure.providerCode).toBe('BAD_REQUEST_ERROR');
  expect(failure.message).not.toBe('');
});

test('the state explains before any text does', async () => {
  const held = await seen({ status: 'authorized', captured: false });
  for (const says of [balance, exceeds, tooOld, minimum, 'Another operation is in progress']) {
    expect(short(await classify({ says, sight: () => held }))).toBe('PAYMENT_NOT_REFUNDABLE NEVER');
  }
});

test('an empty balance is named as a known cause where there is no other', async () => {
  const failure = await classify({ says: 'invalid request sent', sight: unread });
  expect(failure.message).toContain('balance');
});

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 600 }),
  fc.constantFrom(
    minimum,
    balance,
    exceeds,
    tooOld,
    notCaptured,
    fully,
    shortKey,
    'Access Denied',
    'Different request',
  ),
);
const undocumented = anyText.filter((text) =>
  Object.values(fragments).every((fragment) => !fragment.test(text)),
);

const kindOf = (status: number, body: unknown): string => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return verdictOf({ kind: 'answer', status, headers: {}, text }, NOW).kind;
};

property.prop([
  anyText,
  fc.integer({ min: 300, max: 599 }),
  fc.constantFrom('BAD_REQUEST_ERROR', 'GATEWAY_ERROR', 'SERVER_ERROR'),
])('no text turns an unknown outcome into a refusal, a delay or a success', (description, status, code) => {
  fc.pre(kindOf(status, wireError({ code, description: '' })) === 'unknown');
  expect(kindOf(status, wireError({ code, description }))).toBe('unknown');
  if (status >= 500 || status < 400) expect(kindOf(status, description)).toBe('unknown');
});

property.prop([undocumented, fc.integer({ min: 300, max: 599 })])(
  'a text that is not documented changes nothing at all',
  (description, status) => {
    expect(kindOf(status, wireError({ description }))).toBe(
      kindOf(status, wireError({ description: undefined })),
    );
  },
);

property.prop([undocumented, fc.constantFrom(undefined, 'amount', 'notes')])(
  'a text that is not documented never explains a refusal',
  async (description, field) => {
    const given = field === undefined ? { sight: unread } : { sight: unread, field };
    expect(await classify({ ...given, says: description })).toEqual(await classify(given));
  },
);

property.prop([fc.integer({ min: 400, max: 499 }), fc.string({ unit: 'binary' })])(
  'a 4xx that the API did not write is never a refusal',
  (status, body) => {
    expect(kindOf(status, `<html>${body}`)).not.toBe('refused');
  },
);
