import { resolveCancelRefund } from '../../resolvers/cancel-refund.ts';
import { builder } from '../builder.ts';
import { errorsOfPayload, payloadRef, refundOfPayload } from './payload.ts';

const CancelRefundInput = builder.inputType('CancelRefundInput', {
  description: 'A refund to cancel.',
  fields: (t) => ({
    refund: t.id({ required: true, description: 'The refund.' }),
  }),
});

const CancelRefundPayload = payloadRef('CancelRefundPayload').implement({
  description: 'What became of `cancelRefund`.',
  fields: (t) => ({
    refund: refundOfPayload(t, 'The refund as it stands; null when there is none.'),
    errors: errorsOfPayload(t),
  }),
});

// Not marked as moving money: it keeps money from moving, and sends nothing.
builder.mutationField('cancelRefund', (t) =>
  t.field({
    type: CancelRefundPayload,
    description: 'Cancels a refund that was not sent yet. What was sent goes on.',
    args: { input: t.arg({ type: CancelRefundInput, required: true, description: 'The refund.' }) },
    resolve: (_root, { input }, context) => resolveCancelRefund(context, input),
  }),
);
