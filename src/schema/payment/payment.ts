import { refundableOf, paymentStatusOf } from '../../refunds/refundability.ts';
import { actionsOfPayment, refundabilityOfPayment } from '../../resolvers/actions.ts';
import { itemsOfPayment } from '../../resolvers/item-fields.ts';
import { money } from '../../resolvers/money.ts';
import {
  externalRefundsOfPayment,
  freshnessOfPayment,
  sourcesOfPayment,
} from '../../resolvers/payment-fields.ts';
import { FreshnessRef } from '../freshness.ts';
import { MoneyRef } from '../money/money.ts';
import { ExternalRefundsEnum } from '../provider/enums.ts';
import { AccountRef, PaymentItemRef, PaymentRef, PaymentSourceRef } from '../refs.ts';
import { FactsFromEnum, PaymentStatusEnum } from './enums.ts';
import { PaymentActionEnum, RefundabilityRef } from './refundability.ts';

PaymentRef.implement({
  description: 'Money taken or held at a provider, as this service knows it.',
  fields: (t) => ({
    account: t.field({
      type: AccountRef,
      description: 'Where the payment was made.',
      resolve: (payment) => payment.account_id,
    }),
    providerPaymentId: t.exposeString('provider_payment_id', {
      description: 'The id of the payment at the provider.',
    }),
    orderReference: t.exposeString('order_reference', {
      nullable: true,
      description: "The merchant's own number of the order, where the provider tells it.",
    }),
    status: t.field({
      type: PaymentStatusEnum,
      description: 'Where the payment stands, refunds counted.',
      resolve: (payment) => paymentStatusOf(payment),
    }),
    factsFrom: t.expose('facts_from', {
      type: FactsFromEnum,
      description: 'Whose word it is what was captured.',
    }),
    version: t.exposeInt('version', { description: 'Grows with every change of what is stored.' }),
    amount: t.field({
      type: MoneyRef,
      description: 'What the payer was asked for.',
      resolve: (payment) => money(payment, payment.amount_minor),
    }),
    captured: t.field({
      type: MoneyRef,
      description: 'What was taken; refunds do not lower it.',
      resolve: (payment) => money(payment, payment.captured_minor),
    }),
    refunded: t.field({
      type: MoneyRef,
      description: 'What was returned by refunds that succeeded.',
      resolve: (payment) => money(payment, payment.refunded_minor),
    }),
    reserved: t.field({
      type: MoneyRef,
      description: 'What refunds that are not final may still return.',
      resolve: (payment) => money(payment, payment.reserved_minor),
    }),
    refundable: t.field({
      type: MoneyRef,
      description: 'What a new refund may return at most.',
      resolve: (payment) => money(payment, refundableOf(payment)),
    }),
    refundability: t.field({
      type: RefundabilityRef,
      description: 'Whether it can be refunded now, how much, until when, and why not or not more.',
      resolve: (payment, _args, context) => refundabilityOfPayment(context, payment),
    }),
    allowedActions: t.field({
      type: [PaymentActionEnum],
      description: 'What this API key can do with it now, by what is stored.',
      resolve: (payment, _args, context) => actionsOfPayment(context, payment),
    }),
    externalRefunds: t.field({
      type: ExternalRefundsEnum,
      description:
        'What can be known of refunds of this payment that were made elsewhere. INVISIBLE: those are counted nowhere here, so that `refunded` and `refundable` know only what this service has done.',
      resolve: (payment, _args, context) => externalRefundsOfPayment(context, payment),
    }),
    sources: t.field({
      type: [PaymentSourceRef],
      description: 'Whose money it is, by seller.',
      resolve: (payment, _args, context) => sourcesOfPayment(context, payment),
    }),
    items: t.field({
      type: [PaymentItemRef],
      description:
        'The cart, line by line, with what can be refunded of each; empty where the provider refunds no items.',
      // Longer than other lists without pages.
      complexity: { field: 1, multiplier: 6 },
      resolve: (payment, _args, context) => itemsOfPayment(context, payment),
    }),
    freshness: t.field({
      type: FreshnessRef,
      description: 'How old these facts are.',
      resolve: (payment, _args, context) => freshnessOfPayment(context, payment),
    }),
    capturedAt: t.expose('captured_at', {
      type: 'DateTime',
      nullable: true,
      description: 'When the money was taken, by the clock of the provider.',
    }),
    createdAt: t.expose('created_at', {
      type: 'DateTime',
      description: 'When this service first saw the payment; lists are in this order.',
    }),
  }),
});
