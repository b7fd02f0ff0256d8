import { resolveSyncRefund } from '../../resolvers/sync-refund.ts';
import { builder } from '../builder.ts';
import { moneyMoving } from '../money-moving-directive.ts';
import { errorsOfPayload, payloadRef, refundOfPayload } from './payload.ts';

const SyncRefundInput = builder.inputType('SyncRefundInput', {
  description: 'A refund to ask the provider about.',
  fields: (t) => ({
    refund: t.id({ required: true, description: 'The refund.' }),
    waitMs: t.int({
      defaultValue: 5000,
      description: 'Wait this long for the provider, 0 to 30000; then the refund is answered as it is.',
    }),
  }),
});

const SyncRefundPayload = payloadRef('SyncRefundPayload').implement({
  description: 'What became of `syncRefund`.',
  fields: (t) => ({
    refund: refundOfPayload(t, 'The refund as it is known now; null when there is none.'),
    errors: errorsOfPayload(t),
  }),
});

// Marked as moving money: finding out about a lost answer may send the same bytes once more.
builder.mutationField('syncRefund', (t) =>
  t.field({
    type: SyncRefundPayload,
    description: 'Asks the provider now, whatever the status is. Never makes a second refund.',
    directives: moneyMoving,
    args: { input: t.arg({ type: SyncRefundInput, required: true, description: 'The refund.' }) },
    resolve: (_root, { input }, context) => resolveSyncRefund(context, input),
  }),
);
