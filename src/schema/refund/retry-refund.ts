import { resolveRetryRefund } from '../../resolvers/retry-refund.ts';
import { builder } from '../builder.ts';
import { moneyMoving } from '../money-moving-directive.ts';
import { payloadFields, payloadRef } from './payload.ts';

const RetryRefundInput = builder.inputType('RetryRefundInput', {
  description: 'A refund to retry.',
  fields: (t) => ({
    refund: t.id({ required: true, description: 'The refund.' }),
    expectedRetries: t.int({
      required: true,
      description:
        'Its `retries` as you saw them. With another number nothing happens: it was retried already.',
    }),
    waitMs: t.int({
      defaultValue: 5000,
      description: 'Wait this long for the provider, 0 to 30000; then the refund is answered as it is.',
    }),
  }),
});

const RetryRefundPayload = payloadRef('RetryRefundPayload').implement({
  description: 'What became of `retryRefund`.',
  fields: payloadFields,
});

builder.mutationField('retryRefund', (t) =>
  t.field({
    type: RetryRefundPayload,
    description: 'Sends again what failed definitely, and only that.',
    directives: moneyMoving,
    args: { input: t.arg({ type: RetryRefundInput, required: true, description: 'The refund.' }) },
    resolve: (_root, { input }, context) => resolveRetryRefund(context, input),
  }),
);
