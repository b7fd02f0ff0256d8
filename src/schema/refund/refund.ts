import { isFinalRefund } from '../../refunds/derive.ts';
import { actionsOfRefund } from '../../resolvers/actions.ts';
import { resolveMerchant } from '../../resolvers/merchant.ts';
import { itemsOfRefund } from '../../resolvers/item-fields.ts';
import { money } from '../../resolvers/money.ts';
import {
  arrivalOfRefund,
  attentionOfRefund,
  failureOfRefund,
  freshnessOfRefund,
  legsOfRefund,
  moneyMovementOfRefund,
  sourcesOfRefund,
} from '../../resolvers/refund-fields.ts';
import { historyOfRefund } from '../../resolvers/refund-history.ts';
import { summaryOfRefund } from '../../resolvers/refund-summary.ts';
import { traceReferencesOfRefund } from '../../resolvers/trace-references.ts';
import { DateRangeRef } from '../date-range.ts';
import { FreshnessRef } from '../freshness.ts';
import { MoneyRef } from '../money/money.ts';
import { AccountRef, PaymentRef, RefundItemRef, RefundLegRef, RefundRef, RefundSourceRef } from '../refs.ts';
import { MerchantRef } from '../viewer/merchant.ts';
import {
  MoneyMovementEnum,
  RefundActionEnum,
  RefundOriginEnum,
  RefundReasonEnum,
  RefundStatusEnum,
} from './enums.ts';
import { RefundAttentionRef } from './refund-attention.ts';
import { RefundEventRef } from './refund-event.ts';
import { RefundFailureRef } from './refund-failure.ts';
import { TraceReferenceRef } from './trace-reference.ts';

RefundRef.implement({
  description: 'One intention to return money of one payment, and what became of it.',
  fields: (t) => ({
    payment: t.field({
      type: PaymentRef,
      description: 'Whose money is returned.',
      resolve: (refund) => refund.payment_id,
    }),
    account: t.field({
      type: AccountRef,
      description: 'Where the payment was made.',
      resolve: (refund) => refund.account_id,
    }),
    merchant: t.field({
      type: MerchantRef,
      description: 'Who returns the money.',
      resolve: (_refund, _args, context) => resolveMerchant(context),
    }),
    reference: t.exposeString('reference', {
      nullable: true,
      description: "The merchant's own number of the refund, if one was given.",
    }),
    version: t.exposeInt('version', { description: 'Grows with every change.' }),
    retries: t.exposeInt('retries', { description: 'How often it was retried after a definite failure.' }),
    status: t.expose('status', { type: RefundStatusEnum, description: 'Where the refund stands.' }),
    isFinal: t.boolean({
      description: 'Nothing more is expected: stop polling.',
      resolve: (refund) => isFinalRefund(refund.status),
    }),
    moneyMovement: t.field({
      type: MoneyMovementEnum,
      description: 'Where the money is.',
      resolve: (refund, _args, context) => moneyMovementOfRefund(context, refund),
    }),
    summary: t.string({
      description:
        'One sentence that a customer can be told. English only for now: another locale is refused as BAD_USER_INPUT.',
      args: {
        locale: t.arg.string({
          defaultValue: 'en',
          description: 'A language tag such as "en" or "en-GB"; only English is spoken.',
        }),
      },
      resolve: (refund, { locale }, context) => summaryOfRefund(context, refund, locale),
    }),
    amount: t.field({
      type: MoneyRef,
      description: 'What is to be returned.',
      resolve: (refund) => money(refund, refund.amount_minor),
    }),
    returned: t.field({
      type: MoneyRef,
      description: 'What was returned so far.',
      resolve: (refund) => money(refund, refund.returned_minor),
    }),
    sources: t.field({
      type: [RefundSourceRef],
      description: 'From whose share it is returned, by seller; never empty.',
      resolve: (refund, _args, context) => sourcesOfRefund(context, refund),
    }),
    legs: t.field({
      type: [RefundLegRef],
      description: 'The refunds at the provider that execute it.',
      resolve: (refund, _args, context) => legsOfRefund(context, refund),
    }),
    items: t.field({
      type: [RefundItemRef],
      description:
        'What it takes of the cart, line by line, as it was asked for or laid out. Empty where the provider refunds no items, and for refunds made elsewhere.',
      // Longer than other lists without pages.
      complexity: { field: 1, multiplier: 6 },
      resolve: (refund, _args, context) => itemsOfRefund(context, refund),
    }),
    reason: t.expose('reason', { type: RefundReasonEnum, description: 'Why money is given back.' }),
    note: t.exposeString('note', { nullable: true, description: 'What was noted with it, if anything.' }),
    metadata: t.expose('metadata', { type: 'StringMap', description: 'What the merchant attached to it.' }),
    origin: t.expose('origin', { type: RefundOriginEnum, description: 'Where the refund was made.' }),
    failure: t.field({
      type: RefundFailureRef,
      nullable: true,
      description: 'What went wrong; null when nothing did.',
      resolve: (refund, _args, context) => failureOfRefund(context, refund),
    }),
    traceReferences: t.field({
      type: [TraceReferenceRef],
      description: 'With which numbers a bank can find the money.',
      resolve: (refund, _args, context) => traceReferencesOfRefund(context, refund),
    }),
    expectedArrival: t.field({
      type: DateRangeRef,
      nullable: true,
      description:
        'When the payer should have the money, by the figures that the operator gave for the account; null without figures, where no money is on its way, and for refunds made elsewhere.',
      resolve: (refund, _args, context) => arrivalOfRefund(context, refund),
    }),
    replaces: t.field({
      type: RefundRef,
      nullable: true,
      description: 'The refund whose place it took, which cannot be retried since; null: none.',
      resolve: (refund) => refund.replaces,
    }),
    attention: t.field({
      type: RefundAttentionRef,
      nullable: true,
      description: 'Why a person should look at it; null: nobody has to.',
      resolve: (refund) => attentionOfRefund(refund),
    }),
    history: t.field({
      type: [RefundEventRef],
      description: 'What happened to it, newest last.',
      // Longer than other lists without pages.
      complexity: { field: 1, multiplier: 6 },
      resolve: (refund, _args, context) => historyOfRefund(context, refund),
    }),
    allowedActions: t.field({
      type: [RefundActionEnum],
      description: 'What this API key can do with it now, by what is stored.',
      resolve: (refund, _args, context) => actionsOfRefund(context, refund),
    }),
    freshness: t.field({
      type: FreshnessRef,
      description: 'How old this answer is, and when to ask again.',
      resolve: (refund, _args, context) => freshnessOfRefund(context, refund),
    }),
    createdAt: t.expose('created_at', { type: 'DateTime', description: 'When it was asked for.' }),
    updatedAt: t.expose('updated_at', { type: 'DateTime', description: 'When it last changed.' }),
    finalizedAt: t.expose('finalized_at', {
      type: 'DateTime',
      nullable: true,
      description: 'When it became final; null while it is not.',
    }),
  }),
});
