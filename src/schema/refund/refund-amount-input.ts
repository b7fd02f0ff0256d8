import { builder } from '../builder.ts';
import { MoneyInput } from '../money/money-input.ts';

const RefundSourceInput = builder.inputType('RefundSourceInput', {
  description: 'What one seller of a split payment returns.',
  fields: (t) => ({
    seller: t.string({ required: true, description: 'As in `PaymentSource.seller`.' }),
    amount: t.field({ type: MoneyInput, required: true, description: 'What is returned of its share.' }),
    platformFee: t.field({
      type: MoneyInput,
      description:
        'What the platform gives back of its commission with it, zero or more; instead of `feeBearer`.',
    }),
  }),
});

export const RefundAmountInput = builder.inputType('RefundAmountInput', {
  isOneOf: true,
  description: 'How much.',
  fields: (t) => ({
    remaining: t.boolean({ description: 'All that is left; only `true` means something.' }),
    money: t.field({
      type: MoneyInput,
      description: 'Exactly this much. Of a payment of several sellers: only all that is left.',
    }),
    sources: t.field({
      type: [RefundSourceInput],
      description: 'Of each of these sellers so much: 1 to 50 sellers of a split payment, each once.',
    }),
  }),
});
