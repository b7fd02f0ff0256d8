import { builder } from '../builder.ts';
import { MoneyInput } from '../money/money-input.ts';

const ReceiptCustomerInput = builder.inputType('ReceiptCustomerInput', {
  description: 'To whom a receipt goes. An `email` or a `phone` is needed.',
  fields: (t) => ({
    fullName: t.string({ description: 'Name of the person or company, up to 256 characters.' }),
    inn: t.string({ description: 'Tax number, 10 or 12 digits.' }),
    email: t.string({ description: 'Where the receipt is sent.' }),
    phone: t.string({ description: 'Where the receipt is sent: digits with the country code.' }),
  }),
});

const ReceiptItemInput = builder.inputType('ReceiptItemInput', {
  description: 'A line of a receipt.',
  fields: (t) => ({
    description: t.string({ required: true, description: 'What it is, 1 to 128 characters.' }),
    quantity: t.field({
      type: 'Decimal',
      required: true,
      description: 'How much of it, above zero, with at most three decimals.',
    }),
    unitPrice: t.field({ type: MoneyInput, required: true, description: 'The price of one.' }),
    vatCode: t.int({
      description:
        'The rate of the value added tax, 1 to 12 as the provider counts: at YooKassa. Elsewhere `tax` names it.',
    }),
    tax: t.string({
      description: 'The rate in the word of the provider, such as vat20: at RoboKassa. Instead of `vatCode`.',
    }),
    paymentMode: t.string({
      description: 'How it is paid, in the word of the provider, such as full_payment.',
    }),
    paymentSubject: t.string({ description: 'What sort of thing it is, in the word of the provider.' }),
    measure: t.string({ description: 'The unit of the quantity, in the word of the provider.' }),
  }),
});

export const FiscalReceiptInput = builder.inputType('FiscalReceiptInput', {
  description:
    'The receipt of a refund, where the law wants one (54-FZ). Its items add up to the refund exactly.',
  fields: (t) => ({
    customer: t.field({ type: ReceiptCustomerInput, required: true, description: 'To whom it goes.' }),
    items: t.field({ type: [ReceiptItemInput], required: true, description: 'Its lines, 1 to 80.' }),
    taxSystemCode: t.int({ description: 'The tax system of the shop, 1 to 6 as the provider counts.' }),
  }),
});
