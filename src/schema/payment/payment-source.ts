import { money } from '../../resolvers/money.ts';
import { refundableOfSource } from '../../resolvers/payment-fields.ts';
import { MoneyRef } from '../money/money.ts';
import { PaymentSourceRef } from '../refs.ts';

PaymentSourceRef.implement({
  description: 'The share of one seller in a payment. A payment that is not split has exactly one.',
  fields: (t) => ({
    seller: t.exposeString('seller', {
      description:
        'The account of the seller at the provider; of an unsplit payment, the code of our account.',
    }),
    captured: t.field({
      type: MoneyRef,
      description: 'What was taken for this seller.',
      resolve: (source) => money(source, source.captured_minor),
    }),
    refunded: t.field({
      type: MoneyRef,
      description: 'What was returned of it.',
      resolve: (source) => money(source, source.refunded_minor),
    }),
    reserved: t.field({
      type: MoneyRef,
      description: 'What refunds that are not final may still return.',
      resolve: (source) => money(source, source.reserved_minor),
    }),
    refundable: t.field({
      type: MoneyRef,
      description: 'What a new refund may return at most.',
      resolve: async (source, _args, context) => money(source, await refundableOfSource(context, source)),
    }),
    platformFee: t.field({
      type: MoneyRef,
      nullable: true,
      description: 'What the platform withheld of it; null when it withheld nothing.',
      resolve: (source) =>
        source.platform_fee_minor === null ? null : money(source, source.platform_fee_minor),
    }),
  }),
});
