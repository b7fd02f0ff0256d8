import { refundableOfLine, unitPriceOf } from '../../resolvers/item-fields.ts';
import { money } from '../../resolvers/money.ts';
import { printHundredths } from '../../resolvers/read-quantity.ts';
import { MoneyRef } from '../money/money.ts';
import { PaymentItemRef } from '../refs.ts';

PaymentItemRef.implement({
  description:
    'A line of the cart of a payment, where the provider refunds by item. Quantities have at most two decimals.',
  fields: (t) => ({
    item: t.exposeID('item', {
      description:
        'The id of the line at the provider, unique in its payment; `RefundItemInput.item` takes it.',
    }),
    title: t.exposeString('title', { description: 'What the payer saw.' }),
    unitPrice: t.field({
      type: MoneyRef,
      nullable: true,
      description: 'What one unit was sold for; null where that is no whole number of minor units.',
      resolve: (line) => unitPriceOf(line),
    }),
    quantity: t.field({
      type: 'Decimal',
      description: 'How much of it was sold, as this service saw it first.',
      resolve: (line) => printHundredths(line.sold_hundredths),
    }),
    sold: t.field({
      type: MoneyRef,
      description: 'What that cost.',
      resolve: (line) => money(line, line.sold_minor),
    }),
    returnedQuantity: t.field({
      type: 'Decimal',
      description:
        'How much of it was returned by refunds of this service that succeeded. What was returned elsewhere only lowers `refundableQuantity`.',
      resolve: (line) => printHundredths(line.returned_hundredths),
    }),
    returned: t.field({
      type: MoneyRef,
      description:
        'What was returned of its price by refunds of this service that succeeded. What was returned elsewhere only lowers `refundable`.',
      resolve: (line) => money(line, line.returned_minor),
    }),
    reservedQuantity: t.field({
      type: 'Decimal',
      description: 'How much of it refunds that are not final may still return.',
      resolve: (line) => printHundredths(line.reserved_hundredths),
    }),
    reserved: t.field({
      type: MoneyRef,
      description: 'What refunds that are not final may still return of its price.',
      resolve: (line) => money(line, line.reserved_minor),
    }),
    refundableQuantity: t.field({
      type: 'Decimal',
      description: 'How much of it a new refund may return at most.',
      resolve: async (line, _args, context) =>
        printHundredths((await refundableOfLine(context, line)).hundredths),
    }),
    refundable: t.field({
      type: MoneyRef,
      description: 'What a new refund may return of its price at most.',
      resolve: async (line, _args, context) => money(line, (await refundableOfLine(context, line)).minor),
    }),
  }),
});
