import { resolveRefund } from '../../resolvers/refund-query.ts';
import { builder } from '../builder.ts';
import { lookArguments } from '../look-arguments.ts';
import { RefundRef } from '../refs.ts';

const ProviderRefundInput = builder.inputType('ProviderRefundInput', {
  description: 'A refund by the id that its provider gave it.',
  fields: (t) => ({
    account: t.string({ required: true, description: 'The code of the account.' }),
    refundId: t.string({ required: true, description: 'The id of the refund at the provider.' }),
  }),
});

const RefundRefInput = builder.inputType('RefundRefInput', {
  isOneOf: true,
  description: 'Which refund is meant.',
  fields: (t) => ({
    id: t.id({ description: 'By its id in this API.' }),
    reference: t.string({ description: "By the merchant's own number of the refund." }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: 'By the key it was created with.' }),
    provider: t.field({
      type: ProviderRefundInput,
      description:
        'By its id at the provider. Finds nothing where such ids are secret, and `RefundLeg.providerRefundId` is always null.',
    }),
  }),
});

builder.queryField('refund', (t) =>
  t.field({
    type: RefundRef,
    nullable: true,
    description: 'One refund; null when there is none.',
    args: {
      by: t.arg({ type: RefundRefInput, required: true, description: 'Which refund.' }),
      ...lookArguments(t),
    },
    resolve: (_root, args, context) => resolveRefund(context, args),
  }),
);
