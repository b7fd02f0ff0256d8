import type { Capabilities } from '../../providers/provider.ts';
import { canBeAsked } from '../../refunds/declared-facts.ts';
import { builder } from '../builder.ts';
import { RefundSpeedEnum, TraceKindEnum } from '../refund/enums.ts';
import { ConcurrentOperationsEnum, ExternalRefundsEnum } from './enums.ts';

export const CapabilitiesRef = builder.objectRef<Capabilities>('ProviderCapabilities').implement({
  description: 'What a provider can do. What is asked for and cannot be done is refused, never ignored.',
  fields: (t) => ({
    readsPayments: t.boolean({
      description:
        'Payments and their refunds can be read there. Where they cannot, `createRefund` has to say what was captured (`declared`), and a person has to say how a refund ended.',
      resolve: canBeAsked,
    }),
    partialRefunds: t.exposeBoolean('partialRefunds', { description: 'Less than the whole payment.' }),
    severalRefundsPerPayment: t.exposeBoolean('severalRefundsPerPayment', {
      description: 'More than one refund of the same payment.',
    }),
    splitRefunds: t.exposeBoolean('splitRefunds', { description: 'Payments of several sellers.' }),
    itemRefunds: t.exposeBoolean('itemRefunds', { description: 'Refunds by the items of an order.' }),
    receipts: t.exposeBoolean('receipts', { description: 'Fiscal receipts with a refund.' }),
    refundSpeeds: t.expose('refundSpeeds', {
      type: [RefundSpeedEnum],
      description: 'Which speeds can be asked for.',
    }),
    voidAuthorized: t.exposeBoolean('voidAuthorized', { description: 'Releasing a hold: `cancelPayment`.' }),
    cancelUnpaid: t.exposeBoolean('cancelUnpaid', {
      description: 'Closing an unpaid payment, so that it is not paid any more: `cancelPayment`.',
    }),
    cancelRefund: t.exposeBoolean('cancelRefund', {
      description: 'Taking back a refund that the provider has accepted.',
    }),
    idempotencyHours: t.exposeInt('idempotencyHours', {
      description: 'How long the provider recognises a repeated request; 0: not at all.',
    }),
    listByPayment: t.exposeBoolean('listByPayment', { description: 'Lists the refunds of one payment.' }),
    listByTime: t.exposeBoolean('listByTime', { description: 'Lists the refunds of a span of time.' }),
    listPageSize: t.exposeInt('listPageSize', {
      description: 'The most refunds in one answer of a list; 0 where there are no lists.',
    }),
    concurrentOperationsPerPayment: t.expose('concurrentOperationsPerPayment', {
      type: ConcurrentOperationsEnum,
      description: 'How many operations on one payment may be under way at once.',
    }),
    refundWindowDays: t.exposeInt('refundWindowDays', {
      nullable: true,
      description: 'How long after the payment it can be refunded; null: no limit is known.',
    }),
    traceReferences: t.expose('traceReferences', {
      type: [TraceKindEnum],
      description: 'With which numbers the money can be traced at a bank.',
    }),
    lateTraceReferences: t.exposeBoolean('lateTraceReferences', {
      description: 'Such a number may come after the refund is final; `syncRefund` asks for it.',
    }),
    externalRefunds: t.expose('externalRefunds', {
      type: ExternalRefundsEnum,
      description: 'What can be known of refunds that were made elsewhere.',
    }),
    webhooks: t.stringList({
      description:
        'By which events it tells of changes itself, in its own words; each is a reason to look at once. Empty: by none.',
      resolve: ({ webhooks = [] }) => [...webhooks],
    }),
  }),
});
