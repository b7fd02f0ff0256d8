import { money } from '../../resolvers/money.ts';
import { printHundredths } from '../../resolvers/read-quantity.ts';
import { MoneyRef } from '../money/money.ts';
import { PaymentItemRef, RefundItemRef } from '../refs.ts';

RefundItemRef.implement({
  description: 'What a refund takes of a line of the cart of its payment.',
  fields: (t) => ({
    item: t.field({
      type: PaymentItemRef,
      description: 'The line, as it is now.',
      resolve: (part) => part.line,
    }),
    quantity: t.field({
      type: 'Decimal',
      description: 'How much of it is returned; "0" where only its price is lowered.',
      resolve: (part) => printHundredths(part.quantityHundredths),
    }),
    amount: t.field({
      type: MoneyRef,
      description: 'What is returned of its price.',
      resolve: (part) => money(part.line, part.amountMinor),
    }),
  }),
});
