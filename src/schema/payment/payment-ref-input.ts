import { builder } from '../builder.ts';
import { MoneyInput } from '../money/money-input.ts';

const DeclaredPaymentInput = builder.inputType('DeclaredPaymentInput', {
  description:
    'What you know of a payment whose provider cannot be asked about it. It is taken once, and stays: refunds count on it.',
  fields: (t) => ({
    captured: t.field({
      type: MoneyInput,
      required: true,
      description: 'What was captured, before any refund.',
    }),
    capturedAt: t.field({ type: 'DateTime', description: 'When it was captured.' }),
    orderReference: t.string({ description: 'Your own number of the order: at most 256 characters.' }),
  }),
});

const ProviderPaymentInput = builder.inputType('ProviderPaymentInput', {
  description: 'A payment by the id that its provider gave it.',
  fields: (t) => ({
    account: t.string({ required: true, description: 'The code of the account.' }),
    paymentId: t.string({ required: true, description: 'The id of the payment at the provider.' }),
    declared: t.field({
      type: DeclaredPaymentInput,
      description:
        'For `createRefund` and `cancelPayment` of a payment that was never seen, where the provider cannot be asked (`ProviderCapabilities.readsPayments`); refused elsewhere.',
    }),
  }),
});

export const PaymentRefInput = builder.inputType('PaymentRefInput', {
  isOneOf: true,
  description: 'Which payment is meant.',
  fields: (t) => ({
    id: t.id({ description: 'By its id in this API.' }),
    provider: t.field({
      type: ProviderPaymentInput,
      description: 'By its id at the provider. A payment that was never seen is fetched.',
    }),
  }),
});
