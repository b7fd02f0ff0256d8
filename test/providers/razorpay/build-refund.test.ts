import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import type { RefundOrder } from '../../../src/providers/provider.ts';
import { checkRefund } from '../../../src/providers/razorpay/check-refund.ts';
import { buildRefund } from '../../../src/providers/razorpay/create-refund.ts';
import { KEY, order, PAYMENT_ID } from './account.ts';

test('the bytes of a plain refund', () => {
  expect(buildRefund(order)).toEqual({
    method: 'POST',
    path: '/payments/pay_SimPayment0001/refund',
    headers: {
      'Content-Type': 'application/json',
      'X-Refund-Idempotency': '0123456789abcdef0123456789abcdef01234567',
    },
    body:
      '{"amount":40000,"receipt":"0123456789abcdef0123456789abcdef01234567",' +
      '"notes":{"refund_id":"0123456789abcdef0123456789abcdef01234567"}}',
  });
});

test('the bytes of an instant refund with metadata', () => {
  const more = { speed: 'OPTIMUM', metadata: { ticket: 'T-1', agent: 'Aña "©"' } } as const;
  expect(buildRefund({ ...order, ...more, amount: { minor: 50050n, currency: 'INR' } }).body).toBe(
    '{"amount":50050,"speed":"optimum","receipt":"0123456789abcdef0123456789abcdef01234567",' +
      '"notes":{"agent":"Aña \\"©\\"","ticket":"T-1","refund_id":"0123456789abcdef0123456789abcdef01234567"}}',
  );
});

test('normal speed is sent when it is asked for', () => {
  expect(buildRefund({ ...order, speed: 'NORMAL' }).body).toContain('{"amount":40000,"speed":"normal",');
});

const entries = fc.dictionary(fc.string({ maxLength: 32 }), fc.string({ maxLength: 256 }), { maxKeys: 14 });

property.prop([entries, fc.infiniteStream(fc.nat())])(
  'the order of metadata makes no difference',
  (metadata, dice) => {
    fc.pre(!Object.hasOwn(metadata, 'refund_id'));
    const shuffled = Object.entries(metadata)
      .map((entry) => ({ entry, at: dice.next().value ?? 0 }))
      .toSorted((left, right) => left.at - right.at)
      .map(({ entry }) => entry);
    const one = buildRefund({ ...order, metadata });
    expect(buildRefund({ ...order, metadata: Object.fromEntries(shuffled) })).toEqual(one);
    const { notes } = JSON.parse(one.body ?? '') as { notes: Record<string, string> };
    expect(notes).toEqual({ ...Object.fromEntries(shuffled), refund_id: KEY });
  },
);

const tooMany = Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`key${index}`, 'x']));
const source = { seller: 's', amountMinor: 40000n, platformFeeMinor: null };
const receipt: RefundOrder['receipt'] = {
  customer: { fullName: null, inn: null, email: 'buyer@example.com', phone: null },
  items: [],
  taxSystemCode: null,
};

test.each<[string, Partial<RefundOrder>, string]>([
  ['an id that could leave its place in a URL', { providerPaymentId: '../refunds' }, 'providerPaymentId'],
  ['an id of another kind', { providerPaymentId: 'order_SimOrder000001' }, 'providerPaymentId'],
  ['an id that is too long', { providerPaymentId: `${PAYMENT_ID}1` }, 'providerPaymentId'],
  ['an amount of zero', { amount: { minor: 0n, currency: 'MYR' } }, 'amount'],
  ['a currency that is not taken', { amount: { minor: 100n, currency: 'CLF' } }, 'amount'],
  ['an instant refund in Malaysia', { speed: 'OPTIMUM' }, 'speed'],
  ['a fiscal receipt', { receipt }, 'receipt'],
  ['a share of a split payment', { sources: [source] }, 'sources'],
  ['too many metadata entries', { metadata: tooMany }, 'metadata'],
  ['the entry that is ours', { metadata: { refund_id: 'x' } }, 'metadata.refund_id'],
  ['a long metadata key', { metadata: { ['k'.repeat(257)]: 'x' } }, `metadata.${'k'.repeat(257)}`],
  ['a long metadata value', { metadata: { k: 'x'.repeat(257) } }, 'metadata.k'],
  ['an emoji', { metadata: { k: 'thanks 😀' } }, 'metadata.k'],
  ['an emoji of two signs', { metadata: { k: '❤\u{FE0F}' } }, 'metadata.k'],
  ['a flag', { metadata: { k: '🇲🇾' } }, 'metadata.k'],
  ['a keycap', { metadata: { k: '1\u{20E3}' } }, 'metadata.k'],
  ['an emoji as the key', { metadata: { '🎁': 'x' } }, 'metadata.🎁'],
])('%s is objected to beforehand, and is never built', (_name, more, path) => {
  const bad = { ...order, ...more };
  expect(checkRefund(bad).map((problem) => problem.path.join('.'))).toContain(path);
  expect(() => buildRefund(bad)).toThrow(RangeError);
});

test.each<[string, Partial<RefundOrder>]>([
  ['fourteen entries', { metadata: Object.fromEntries(Object.entries(tooMany).slice(1)) }],
  ['texts in any script', { metadata: { k: 'Возврат 退款 कर © ® ™ #1* 中' } }],
  ['an instant refund in India', { speed: 'OPTIMUM', amount: { minor: 100n, currency: 'INR' } }],
  ['normal speed anywhere', { speed: 'NORMAL' }],
  ['a sum below the minimum, which is for Razorpay to refuse', { amount: { minor: 99n, currency: 'MYR' } }],
])('there is nothing to say against %s', (_name, more) => {
  expect(checkRefund({ ...order, ...more })).toEqual([]);
});
