import { exponentOf, formatDecimal, type Money } from '../../money.ts';
import { builder } from '../builder.ts';

export const MoneyRef = builder.objectRef<Money>('Money').implement({
  description: 'An amount of one currency, exact in both forms.',
  fields: (t) => ({
    value: t.field({
      type: 'Decimal',
      description: 'With exactly the decimals of the currency: "1500.00" RUB, "1500" JPY.',
      resolve: (money) => formatDecimal(money),
    }),
    currency: t.field({
      type: 'Currency',
      description: 'The currency of the amount.',
      resolve: (money) => money.currency,
    }),
    minorUnits: t.field({
      type: 'MinorUnits',
      description: 'In the smallest units of the currency: "150000" for 1500 roubles.',
      resolve: (money) => money.minor,
    }),
    exponent: t.int({
      description: 'How many decimals the currency has: RUB 2, JPY 0, KWD 3.',
      resolve: (money) => exponentOf(money.currency),
    }),
  }),
});
