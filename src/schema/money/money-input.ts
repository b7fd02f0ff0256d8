import { builder } from '../builder.ts';

export const MoneyInput = builder.inputType('MoneyInput', {
  description: 'An amount. It is taken exactly or refused; nothing is rounded.',
  fields: (t) => ({
    value: t.field({
      type: 'Decimal',
      required: true,
      description: 'Such as "1500.00". More decimals than the currency has are refused.',
    }),
    currency: t.field({ type: 'Currency', required: true, description: 'The currency of the amount.' }),
  }),
});
