import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { classifyRefusal, type Refusal } from '../../../src/providers/yookassa/classify-refusal.ts';
import { verdictOf } from '../../../src/providers/yookassa/errors.ts';
import { paymentFacts } from '../../../src/providers/yookassa/payment.ts';
import { refundFacts } from '../../../src/providers/yookassa/refund-status.ts';
import { wirePayment, wireRefund } from '../../../src/providers/yookassa/wire.ts';
import { NOW, payment, refund, rub, wireError } from './shop.ts';

function seen(paymentMore: object = {}, ...refunds: object[]): Refusal['sight'] {
  return {
    kind: 'found',
    value: {
      payment: paymentFacts(wirePayment.parse(payment(paymentMore))),
      refunds: refunds.map((more) => refundFacts(wireRefund.parse(refund(more)))),
    },
  };
}
const absent: Refusal['sight'] = { kind: 'absent' };
const roubles = (minor: bigint) => ({ minor, currency: 'RUB' }) as const;
const down: Refusal['sight'] = {
  kind: 'unavailable',
  failure: { code: 'PROVIDER_UNAVAILABLE', message: '', retry: 'WAIT', providerCode: null },
};

interface Case {
  readonly status?: number;
  readonly error?: Refusal['error'];
  readonly requested?: Refusal['requested'];
  readonly sight: Refusal['sight'];
}

/** The classification of a refused refund of a payment of 1500.00 RUB, rule by rule. */
const table: readonly (readonly [name: string, given: Case, expected: string])[] = [
  [
    'the method is not supported',
    { error: { code: 'not_supported' }, sight: down },
    'PAYMENT_NOT_REFUNDABLE NEVER',
  ],
  [
    'the payment is not there',
    { error: { parameter: 'payment_id' }, sight: absent },
    'PAYMENT_NOT_FOUND NEVER',
  ],
  ['the payment is not there (404)', { status: 404, sight: absent }, 'PAYMENT_NOT_FOUND NEVER'],
  ['404, though the payment is there', { status: 404, sight: seen() }, 'PROVIDER_REJECTED ASK_A_HUMAN'],
  [
    'nothing can be read',
    { error: { parameter: 'payment_id' }, sight: down },
    'PROVIDER_REJECTED ASK_A_HUMAN',
  ],
  ['the payment is pending', { sight: seen({ status: 'pending' }) }, 'PAYMENT_NOT_REFUNDABLE NEVER'],
  ['the payment is held', { sight: seen({ status: 'waiting_for_capture' }) }, 'PAYMENT_NOT_REFUNDABLE NEVER'],
  ['the payment is canceled', { sight: seen({ status: 'canceled' }) }, 'PAYMENT_NOT_REFUNDABLE NEVER'],
  ['the payment has a new status', { sight: seen({ status: 'lost' }) }, 'PAYMENT_NOT_REFUNDABLE NEVER'],
  ['no refund is possible', { sight: seen({ refundable: false }) }, 'PAYMENT_NOT_REFUNDABLE NEVER'],
  [
    'three years are over',
    { sight: seen({ created_at: '2023-11-22T11:59:59Z', refundable: false }) },
    'REFUND_WINDOW_EXPIRED NEVER',
  ],
  [
    'three years are nearly over',
    { sight: seen({ created_at: '2023-11-22T12:00:01Z' }) },
    'PROVIDER_REJECTED ASK_A_HUMAN',
  ],
  [
    'one year of SberPay is over',
    { sight: seen({ created_at: '2025-11-22T11:59:59Z', payment_method: { type: 'sberbank' } }) },
    'REFUND_WINDOW_EXPIRED NEVER',
  ],
  [
    'the currency differs',
    { requested: { minor: 1n, currency: 'USD' }, sight: seen() },
    'CURRENCY_MISMATCH NEVER',
  ],
  ['nothing is asked for', { requested: roubles(0n), sight: seen() }, 'INVALID_AMOUNT NEVER'],
  ['more than was paid', { requested: roubles(150001n), sight: seen() }, 'AMOUNT_EXCEEDS_REFUNDABLE NEVER'],
  [
    "more than is left by the payment's own sum",
    { sight: seen({ refunded_amount: rub('1100.01') }) },
    'AMOUNT_EXCEEDS_REFUNDABLE NEVER',
  ],
  [
    'more than is left by the list of refunds',
    { sight: seen({}, { amount: rub('1100.01') }) },
    'AMOUNT_EXCEEDS_REFUNDABLE NEVER',
  ],
  [
    'more than is left until a pending refund has ended',
    { sight: seen({}, { status: 'pending', amount: rub('1100.01') }) },
    'ANOTHER_OPERATION_IN_PROGRESS WAIT',
  ],
  [
    'more than is left until a refund of unknown status has ended',
    { sight: seen({}, { status: 'napping', amount: rub('1100.01') }) },
    'ANOTHER_OPERATION_IN_PROGRESS WAIT',
  ],
  [
    'too much whatever becomes of the pending refund',
    { requested: roubles(150001n), sight: seen({}, { status: 'pending' }) },
    'AMOUNT_EXCEEDS_REFUNDABLE NEVER',
  ],
  [
    'a failed refund takes nothing away',
    { sight: seen({}, { status: 'canceled', amount: rub('1500.00') }) },
    'PROVIDER_REJECTED ASK_A_HUMAN',
  ],
  [
    'the amount is objected to',
    { error: { parameter: 'amount.value' }, sight: seen() },
    'INVALID_AMOUNT NEVER',
  ],
  [
    'the receipt is objected to',
    { error: { parameter: 'receipt.items' }, sight: seen() },
    'PROVIDER_REJECTED ASK_A_HUMAN',
  ],
  [
    'the sources are objected to',
    { error: { parameter: 'sources' }, sight: seen() },
    'PROVIDER_REJECTED ASK_A_HUMAN',
  ],
  ['nothing explains it', { sight: seen() }, 'PROVIDER_REJECTED ASK_A_HUMAN'],
  ['wrong verb', { status: 405, sight: absent }, 'PROVIDER_REJECTED ASK_A_HUMAN'],
  ['gone', { status: 410, sight: absent }, 'PROVIDER_REJECTED ASK_A_HUMAN'],
  ['wrong content type', { status: 415, sight: absent }, 'PROVIDER_REJECTED ASK_A_HUMAN'],
];

