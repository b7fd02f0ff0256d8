import { publicLegStatus } from '../../refunds/derive.ts';
import { money } from '../../resolvers/money.ts';
import { MoneyRef } from '../money/money.ts';
import { RefundLegRef, RefundSourceRef } from '../refs.ts';
import { RefundLegStatusEnum } from './enums.ts';

RefundSourceRef.implement({
  description: 'The share of one seller in a refund. A refund of an unsplit payment has exactly one.',
  fields: (t) => ({
    seller: t.exposeString('seller', {
      description:
        'The account of the seller at the provider; of an unsplit payment, the code of our account.',
    }),
    amount: t.field({
      type: MoneyRef,
      description: 'What is returned from this share.',
      resolve: (source) => money(source, source.amount_minor),
    }),
    returned: t.field({
      type: MoneyRef,
      description: 'What was returned so far.',
      resolve: (source) => money(source, source.returned_minor),
    }),
    platformFee: t.field({
      type: MoneyRef,
      nullable: true,
      description: 'What the platform gives back of its fee; null: nothing.',
      resolve: (source) =>
        source.platform_fee_minor === null ? null : money(source, source.platform_fee_minor),
    }),
    status: t.field({
      type: RefundLegStatusEnum,
      description: 'Where the return of this share stands: the status of its leg.',
      resolve: (source) => publicLegStatus(source.leg.status),
    }),
    leg: t.field({
      type: RefundLegRef,
      description: 'The refund at the provider that returns this share.',
      resolve: (source) => source.leg,
    }),
  }),
});
