import { expect, test } from 'vitest';
import type { PaymentId } from '../../src/ids.ts';
import { canonicalJson, contentHash, contentHashVersion } from '../../src/refunds/content-hash.ts';
import type { CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import { refundContentHash } from '../../src/refunds/replay.ts';

const paymentId = '0192f0c1-0000-7000-8000-000000000001' as PaymentId;
const command = (more: Partial<CreateRefundCommand> = {}): CreateRefundCommand => ({
  idempotencyKey: 'key',
  payment: { id: paymentId },
  amount: { kind: 'money', money: { minor: 40_000n, currency: 'RUB' } },
  reason: 'RETURNED_GOODS',
  note: null,
  reference: null,
  metadata: {},
  receipt: null,
  feeBearer: null,
  speed: null,
  expectedRefundable: null,
  replaces: null,
  waitMs: 5_000,
  ...more,
});
const hex = (more: Partial<CreateRefundCommand> = {}) =>
  refundContentHash(command(more), paymentId).toString('hex');

/**
 * SHA-256, computed elsewhere (Python's hashlib), of version 1's canonical JSON. What is stored in version 1 is
 * compared in version 1 for ever: a digest here never changes, a new version gets vectors of its own.
 */
test('version 1 has these digests', () => {
  expect(contentHashVersion).toBe(1);
  expect(hex()).toBe('0049055e4ab080f63f2698eff88cb0172669ea9b39ee8c7cb5401499c0e79225');
  expect(
    hex({
      amount: { kind: 'remaining' },
      reason: 'OTHER',
      note: 'scratched',
      reference: 'RF-1',
      metadata: { b: '2', a: '1' },
    }),
  ).toBe('ea65cc7710d325c367c2fc0a2618cd2b149eca562647f19bfdadd1b29956c2e7');
  expect(
    hex({
      reason: 'OTHER',
      receipt: {
        customer: { fullName: null, inn: null, email: 'buyer@example.com', phone: null },
        items: [
          {
            description: 'Mug',
            quantity: '2',
            unitPrice: { minor: 20_000n, currency: 'RUB' },
            vatCode: 1,
            paymentMode: null,
            paymentSubject: null,
            measure: null,
          },
        ],
        taxSystemCode: null,
      },
    }),
  ).toBe('c370650597546daa0578123ea444734cdef4c9ffea0e33a083ca91e26756ca69');
});

test('the order of fields and entries does not matter, absent and null are the same', () => {
  expect(hex({ metadata: { a: '1', b: '2' } })).toBe(hex({ metadata: { b: '2', a: '1' } }));
  expect(contentHash({ a: 1, b: null, c: undefined }).equals(contentHash({ a: 1 }))).toBe(true);
  expect(canonicalJson({ b: [1, { d: 2n, c: null }], a: 'x' })).toBe('{"a":"x","b":[1,{"d":"2"}]}');
});

test('neither the time to wait nor the way in which the payment is named is content', () => {
  expect(hex({ waitMs: 0 })).toBe(hex());
  expect(hex({ payment: { account: 'yookassa-demo', paymentId: 'p' } })).toBe(hex());
  expect(hex({ idempotencyKey: 'other' })).toBe(hex());
});

test('everything else is', () => {
  const others = [
    hex({ amount: { kind: 'remaining' } }),
    hex({ amount: { kind: 'money', money: { minor: 40_001n, currency: 'RUB' } } }),
    hex({ amount: { kind: 'money', money: { minor: 40_000n, currency: 'USD' } } }),
    hex({ reason: 'OTHER' }),
    hex({ note: '' }),
    hex({ reference: '' }),
    hex({ metadata: { a: '' } }),
    refundContentHash(command(), '0192f0c1-0000-7000-8000-000000000002' as PaymentId).toString('hex'),
  ];
  expect(new Set([hex(), ...others]).size).toBe(others.length + 1);
});
