import { builder } from '../builder.ts';

const ProviderPaymentInput = builder.inputType('ProviderPaymentInput', {
  description: 'A payment by the id that its provider gave it.',
  fields: (t) => ({
    account: t.string({ required: true, description: 'The code of the account.' }),
    paymentId: t.string({ required: true, description: 'The id of the payment at the provider.' }),
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
