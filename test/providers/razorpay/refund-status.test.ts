import { describe, expect, test } from 'vitest';
import { refundFacts } from '../../../src/providers/razorpay/refund-status.ts';
import { refundWindowEnd } from '../../../src/providers/razorpay/refund-window.ts';
import { wireRefund } from '../../../src/providers/razorpay/wire.ts';
import { KEY, PAYMENT_ID, refund, REFUND_ID, unix } from './account.ts';

const facts = (more: object, paymentCreatedAt: Date | null = null) =>
  refundFacts(wireRefund.parse(refund(more)), paymentCreatedAt);

test('all facts of a refund', () => {
  const more = { receipt: KEY, notes: { refund_id: KEY }, acquirer_data: { rrn: '632600445566' }, fresh: 1 };
  expect(facts(more)).toEqual({
    providerRefundId: REFUND_ID,
    providerPaymentId: PAYMENT_ID,
    status: 'SUCCEEDED',
    rawStatus: 'processed',
    amount: { minor: 40000n, currency: 'MYR' },
    failure: null,
    ourReference: KEY,
    createdAt: new Date('2026-11-21T10:00:30Z'),
    traceReferences: [{ kind: 'RRN', value: '632600445566' }],
    sources: [],
    providerDetails: { speed_processed: 'normal' },
  });
});

test('an upload in the dashboard leaves its batch', () => {
  expect(facts({ batch_id: 'batch_SimUpload0001' }).providerDetails).toEqual({
    batch_id: 'batch_SimUpload0001',
    speed_processed: 'normal',
  });
});

test.each([
  ['created', 'PENDING'],
  ['pending', 'PENDING'],
  ['processed', 'SUCCEEDED'],
  ['failed', 'FAILED'],
  ['reversed', 'UNRECOGNISED'],
  ['constructor', 'UNRECOGNISED'],
])('%s is %s', (rawStatus, status) => {
  expect(facts({ status: rawStatus })).toMatchObject({ status, rawStatus });
});

describe('a failed refund', () => {
  const paidAt = (text: string): Date => new Date(text);
  test.each([
    [
      'of a payment of six months to the second',
      paidAt('2026-05-21T10:00:30Z'),
      'REFUND_WINDOW_EXPIRED NEVER',
    ],
    ['of a younger payment', paidAt('2026-05-21T10:00:31Z'), 'PROVIDER_REJECTED ASK_A_HUMAN'],
    ['of a payment that is not known here', null, 'PROVIDER_REJECTED ASK_A_HUMAN'],
  ])('%s', (_name, paymentCreatedAt, expected) => {
    const { failure } = facts({ status: 'failed' }, paymentCreatedAt);
    expect(`${failure?.code} ${failure?.retry}`).toBe(expected);
    expect(failure?.providerCode).toBe('failed');
  });
});

test.each([
  ['2026-05-21T10:00:30Z', '2026-11-21T10:00:30Z'],
  ['2026-09-15T23:59:59Z', '2027-03-15T23:59:59Z'],
  ['2026-08-31T01:00:00Z', '2027-02-28T01:00:00Z'],
  ['2027-08-29T01:00:00Z', '2028-02-29T01:00:00Z'],
  ['2026-03-31T01:00:00Z', '2026-09-30T01:00:00Z'],
])('six months after %s is %s', (from, end) => {
  expect(refundWindowEnd(new Date(from))).toEqual(new Date(end));
});

test.each<[string, unknown, object[]]>([
  ['an ARN', { arn: '10000000000000' }, [{ kind: 'ARN', value: '10000000000000' }]],
  ['an UTR', { utr: 'UTR1' }, [{ kind: 'UTR', value: 'UTR1' }]],
  [
    'several',
    { utr: 'U', arn: 'A' },
    [
      { kind: 'ARN', value: 'A' },
      { kind: 'UTR', value: 'U' },
    ],
  ],
  ['one that has not come yet', { arn: null }, []],
  ['an empty one', { arn: '' }, []],
  ['one that is no text', { arn: 7 }, []],
  ['an empty array', [], []],
  ['none', null, []],
])('trace references of %s', (_name, acquirerData, expected) => {
  expect(facts({ acquirer_data: acquirerData }).traceReferences).toEqual(expected);
});

test.each<[string, object, string | null]>([
  ['the receipt', { receipt: KEY }, KEY],
  ['the notes', { notes: { refund_id: KEY } }, KEY],
  ['the notes beside a receipt of others', { receipt: 'RF-1', notes: { refund_id: KEY } }, KEY],
  ['the receipt beside notes of others', { receipt: KEY, notes: { refund_id: 'RF-1' } }, KEY],
  ['a receipt of others', { receipt: 'RF-1' }, 'RF-1'],
  ['nothing, with empty notes', { notes: [] }, null],
  ['nothing, with an empty receipt', { receipt: '' }, null],
  ['nothing, with notes that are no texts', { notes: { refund_id: 7 } }, null],
])('our reference comes from %s', (_name, more, expected) => {
  expect(facts(more).ourReference).toBe(expected);
});

test('what the facts have no place for is read all the same', () => {
  const more = { batch_id: 'batch_00000000000001', speed_processed: 'instant' };
  expect(wireRefund.parse(refund(more))).toMatchObject(more);
});

test.each([
  { id: '../me' },
  { id: PAYMENT_ID },
  { payment_id: 'pay_short' },
  { status: '' },
  { status: 'line\nbreak' },
  { amount: '40000' },
  { amount: 400.5 },
  { currency: 'rm' },
  { created_at: unix('2026-11-21T10:00:30Z') + 0.5 },
  { created_at: 'yesterday' },
])('a refund with %j is not read: what decides about money must be right', (more) => {
  expect(wireRefund.safeParse(refund(more)).success).toBe(false);
});
