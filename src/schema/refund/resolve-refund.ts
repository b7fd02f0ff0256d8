import { resolveResolveRefund } from '../../resolvers/resolve-refund.ts';
import { builder } from '../builder.ts';
import { moneyMoving } from '../money-moving-directive.ts';
import { errorsOfPayload, payloadRef, refundOfPayload } from './payload.ts';
import { RefundVerdictInput } from './refund-verdict-input.ts';

const ResolveRefundInput = builder.inputType('ResolveRefundInput', {
  description: 'What a person found out about a refund that is UNKNOWN or under MANUAL_REVIEW.',
  fields: (t) => ({
    refund: t.id({ required: true, description: 'The refund.' }),
    expectedVersion: t.int({
      required: true,
      description: 'Its `version` as you saw it. With another one nothing happens: look at it again.',
    }),
    verdict: t.field({ type: RefundVerdictInput, required: true, description: 'What became of it.' }),
    evidence: t.string({
      required: true,
      description:
        'How you know, such as what the console of the provider shows: 1 to 2000 characters, kept in `history`.',
    }),
  }),
});

const ResolveRefundPayload = payloadRef('ResolveRefundPayload').implement({
  description: 'What became of `resolveRefund`.',
  fields: (t) => ({
    refund: refundOfPayload(t, 'The refund as it stands; null when there is none.'),
    errors: errorsOfPayload(t),
  }),
});

// Marked as moving money: what it frees can be sent again.
builder.mutationField('resolveRefund', (t) =>
  t.field({
    type: ResolveRefundPayload,
    description:
      "Takes a person's verdict on what the service could not find out. What the provider shows later outranks it.",
    directives: moneyMoving,
    args: { input: t.arg({ type: ResolveRefundInput, required: true, description: 'The verdict.' }) },
    resolve: (_root, { input }, context) => resolveResolveRefund(context, input),
  }),
);
