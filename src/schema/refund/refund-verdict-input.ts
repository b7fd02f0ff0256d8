import { builder } from '../builder.ts';
import { MoneyInput } from '../money/money-input.ts';

const leg = 'The leg that is meant, by `RefundLeg.id`; needed only where several legs are unclear.';

const ReturnedVerdictInput = builder.inputType('ReturnedVerdictInput', {
  description: 'The money was returned. Give `providerRefundId`, or say `noProviderId: true`.',
  fields: (t) => ({
    amount: t.field({
      type: MoneyInput,
      required: true,
      description:
        'What was returned. Another amount than was asked for is taken only where the provider itself names it.',
    }),
    providerRefundId: t.string({
      description:
        'The id of the refund at the provider: succeeded, of this payment and amount, and of no other refund here. It is taken also where the API never shows such ids (RoboKassa).',
    }),
    noProviderId: t.boolean({
      description:
        'The provider shows no id, or its id of this refund is known here and never shown; only `true` means something. Say in `evidence` what the provider shows.',
    }),
    leg: t.id({ description: leg }),
  }),
});

const NotReturnedVerdictInput = builder.inputType('NotReturnedVerdictInput', {
  description: 'The money was not returned, and will not be: the amount is free again.',
  fields: (t) => ({ leg: t.id({ description: leg }) }),
});

export const RefundVerdictInput = builder.inputType('RefundVerdictInput', {
  isOneOf: true,
  description: 'What became of a refund.',
  fields: (t) => ({
    returned: t.field({ type: ReturnedVerdictInput, description: 'It happened.' }),
    notReturned: t.field({ type: NotReturnedVerdictInput, description: 'It did not happen.' }),
  }),
});
