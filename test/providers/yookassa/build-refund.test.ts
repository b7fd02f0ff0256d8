import { expect, test } from 'vitest';
import type { RefundOrder } from '../../../src/providers/provider.ts';
import { buildVoid } from '../../../src/providers/yookassa/cancel-payment.ts';
import { buildRefund, checkRefund } from '../../../src/providers/yookassa/create-refund.ts';
import type { FiscalReceipt } from '../../../src/vocabulary.ts';
import { KEY, order, PAYMENT_ID } from './shop.ts';

const mug = {
  description: 'Mug',
  quantity: '2.000',
  unitPrice: { minor: 20000n, currency: 'RUB' },
  vatCode: 2,
  paymentMode: 'full_payment',
  paymentSubject: 'commodity',
  measure: null,
} as const;
const receipt: FiscalReceipt = {
  customer: { fullName: null, inn: null, email: 'buyer@example.com', phone: null },
  items: [mug],
  taxSystemCode: null,
};

test('the bytes of a plain refund', () => {
  expect(buildRefund(order)).toEqual({
    method: 'POST',
    path: '/refunds',
    headers: { 'Content-Type': 'application/json', 'Idempotence-Key': KEY },
    body:
      '{"payment_id":"32922358-000f-5000-8000-1b2c3d4e5f60","amount":{"value":"400.00","currency":"RUB"},' +
      '"description":"0123456789abcdef0123456789abcdef01234567",' +
      '"metadata":{"refund_ref":"0123456789abcdef0123456789abcdef01234567"}}',
  });
});

test('the bytes of a refund with metadata and a receipt', () => {
  expect(buildRefund({ ...order, metadata: { ticket: 'T-1', agent: 'Аня' }, receipt }).body).toBe(
    '{"payment_id":"32922358-000f-5000-8000-1b2c3d4e5f60","amount":{"value":"400.00","currency":"RUB"},' +
      '"description":"0123456789abcdef0123456789abcdef01234567",' +
      '"receipt":{"customer":{"email":"buyer@example.com"},"items":[{"description":"Mug","quantity":2,' +
      '"amount":{"value":"200.00","currency":"RUB"},"vat_code":2,"payment_mode":"full_payment",' +
      '"payment_subject":"commodity"}]},' +
      '"metadata":{"agent":"Аня","ticket":"T-1","refund_ref":"0123456789abcdef0123456789abcdef01234567"}}',
  );
});

test('the bytes of a receipt with everything', () => {
  const full: FiscalReceipt = {
    customer: { fullName: 'Ivan Petrov', inn: '7707083893', email: null, phone: '79000000000' },
    items: [{ ...mug, quantity: '1.25', unitPrice: { minor: 32000n, currency: 'RUB' }, measure: 'kilogram' }],
    taxSystemCode: 1,
  };
  expect(buildRefund({ ...order, receipt: full }).body).toContain(
    '"receipt":{"customer":{"full_name":"Ivan Petrov","inn":"7707083893","phone":"79000000000"},' +
      '"items":[{"description":"Mug","quantity":1.25,"amount":{"value":"320.00","currency":"RUB"},"vat_code":2,' +
      '"payment_mode":"full_payment","payment_subject":"commodity","measure":"kilogram"}],"tax_system_code":1},',
  );
});

test('the bytes of a refund of one seller, with and without its commission', () => {
  const share = { seller: '200601', amountMinor: 40_000n, platformFeeMinor: 4_000n };
  const source = '{"account_id":"200601","amount":{"value":"400.00","currency":"RUB"}';
  const bytes = (end: string) =>
    '{"payment_id":"32922358-000f-5000-8000-1b2c3d4e5f60","amount":{"value":"400.00","currency":"RUB"},' +
    '"description":"0123456789abcdef0123456789abcdef01234567",' +
    `"sources":[${source}${end}}],` +
    '"metadata":{"refund_ref":"0123456789abcdef0123456789abcdef01234567"}}';
  expect(buildRefund({ ...order, sources: [share] }).body).toBe(
    bytes(',"platform_fee_amount":{"value":"40.00","currency":"RUB"}'),
  );
  expect(buildRefund({ ...order, sources: [{ ...share, platformFeeMinor: null }] }).body).toBe(bytes(''));
});

