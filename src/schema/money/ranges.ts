import { builder } from '../builder.ts';

export const DateTimeRange = builder.inputType('DateTimeRange', {
  description: 'A span of time.',
  fields: (t) => ({
    from: t.field({ type: 'DateTime', description: 'The first instant; absent: no bound.' }),
    to: t.field({ type: 'DateTime', description: 'The end, exclusive; absent: no bound.' }),
  }),
});

export const MoneyRange = builder.inputType('MoneyRange', {
  description: 'A span of amounts of one currency, both ends included.',
  fields: (t) => ({
    currency: t.field({ type: 'Currency', required: true, description: 'Amounts of this currency only.' }),
    min: t.field({ type: 'Decimal', description: 'The least amount; absent: no bound.' }),
    max: t.field({ type: 'Decimal', description: 'The greatest amount; absent: no bound.' }),
  }),
});
