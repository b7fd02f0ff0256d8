import type { Deviation } from '../provider.ts';

const final: Deviation = {
  instead: 'IMPOSSIBLE',
  reason: 'A refund that was processed is final.',
  source: 'razorpay.com/docs, "Refunds", refund entity',
};

/** Where Razorpay differs from what every provider is tried with. */
export const deviations: Readonly<Record<string, Deviation>> = {
  'pending, then canceled': {
    instead: 'IMPOSSIBLE',
    reason: 'A refund there is processed or fails; it cannot be canceled.',
    source: 'razorpay.com/docs, "Refunds", FAQs',
  },
  reversal: final,
  'what was reversed is free again, and may be refunded': final,
};
