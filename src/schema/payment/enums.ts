import type { PaymentStatus } from '../../vocabulary.ts';
import type { Payment } from '../../db/payments.ts';
import { builder } from '../builder.ts';

export const PaymentStatusEnum = builder.enumType('PaymentStatus', {
  description: 'Where a payment stands. The list grows.',
  values: {
    PENDING: { description: 'The payer has not finished paying.' },
    AUTHORIZED: { description: 'The money is held, not taken: release it with `cancelPayment`.' },
    CAPTURED: { description: 'The money was taken; nothing of it has been returned.' },
    PARTIALLY_REFUNDED: { description: 'A part of the money has been returned.' },
    REFUNDED: { description: 'All of the money has been returned.' },
    CANCELED: { description: 'Canceled before the money was taken; a hold was released.' },
    FAILED: { description: 'The payment did not succeed.' },
  } as const satisfies Record<PaymentStatus, { description: string }>,
});

export const FactsFromEnum = builder.enumType('PaymentFactsSource', {
  description: 'Whose word it is what was captured.',
  values: {
    PROVIDER: { description: 'The provider was asked.' },
    CALLER: {
      description: 'Whoever refunded it first has declared it: this provider cannot be asked about payments.',
    },
  } as const satisfies Record<Payment['facts_from'], { description: string }>,
});
