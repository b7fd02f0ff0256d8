import type { Merchant } from '../../db/read-batch.ts';
import { builder } from '../builder.ts';

export const MerchantRef = builder.objectRef<Merchant>('Merchant').implement({
  description: 'Who owns accounts, payments and refunds.',
  fields: (t) => ({
    code: t.exposeString('code', {
      description: 'The name of the merchant in the configuration; never changes.',
    }),
    name: t.exposeString('name', { description: 'What to show to people.' }),
  }),
});
