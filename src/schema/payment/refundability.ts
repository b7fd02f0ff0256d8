import type { RefundabilityState } from '../../refunds/explain-refundability.ts';
import type { PaymentAction } from '../../refunds/allowed-actions.ts';
import type { RefundabilityView } from '../../resolvers/actions.ts';
import { builder } from '../builder.ts';
import { MoneyRef } from '../money/money.ts';

type Described<Value extends string> = Record<Value, { description: string }>;

const RefundabilityStateEnum = builder.enumType('RefundabilityState', {
  description: 'Whether a payment can be refunded now. The list grows.',
  values: {
    AVAILABLE: { description: 'Yes, up to `maximum`.' },
    NOTHING_LEFT: { description: 'All of it was refunded or is reserved by refunds that are not final.' },
    NOT_CAPTURED: { description: 'No money was taken.' },
    WINDOW_CLOSED: { description: 'The payment is too old for its provider.' },
    BUSY: { description: 'Something else is being done with it; later it may be possible.' },
    BLOCKED: { description: 'The provider does not refund it, or its sums do not fit; `reasons` say why.' },
  } as const satisfies Described<RefundabilityState>,
});

export const PaymentActionEnum = builder.enumType('PaymentAction', {
  description: 'What can be done with a payment. The list grows.',
  values: {
    REFUND: { description: '`createRefund`.' },
    CANCEL: { description: '`cancelPayment`: release the hold, or close what is not paid yet.' },
  } as const satisfies Described<PaymentAction>,
});

export const RefundabilityRef = builder.objectRef<RefundabilityView>('Refundability').implement({
  description: 'Whether a payment can be refunded now, by what is stored.',
  fields: (t) => ({
    state: t.expose('state', { type: RefundabilityStateEnum, description: 'Whether it can.' }),
    maximum: t.expose('maximum', {
      type: MoneyRef,
      description: 'The most that a refund can return now; zero unless AVAILABLE.',
    }),
    minimum: t.expose('minimum', {
      type: MoneyRef,
      description:
        'The least that a refund can return now, as far as this service knows; zero unless AVAILABLE. Amounts between need not all work: see `AmountNotAllocatable`.',
    }),
    until: t.expose('until', {
      type: 'DateTime',
      nullable: true,
      description: 'Until when the provider takes a refund; null: no limit is known.',
    }),
    reasons: t.expose('reasons', {
      type: ['String'],
      description: 'Why not, or why not more: sentences for people; do not parse them.',
    }),
  }),
});
