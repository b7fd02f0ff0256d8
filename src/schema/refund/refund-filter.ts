import { builder } from '../builder.ts';
import { DateTimeRange, MoneyRange } from '../money/ranges.ts';
import { RefundOriginEnum, RefundStatusEnum } from './enums.ts';

export const RefundFilterInput = builder.inputType('RefundFilter', {
  description:
    'Which refunds; all given fields together. Without any of `ids payment orderReference reference account seller status`, or `needsAttention: true`, the other fields need a `createdAt` range of at most 92 days.',
  fields: (t) => ({
    ids: t.idList({ description: 'Up to 100 of these.' }),
    payment: t.id({ description: 'Of this payment.' }),
    orderReference: t.string({ description: "Of payments with this number of the merchant's order." }),
    reference: t.string({ description: "With this number of the merchant's own." }),
    account: t.id({ description: 'Of this account.' }),
    seller: t.string({ description: 'With a share of this seller.' }),
    status: t.field({ type: [RefundStatusEnum], description: 'In one of these statuses.' }),
    isFinal: t.boolean({ description: 'Final ones only, or open ones only.' }),
    needsAttention: t.boolean({
      description: 'Those that a person should look at only, or the others only; see `Refund.attention`.',
    }),
    origin: t.field({ type: RefundOriginEnum, description: 'Made there.' }),
    createdAt: t.field({ type: DateTimeRange, description: 'Asked for in this time.' }),
    finalizedAt: t.field({ type: DateTimeRange, description: 'Became final in this time.' }),
    amount: t.field({ type: MoneyRange, description: 'Of this size.' }),
  }),
});
