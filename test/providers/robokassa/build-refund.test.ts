import { describe, expect, test } from 'vitest';
import type { RefundOrder } from '../../../src/providers/provider.ts';
import { robokassaV1, robokassaV2 } from '../../../src/providers/robokassa/index.ts';
import type { FiscalReceipt } from '../../../src/vocabulary.ts';
import { INVOICE, OP_KEY, order } from './shop.ts';

const whole = { isFirst: true, takesRest: true };
const surcharged = { opKey: OP_KEY, surcharged: 'true' };

const receipt = (...items: Partial<FiscalReceipt['items'][number]>[]): FiscalReceipt => ({
  customer: { fullName: null, inn: null, email: 'a@example.com', phone: null },
  items: items.map((item) => ({
    description: 'Mug',
    quantity: '2',
    unitPrice: { minor: 20000n, currency: 'RUB' },
    vatCode: null,
    tax: 'vat5',
    paymentMode: 'full_payment',
    paymentSubject: 'commodity',
    measure: null,
    ...item,
  })),
  taxSystemCode: null,
});

const bodyOf = (more: Partial<RefundOrder>): string => robokassaV2.buildRefund({ ...order, ...more }).body!;
const problemsOf = (more: Partial<RefundOrder>, adapter = robokassaV2): string[] =>
  adapter.checkRefund({ ...order, ...more }).map(({ path }) => path.join('.'));

describe('the bytes that are stored for v2', () => {
  test('are the payload alone: nothing is signed, and no password or key is in them', () => {
    const request = robokassaV2.buildRefund(order);
    expect(request).toEqual({
      method: 'POST',
      path: '/Refund/Create',
      host: 'refunds',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: `{"OpKey":"${OP_KEY}","RefundSum":400}`,
    });
  });

  test.each([
    [1n, '0.01'],
    [10n, '0.1'],
    [100n, '1'],
    [5025n, '50.25'],
    [5020n, '50.2'],
    [1000000n, '10000'],
    [9007199254740991n, '90071992547409.91'],
  ])('%s kopecks are the number %s', (minor, text) => {
    expect(bodyOf({ amount: { minor, currency: 'RUB' } })).toBe(`{"OpKey":"${OP_KEY}","RefundSum":${text}}`);
  });

  test('name the sum of a whole payment too, unless the buyer paid a surcharge', () => {
    expect(bodyOf(whole)).toContain('"RefundSum":400');
    expect(bodyOf({ ...whole, handles: surcharged })).toBe(`{"OpKey":"${OP_KEY}"}`);
  });

  test('have the items of a receipt, numbers printed from integers', () => {
    expect(bodyOf({ receipt: receipt({}) })).toBe(
      `{"OpKey":"${OP_KEY}","RefundSum":400,"InvoiceItems":[{"Name":"Mug","Quantity":2,"Cost":200,"Tax":"vat5","PaymentMethod":"full_payment","PaymentObject":"commodity"}]}`,
    );
    const odd = receipt({
      description: 'A "cup"',
      quantity: '0.500',
      unitPrice: { minor: 80000n, currency: 'RUB' },
    });
    expect(bodyOf({ receipt: odd })).toContain('"Name":"A \\"cup\\"","Quantity":0.5,"Cost":800,');
  });
});

describe('what is said against an order beforehand', () => {
  test.each([
    [{ providerPaymentId: '0' }, 'payment'],
    [{ providerPaymentId: '9223372036854775808' }, 'payment'],
    [{ providerPaymentId: '12/..' }, 'payment'],
    [{ handles: {} }, 'payment'],
    [{ amount: { minor: 0n, currency: 'RUB' } }, 'amount'],
    [{ amount: { minor: 9007199254740992n, currency: 'RUB' } }, 'amount'],
    [{ amount: { minor: 100n, currency: 'EUR' } }, 'amount'],
    [{ handles: surcharged }, 'amount'],
    [{ handles: surcharged, takesRest: true }, 'amount'],
    [{ handles: surcharged, isFirst: true }, 'amount'],
    [{ sources: [{ seller: 'a', amountMinor: 40000n, platformFeeMinor: null }] }, 'amount'],
  ] as const)('%o', (more, path) => {
    expect(problemsOf(more)).toEqual([path]);
    expect(() => robokassaV2.buildRefund({ ...order, ...more })).toThrow(RangeError);
  });

  test.each([
    [{ description: '' }, 'description'],
    [{ description: 'x'.repeat(129) }, 'description'],
    [{ quantity: '0' }, 'quantity'],
    [{ quantity: '1.0001' }, 'quantity'],
    [{ unitPrice: { minor: 0n, currency: 'RUB' } }, 'unitPrice'],
    [{ tax: 'vat18' }, 'tax'],
    [{ tax: null, vatCode: 7 }, 'tax'],
    [{ paymentMode: null }, 'paymentMode'],
    [{ paymentMode: 'paid' }, 'paymentMode'],
    [{ paymentSubject: null }, 'paymentSubject'],
    [{ paymentSubject: 'A"b' }, 'paymentSubject'],
  ] as const)('an item with %o', (more, field) => {
    expect(problemsOf({ receipt: receipt(more) })).toEqual([`receipt.items.0.${field}`]);
  });

  test('items that do not add up, none, or more than a hundred', () => {
    expect(problemsOf({ receipt: receipt({ quantity: '1' }) })).toEqual(['receipt.items']);
    expect(problemsOf({ receipt: receipt() })).toEqual(['receipt.items']);
    const many = receipt(...Array.from({ length: 101 }, () => ({ quantity: '1' })));
    expect(problemsOf({ receipt: many, amount: { minor: 2020000n, currency: 'RUB' } })).toEqual([
      'receipt.items',
    ]);
  });

  test('a tax rate by number, with the words that there are', () => {
    const [problem] = robokassaV2.checkRefund({ ...order, receipt: receipt({ tax: null, vatCode: 4 }) });
    expect(problem?.message).toContain('none, vat0, vat5, vat7, vat10, vat20');
  });
});

describe('v1', () => {
  const first = { ...order, isFirst: true };

  test('stores the fields without the shop and its signature', () => {
    expect(robokassaV1.buildRefund(first)).toEqual({
      method: 'POST',
      path: '/Merchant/WebService/Service.asmx/OpRefund',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: `<InvoiceID>${INVOICE}</InvoiceID><Amount>400.00</Amount>`,
    });
    expect(robokassaV1.buildRefund({ ...order, ...whole, handles: surcharged }).body).toBe(
      `<InvoiceID>${INVOICE}</InvoiceID>`,
    );
  });

  test('takes one refund of a payment, no receipt, and needs no operation key', () => {
    expect(problemsOf({ isFirst: true, handles: {} }, robokassaV1)).toEqual([]);
    expect(problemsOf({ isFirst: false }, robokassaV1)).toEqual(['amount']);
    expect(problemsOf({ isFirst: true, receipt: receipt({}) }, robokassaV1)).toEqual(['receipt']);
  });
});
