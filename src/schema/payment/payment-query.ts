import { resolvePayment } from '../../resolvers/payment-query.ts';
import { builder } from '../builder.ts';
import { PaymentRef } from '../refs.ts';
import { PaymentRefInput } from './payment-ref-input.ts';

builder.queryField('payment', (t) =>
  t.field({
    type: PaymentRef,
    nullable: true,
    description:
      'One payment; null when there is none. The provider is asked the first time a payment is seen (at most 5 of them in one operation), or when what is known is older than `maxAgeSeconds`.',
    args: {
      by: t.arg({ type: PaymentRefInput, required: true, description: 'Which payment.' }),
      maxAgeSeconds: t.arg.int({
        description: 'Ask the provider when what is known is older, 0 to 86400. Absent: do not ask.',
      }),
      waitMs: t.arg.int({
        defaultValue: 5000,
        description: 'Wait this long for the provider, 0 to 10000; then the stored answer is given.',
      }),
    },
    resolve: (_root, args, context) => resolvePayment(context, args),
  }),
);
