import type { PaymentStatus } from '../../vocabulary.ts';
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
