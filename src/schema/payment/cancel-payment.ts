import { resolveCancelPayment } from '../../resolvers/cancel-payment.ts';
import type { CancelPaymentOutcome, CancelPaymentPayload } from '../../resolvers/payloads.ts';
import { builder } from '../builder.ts';
import { moneyMoving } from '../money-moving-directive.ts';
import { PaymentRef } from '../refs.ts';
import { FeeBearerEnum, RefundReasonEnum } from '../refund/enums.ts';
import { payloadFields, payloadRef } from '../refund/payload.ts';
import { PaymentRefInput } from './payment-ref-input.ts';

const IfCapturedEnum = builder.enumType('IfCaptured', {
  description: 'What to do when the money was taken already.',
  values: {
    REFUSE: { description: 'Nothing, and say so.' },
    REFUND: { description: 'Refund all that is left.' },
  } as const,
});

const OutcomeEnum = builder.enumType('CancelPaymentOutcome', {
  description: 'What `cancelPayment` did.',
  values: {
    VOIDED: { description: 'The hold was released, or the unpaid payment closed; no money was taken.' },
    IN_PROGRESS: {
      description:
        'Under way; the service goes on by itself. The same key, or the payment, tells the end. With `ifCaptured: REFUND`, should the payment turn out to be captured, only the same key goes on to refund it.',
    },
    REFUND_CREATED: { description: 'The money had been taken; a refund was made.' },
    NOTHING_TO_CANCEL: {
      description: 'The payment had ended before, or all of it is refunded or on its way back.',
    },
  } as const satisfies Record<CancelPaymentOutcome, { description: string }>,
});

const CancelPaymentInput = builder.inputType('CancelPaymentInput', {
  description: 'A payment to cancel.',
  fields: (t) => ({
    idempotencyKey: t.field({
      type: 'IdempotencyKey',
      required: true,
      description: 'Names this intention for ever, among the keys of refunds too.',
    }),
    payment: t.field({ type: PaymentRefInput, required: true, description: 'The payment.' }),
    reason: t.field({ type: RefundReasonEnum, required: true, description: 'Why.' }),
    note: t.string({ description: 'For colleagues, up to 1000 characters. The provider does not get it.' }),
    ifCaptured: t.field({
      type: IfCapturedEnum,
      required: true,
      defaultValue: 'REFUSE',
      description: 'What to do when the money was taken already.',
    }),
    feeBearer: t.field({
      type: FeeBearerEnum,
      description: 'For the refund of a captured split payment: as in `createRefund`.',
    }),
    waitMs: t.int({
      defaultValue: 5000,
      description: 'Wait this long for the provider, 0 to 30000; then the answer is IN_PROGRESS.',
    }),
  }),
});

const PayloadRef = payloadRef<CancelPaymentPayload>('CancelPaymentPayload').implement({
  description: 'What became of `cancelPayment`.',
  fields: (t) => ({
    outcome: t.expose('outcome', {
      type: OutcomeEnum,
      nullable: true,
      description: 'What was done; null with errors.',
    }),
    payment: t.field({
      type: PaymentRef,
      nullable: true,
      description: 'The payment as it is known now; null with errors.',
      resolve: (payload) => payload.paymentId,
    }),
    ...payloadFields(t),
  }),
});

builder.mutationField('cancelPayment', (t) =>
  t.field({
    type: PayloadRef,
    description:
      'Stops a payment before the money is taken: releases a hold, or closes what is not paid yet where the provider can. What was taken is refunded only where that is asked for.',
    directives: moneyMoving,
    args: { input: t.arg({ type: CancelPaymentInput, required: true, description: 'The payment.' }) },
    resolve: (_root, { input }, context) => resolveCancelPayment(context, input),
  }),
);
