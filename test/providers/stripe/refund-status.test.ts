import { describe, expect, test } from 'vitest';
import { isRelease, refundFacts } from '../../../src/providers/stripe/refund-status.ts';
import { wireRefund } from '../../../src/providers/stripe/wire.ts';
import { KEY, PAYMENT_ID, refund, REFUND_ID } from './account.ts';

const wire = (more: object) => wireRefund.parse(refund(more));
const facts = (more: object) => refundFacts(wire(more));

test('all facts of a refund', () => {
  const more = {
    metadata: { order_id: KEY, note: 'x' },
    reason: 'duplicate',
    destination_details: {
      type: 'card',
      card: {
        type: 'refund',
        reference: '74537502340000000000001',
        reference_status: 'available',
        reference_type: 'acquirer_reference_number',
      },
    },
  };
  expect(facts(more)).toEqual({
    providerRefundId: REFUND_ID,
    providerPaymentId: PAYMENT_ID,
    status: 'SUCCEEDED',
    rawStatus: 'succeeded',
    amount: { minor: 40000n, currency: 'EUR' },
    failure: null,
    ourReference: KEY,
    createdAt: new Date('2026-11-21T10:00:30Z'),
    traceReferences: [{ kind: 'ARN', value: '74537502340000000000001' }],
    sources: [],
    providerDetails: { reason: 'duplicate', destination: 'card', destination_type: 'refund' },
  });
});

test.each([
  ['pending', 'PENDING'],
  ['requires_action', 'PENDING'],
  ['succeeded', 'SUCCEEDED'],
  ['failed', 'FAILED'],
  ['canceled', 'CANCELED'],
  ['reversed', 'UNRECOGNISED'],
  ['constructor', 'UNRECOGNISED'],
])('%s is %s', (rawStatus, status) => {
  expect(facts({ status: rawStatus })).toMatchObject({ status, rawStatus });
});

test('no status at all is a word that is not known', () => {
  expect(facts({ status: null })).toMatchObject({ status: 'UNRECOGNISED', rawStatus: 'null' });
});

test.each([
  ['lost_or_stolen_card', 'PROVIDER_REJECTED ASK_A_HUMAN'],
  ['expired_or_canceled_card', 'PROVIDER_REJECTED ASK_A_HUMAN'],
  ['declined', 'PROVIDER_REJECTED ASK_A_HUMAN'],
  ['charge_for_pending_refund_disputed', 'PAYMENT_NOT_REFUNDABLE NEVER'],
  ['insufficient_funds', 'INSUFFICIENT_FUNDS RETRY_REFUND'],
  ['merchant_request', 'PROVIDER_REJECTED RETRY_REFUND'],
  ['unknown', 'PROVIDER_REJECTED ASK_A_HUMAN'],
  ['sunspots', 'PROVIDER_REJECTED ASK_A_HUMAN'],
])('a refund that failed because of %s: %s', (failure_reason, expected) => {
  const { failure } = facts({ status: 'failed', failure_reason });
  expect(`${failure?.code} ${failure?.retry}`).toBe(expected);
  expect(failure?.providerCode).toBe(failure_reason);
});

test('a failure without a reason, and a canceled refund, which is no failure', () => {
  expect(facts({ status: 'failed' }).failure).toMatchObject({
    code: 'PROVIDER_REJECTED',
    providerCode: 'failed',
  });
  expect(facts({ status: 'canceled', failure_reason: 'merchant_request' }).failure).toBeNull();
});

describe('trace references', () => {
  const card = (more: object) => ({
    destination_details: { type: 'card', card: { reference: 'R1', reference_status: 'available', ...more } },
  });
  const other = (type: string, more: object) => ({ destination_details: { type, [type]: more } });

  test.each<[string, object, object[]]>([
    ['an ARN', card({ reference_type: 'acquirer_reference_number' }), [{ kind: 'ARN', value: 'R1' }]],
    ['an RRN', card({ reference_type: 'retrieval_reference_number' }), [{ kind: 'RRN', value: 'R1' }]],
    [
      'any other type',
      card({ reference_type: 'system_trace_audit_number' }),
      [{ kind: 'OTHER', value: 'R1' }],
    ],
    ['no type', card({}), [{ kind: 'OTHER', value: 'R1' }]],
    ['one that is pending', card({ reference_status: 'pending' }), []],
    ['one that is unavailable', card({ reference_status: 'unavailable' }), []],
    ['one that is announced and empty', card({ reference: null }), []],
    [
      'a bank transfer',
      other('us_bank_transfer', { reference: 'T1', reference_status: 'available' }),
      [{ kind: 'OTHER', value: 'T1' }],
    ],
    [
      'a bank transfer that calls it by the name of a card',
      other('us_bank_transfer', {
        reference: 'T1',
        reference_status: 'available',
        reference_type: 'acquirer_reference_number',
      }),
      [{ kind: 'OTHER', value: 'T1' }],
    ],
    [
      'a hash, which has no status',
      other('crypto', { reference: '0xabc' }),
      [{ kind: 'OTHER', value: '0xabc' }],
    ],
    ['a method without any', other('pix', {}), []],
    ['a type without its hash', { destination_details: { type: 'card' } }, []],
    ['nothing', { destination_details: undefined }, []],
    ['oddities', { destination_details: 'card' }, []],
    ['oddities inside', { destination_details: { type: 'card', card: 'x' } }, []],
  ])('%s', (_name, more, expected) => {
    expect(facts(more).traceReferences).toEqual(expected);
  });
});

test('why it is pending is kept', () => {
  const more = {
    status: 'pending',
    pending_reason: 'insufficient_funds',
    destination_details: { type: 'pix', pix: {} },
  };
  expect(facts(more).providerDetails).toEqual({ pending_reason: 'insufficient_funds', destination: 'pix' });
});

test.each<[string, unknown, string | null]>([
  ['our key', { order_id: KEY }, KEY],
  ["somebody's order number", { order_id: 'order-17' }, null],
  ['our key in capitals', { order_id: KEY.toUpperCase() }, null],
  ['nothing', {}, null],
  ['no map', null, null],
])('%s as order_id', (_name, metadata, expected) => {
  expect(facts({ metadata }).ourReference).toBe(expected);
});

test('what returns a hold that expired is a release', () => {
  expect(isRelease(wire({ reason: 'expired_uncaptured_charge' }))).toBe(true);
  expect(isRelease(wire({ reason: 'duplicate' }))).toBe(false);
});