test.each([
  ['of no seller', []],
  ['of two sellers', [20_000n, 20_000n]],
  ['of another sum than the seller’s share', [39_999n]],
])('a refund %s is objected to', (_name, amounts) => {
  const sources = amounts.map((amountMinor, index) => ({
    seller: `20060${index}`,
    amountMinor,
    platformFeeMinor: null,
  }));
  expect(checkRefund({ ...order, sources })).toMatchObject([{ path: ['amount', 'sources'] }]);
});

test('a commission above the share is objected to', () => {
  const sources = [{ seller: '200601', amountMinor: 40_000n, platformFeeMinor: 40_001n }];
  expect(checkRefund({ ...order, sources })).toMatchObject([{ path: ['amount', 'sources'] }]);
});

test('the order of metadata makes no difference', () => {
  const one = buildRefund({ ...order, metadata: { a: '1', b: '2' } });
  expect(buildRefund({ ...order, metadata: { b: '2', a: '1' } })).toEqual(one);
});

test('the bytes of a void', () => {
  expect(buildVoid({ providerPaymentId: PAYMENT_ID, handles: {}, state: 'AUTHORIZED' }, KEY)).toEqual({
    method: 'POST',
    path: '/payments/32922358-000f-5000-8000-1b2c3d4e5f60/cancel',
    headers: { 'Content-Type': 'application/json', 'Idempotence-Key': KEY },
    body: '{}',
  });
  expect(() => buildVoid({ providerPaymentId: '../refunds', handles: {}, state: 'AUTHORIZED' }, KEY)).toThrow(
    RangeError,
  );
});

const itemWith = (more: Partial<FiscalReceipt['items'][number]>): Partial<RefundOrder> => ({
  receipt: { ...receipt, items: [{ ...mug, ...more }] },
});
const tooMany = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`key${index}`, 'x']));

test.each<[string, Partial<RefundOrder>, string]>([
  ['an id that could leave its place in a URL', { providerPaymentId: '../me' }, 'providerPaymentId'],
  ['an amount of zero', { amount: { minor: 0n, currency: 'RUB' } }, 'amount'],
  ['a currency that is not taken', { amount: { minor: 100n, currency: 'JPY' } }, 'amount'],
  ['too many metadata entries', { metadata: tooMany }, 'metadata'],
  ['the entry that is ours', { metadata: { refund_ref: 'x' } }, 'metadata.refund_ref'],
  ['a long metadata key', { metadata: { ['k'.repeat(33)]: 'x' } }, `metadata.${'k'.repeat(33)}`],
  ['a long metadata value', { metadata: { k: 'x'.repeat(513) } }, 'metadata.k'],
  ['a receipt without items', { receipt: { ...receipt, items: [] } }, 'receipt.items'],
  ['a receipt with another sum', itemWith({ quantity: '1.999' }), 'receipt.items'],
  ['four decimals of a quantity', itemWith({ quantity: '2.0000' }), 'receipt.items.0.quantity'],
  ['a quantity of zero', itemWith({ quantity: '0.000' }), 'receipt.items.0.quantity'],
  ['an empty description', itemWith({ description: '' }), 'receipt.items.0.description'],
  ['a long description', itemWith({ description: 'x'.repeat(129) }), 'receipt.items.0.description'],
  [
    'a price in another currency',
    itemWith({ unitPrice: { minor: 20000n, currency: 'EUR' } }),
    'receipt.items.0.unitPrice',
  ],
  ['a VAT code out of range', itemWith({ vatCode: 13 }), 'receipt.items.0.vatCode'],
])('%s is objected to beforehand, and is never built', (_name, more, path) => {
  const bad = { ...order, ...more };
  expect(checkRefund(bad).map((problem) => problem.path.join('.'))).toContain(path);
  expect(() => buildRefund(bad)).toThrow(RangeError);
});

test('there is nothing to say against a good order', () => {
  expect(checkRefund({ ...order, metadata: { ticket: 'T-1' }, receipt })).toEqual([]);
});
