import { resolveCreateRefund } from '../../resolvers/create-refund.ts';
import { builder } from '../builder.ts';
import { moneyMoving } from '../money-moving-directive.ts';
import { MoneyInput } from '../money/money-input.ts';
import { PaymentRefInput } from '../payment/payment-ref-input.ts';
import { FeeBearerEnum, RefundReasonEnum, RefundSpeedEnum } from './enums.ts';
import { payloadRef, payloadFields } from './payload.ts';
import { FiscalReceiptInput } from './receipt-input.ts';
import { RefundAmountInput } from './refund-amount-input.ts';

const CreateRefundInput = builder.inputType('CreateRefundInput', {
  description: 'A refund to make.',
  fields: (t) => ({
    idempotencyKey: t.field({
      type: 'IdempotencyKey',
      required: true,
      description: 'Names this refund for ever: the same key with the same content is the same refund.',
    }),
    payment: t.field({ type: PaymentRefInput, required: true, description: 'Whose money is returned.' }),
    amount: t.field({ type: RefundAmountInput, required: true, description: 'How much is returned.' }),
    feeBearer: t.field({
      type: FeeBearerEnum,
      description:
        'Who bears the commission on what is returned. Required where the platform withheld one, unless every source names its `platformFee`.',
    }),
    reason: t.field({ type: RefundReasonEnum, required: true, description: 'Why.' }),
    note: t.string({ description: 'For colleagues, up to 1000 characters. The provider does not get it.' }),
    reference: t.string({
      description: "The merchant's own number of the refund, 1 to 128 characters, unique among its refunds.",
    }),
    metadata: t.field({
      type: 'StringMap',
      description:
        'Goes along to the provider: at most 14 entries, keys up to 32 and values up to 256 characters. The key `refund_ref` is reserved.',
    }),
    replaces: t.id({
      description:
        'A refund of the same payment that failed, was canceled or came back, and whose place this one takes: it cannot be retried any more. A refund is replaced once.',
    }),
    speed: t.field({
      type: RefundSpeedEnum,
      description: 'How fast; absent: as the provider does it by default. See `refundSpeeds`.',
    }),
    expectedRefundable: t.field({
      type: MoneyInput,
      description: 'What you saw as `refundable`. With another figure nothing is done.',
    }),
    receipt: t.field({ type: FiscalReceiptInput, description: 'The receipt, where the law wants one.' }),
    waitMs: t.int({
      defaultValue: 5000,
      description:
        'Wait this long for the provider, 0 to 30000; then the refund is answered as it is and goes on. No part of the content of the key.',
    }),
  }),
});

const CreateRefundPayload = payloadRef('CreateRefundPayload').implement({
  description: 'What became of `createRefund`.',
  fields: payloadFields,
});

builder.mutationField('createRefund', (t) =>
  t.field({
    type: CreateRefundPayload,
    description:
      'Returns money of a payment, once for each key. After a lost answer, a timeout or a crash: the same request with the same key.',
    directives: moneyMoving,
    args: { input: t.arg({ type: CreateRefundInput, required: true, description: 'The refund.' }) },
    resolve: (_root, { input }, context) => resolveCreateRefund(context, input),
  }),
);
