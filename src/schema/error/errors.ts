import type { ProblemOf, ProblemType } from '../../errors.ts';
import { existingRefund } from '../../resolvers/existing-refund.ts';
import { toCurrency } from '../../money.ts';
import { builder } from '../builder.ts';
import { MoneyRef } from '../money/money.ts';
import { RefundRef } from '../refs.ts';
import { RefundErrorRef } from './refund-error.ts';

const interfaces = [RefundErrorRef];

/** Errors that say nothing more than every error says. */
const plain: Partial<Record<ProblemType, string>> = {
  InvalidInput: 'A field of the input is wrong; nothing was sent and nothing is reserved.',
  NotFound: 'What the input names does not exist, or not for this merchant.',
  PaymentNotRefundable: 'The payment cannot be refunded as it is.',
  FeeBearerRequired:
    'The platform withheld a commission: say in `feeBearer` who bears it on what is returned.',
  NotCancelable: 'It is too late to cancel it, or nothing is to be canceled.',
  NotRetryable: 'Only a refund that failed definitely can be retried.',
};
for (const [name, description] of Object.entries(plain))
  builder.objectType(builder.objectRef<ProblemOf<ProblemType>>(name), { interfaces, description });

builder.objectType(builder.objectRef<ProblemOf<'FieldTooLong'>>('FieldTooLong'), {
  interfaces,
  description: 'A field of the input is too long; nothing was sent and nothing is reserved.',
  fields: (t) => ({
    limit: t.exposeInt('limit', {
      description: 'The most that is allowed, in the unit that the message names.',
    }),
  }),
});

builder.objectType(builder.objectRef<ProblemOf<'IdempotencyKeyReused'>>('IdempotencyKeyReused'), {
  interfaces,
  description: 'The key was used before with another content. Repeat the same content, or use a new key.',
  fields: (t) => ({
    existing: t.field({
      type: RefundRef,
      nullable: true,
      description: 'The refund that the key made; null when it made none.',
      resolve: (problem) => existingRefund(problem),
    }),
  }),
});

builder.objectType(builder.objectRef<ProblemOf<'ReferenceTaken'>>('ReferenceTaken'), {
  interfaces,
  description: 'Another refund of the merchant has this reference.',
  fields: (t) => ({
    existing: t.field({
      type: RefundRef,
      nullable: true,
      description: 'The refund that has the reference.',
      resolve: (problem) => existingRefund(problem),
    }),
  }),
});

builder.objectType(builder.objectRef<ProblemOf<'OperationInProgress'>>('OperationInProgress'), {
  interfaces,
  description: 'Something else is being done with the payment, and the provider takes one thing at a time.',
  fields: (t) => ({
    existing: t.field({
      type: RefundRef,
      nullable: true,
      description: 'The refund that is under way; null when it is something else.',
      resolve: (problem) => existingRefund(problem),
    }),
    retryAfterMs: t.exposeInt('retryAfterMs', { description: 'Try again after this many milliseconds.' }),
  }),
});

builder.objectType(builder.objectRef<ProblemOf<'AmountExceedsRefundable'>>('AmountExceedsRefundable'), {
  interfaces,
  description: 'More than is left of the payment. Nothing was sent; nothing is ever sent in part.',
  fields: (t) => ({
    refundable: t.expose('refundable', { type: MoneyRef, description: 'What can be refunded at most.' }),
  }),
});

builder.objectType(builder.objectRef<ProblemOf<'AmountNotAllocatable'>>('AmountNotAllocatable'), {
  interfaces,
  description:
    'Just this amount cannot be refunded: by the rules of the provider, over the items of the payment, or since it is not clear how much each of several sellers returns. Nothing is ever rounded.',
  fields: (t) => ({
    nearest: t.expose('nearest', {
      type: MoneyRef,
      nullable: true,
      description: 'The nearest amount that works; null when none is known.',
    }),
    nearestAmounts: t.expose('nearestAmounts', {
      type: [MoneyRef],
      description:
        'The nearest amounts that work, ascending: below and above what was asked for, as far as there are any. Where `path` names an item: amounts of that item.',
    }),
  }),
});

builder.objectType(builder.objectRef<ProblemOf<'RefundableChanged'>>('RefundableChanged'), {
  interfaces,
  description: 'Another amount is refundable than `expectedRefundable`; nothing was done.',
  fields: (t) => ({
    refundable: t.expose('refundable', { type: MoneyRef, description: 'What can be refunded at most.' }),
  }),
});

builder.objectType(builder.objectRef<ProblemOf<'CurrencyMismatch'>>('CurrencyMismatch'), {
  interfaces,
  description: 'The payment is in another currency.',
  fields: (t) => ({
    expectedCurrency: t.field({
      type: 'Currency',
      description: 'The currency of the payment.',
      resolve: (problem) => toCurrency(problem.expectedCurrency),
    }),
  }),
});

builder.objectType(builder.objectRef<ProblemOf<'RefundWindowClosed'>>('RefundWindowClosed'), {
  interfaces,
  description: 'The payment is too old to be refunded through its provider.',
  fields: (t) => ({
    closedAt: t.expose('closedAt', { type: 'DateTime', description: 'Until when it could be refunded.' }),
  }),
});

builder.objectType(builder.objectRef<ProblemOf<'CapabilityMissing'>>('CapabilityMissing'), {
  interfaces,
  description: 'The provider cannot do what was asked for.',
  fields: (t) => ({
    capability: t.exposeString('capability', {
      description: 'The name of a field of `ProviderCapabilities`.',
    }),
    alternative: t.exposeString('alternative', { nullable: true, description: 'What can be done instead.' }),
  }),
});

builder.objectType(builder.objectRef<ProblemOf<'NotResolvable'>>('NotResolvable'), {
  interfaces,
  description:
    'The verdict is not taken: nothing is unclear, it contradicts what the provider says, or it is too early.',
  fields: (t) => ({
    resolvableAt: t.expose('resolvableAt', {
      type: 'DateTime',
      nullable: true,
      description: 'From when it would be taken, as far as is known now; null where waiting does not help.',
    }),
  }),
});

builder.objectType(builder.objectRef<ProblemOf<'StaleVersion'>>('StaleVersion'), {
  interfaces,
  description: 'The refund has changed since it was looked at; nothing was done.',
  fields: (t) => ({
    currentVersion: t.exposeInt('currentVersion', { description: 'Its `version` now.' }),
  }),
});

builder.objectType(builder.objectRef<ProblemOf<'ProviderProblem'>>('ProviderProblem'), {
  interfaces,
  description: 'The provider had to be asked and gave no usable answer; nothing was changed.',
  fields: (t) => ({
    providerCode: t.exposeString('providerCode', {
      nullable: true,
      description: "The provider's own word, where it gave one.",
    }),
  }),
});