test.each(table)('%s', (_name, given, expected) => {
  const { status = 400, error = { code: 'invalid_request' }, requested = roubles(40000n), sight } = given;
  const failure = classifyRefusal({ status, error, requested, sight, now: NOW });
  expect(`${failure.code} ${failure.retry}`).toBe(expected);
  expect(failure.providerCode).toBe(error.code ?? null);
  expect(failure.message).not.toBe('');
});

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 600 }),
  fc.constantFrom(
    'Idempotence key duplicated',
    "Incorrect payment_id. Payment doesn't exist or access denied",
    'Receipt is missing or illegal',
    'Refund amount exceeds payment amount',
    'Error in shopId or secret key. Check their validity',
    'insufficient_funds',
  ),
);

property.prop([
  texts,
  fc.constantFrom(400, 401, 403, 404, 405, 410, 415, 429, 500, 502),
  fc.constantFrom(undefined, 'payment_id', 'amount', 'Idempotence-Key', 'receipt'),
  fc.constantFrom(...table),
])(
  'the text for people never changes the classification',
  (description, status, parameter, [, { sight }]) => {
    const classify = (more: object) => {
      const text = JSON.stringify(wireError({ parameter, ...more }));
      const verdict = verdictOf({ kind: 'answer', status, headers: {}, text }, NOW);
      if (verdict.kind !== 'refused') return { ...verdict, evidence: null };
      const { error } = verdict;
      return classifyRefusal({ status, error, requested: roubles(40000n), sight, now: NOW });
    };
    expect(classify({ description })).toEqual(classify({ description: undefined }));
  },
);
