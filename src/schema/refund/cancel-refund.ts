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

// Not marked as moving money: it only keeps money from moving.
builder.mutationField('cancelRefund', (t) =>
  t.field({
    type: CancelRefundPayload,
    description:
      'Stops a refund that was not sent yet, or that its provider has accepted and still takes back. Other refunds go on, and the error says why.',
    args: { input: t.arg({ type: CancelRefundInput, required: true, description: 'The refund.' }) },
    resolve: (_root, { input }, context) => resolveCancelRefund(context, input),
  }),
);
