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

const RefundItemInput = builder.inputType('RefundItemInput', {
  description: 'What is returned of one line of the cart: either a quantity of it, or a part of its price.',
  fields: (t) => ({
    item: t.id({ required: true, description: 'As in `PaymentItem.item`.' }),
    quantity: t.field({
      type: 'Decimal',
      description: 'So much of it at its price: above zero, at most two decimals.',
    }),
    amount: t.field({
      type: MoneyInput,
      description: 'So much off the price of what is left of it; nothing of it is given back.',
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
      description:
        'Exactly this much. Of a payment of several sellers: only all that is left. Of a payment with items it is laid over them.',
    }),
    items: t.field({
      type: [RefundItemInput],
      description:
        'These items: 1 to 100 lines of the cart, each once, where the provider refunds by item (`itemRefunds`).',
    }),
    sources: t.field({
      type: [RefundSourceInput],
      description: 'Of each of these sellers so much: 1 to 50 sellers of a split payment, each once.',
    }),
  }),
});
