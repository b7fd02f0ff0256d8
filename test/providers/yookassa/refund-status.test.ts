import { expect, test } from 'vitest';
import { refundFacts } from '../../../src/providers/yookassa/refund-status.ts';
import { wireRefund } from '../../../src/providers/yookassa/wire.ts';
import { KEY, PAYMENT_ID, refund, REFUND_ID, rub } from './shop.ts';

const facts = (more: object) => refundFacts(wireRefund.parse(refund(more)));
const canceled = (reason: unknown) =>
  facts({ status: 'canceled', cancellation_details: { party: 'yoo_money', reason } });

test('all facts of a refund', () => {
  const more = {
    metadata: { refund_ref: KEY },
    refund_authorization_details: { rrn: '632600445566' },
    refund_method: { type: 'sbp', sbp_operation_id: '1027088AE4CB48CB81287833347A8777' },
    sources: [{ account_id: '200601', amount: rub('400.00'), platform_fee_amount: rub('40.00') }],
    receipt_registration: 'canceled',
    something_new: { of: 'tomorrow' },
  };
  expect(facts(more)).toEqual({
    providerRefundId: REFUND_ID,
    providerPaymentId: PAYMENT_ID,
    status: 'SUCCEEDED',
    rawStatus: 'succeeded',
    amount: { minor: 40000n, currency: 'RUB' },
    failure: null,
    ourReference: KEY,
    createdAt: new Date('2026-11-21T10:00:30.456Z'),
    traceReferences: [
      { kind: 'RRN', value: '632600445566' },
      { kind: 'OTHER', value: '1027088AE4CB48CB81287833347A8777' },
    ],
    sources: [{ seller: '200601', amountMinor: 40000n, platformFeeMinor: 4000n }],
    providerDetails: {},
  });
});

test.each([
  ['insufficient_funds', 'INSUFFICIENT_FUNDS', 'RETRY_REFUND'],
  ['rejected_by_timeout', 'PROVIDER_UNAVAILABLE', 'RETRY_REFUND'],
  ['yoo_money_account_closed', 'PAYMENT_NOT_REFUNDABLE', 'NEVER'],
  ['payment_expired', 'REFUND_WINDOW_EXPIRED', 'NEVER'],
  ['rejected_by_payee', 'PROVIDER_REJECTED', 'NEVER'],
  ['general_decline', 'PROVIDER_REJECTED', 'ASK_A_HUMAN'],
  ['payment_basket_id_not_found', 'PROVIDER_REJECTED', 'ASK_A_HUMAN'],
  ['payment_article_number_not_found', 'PROVIDER_REJECTED', 'ASK_A_HUMAN'],
  ['payment_tru_code_not_found', 'PROVIDER_REJECTED', 'ASK_A_HUMAN'],
  ['too_many_refunding_articles', 'PROVIDER_REJECTED', 'ASK_A_HUMAN'],
  ['some_articles_already_refunded', 'PROVIDER_REJECTED', 'ASK_A_HUMAN'],
  ['a_reason_of_tomorrow', 'PROVIDER_REJECTED', 'ASK_A_HUMAN'],
  ['constructor', 'PROVIDER_REJECTED', 'ASK_A_HUMAN'],
])('canceled because of %s is %s, %s', (reason, code, retry) => {
  expect(canceled(reason)).toMatchObject({
    status: 'FAILED',
    failure: { code, retry, providerCode: reason },
  });
});

test('canceled without a reason that can be read is a failure all the same', () => {
  for (const odd of [canceled(undefined), canceled(7), facts({ status: 'canceled' })]) {
    expect(odd).toMatchObject({
      status: 'FAILED',
      failure: { code: 'PROVIDER_REJECTED', providerCode: null },
    });
  }
});

test('a status of tomorrow is not guessed', () => {
  expect(facts({ status: 'reversed' })).toMatchObject({
    status: 'UNRECOGNISED',
    rawStatus: 'reversed',
    failure: null,
  });
});

test.each([
  ['the metadata', { metadata: { refund_ref: 'RF-1' }, description: KEY }, 'RF-1'],
  ['a description that is a key', { description: KEY }, KEY],
  ['no other description', { description: 'Order 4711' }, null],
  ['no odd metadata', { metadata: ['refund_ref'], description: undefined }, null],
  ['no metadata that is no text', { metadata: { refund_ref: 7 } }, null],
])('our reference comes from %s', (_name, more, expected) => {
  expect(facts(more).ourReference).toBe(expected);
});

test('what decides about money must be right to be read', () => {
  const broken = [
    { id: '../me' },
    { status: '' },
    { status: 'line\nbreak' },
    { amount: { value: 400, currency: 'RUB' } },
    { amount: rub('400.0') },
    { created_at: 'yesterday' },
    { sources: [{ account_id: '200601', amount: rub('x') }] },
  ];
  for (const more of broken) expect(wireRefund.safeParse(refund(more)).success).toBe(false);
});
