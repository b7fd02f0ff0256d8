import type { KnownRefund, RefundFacts } from '../provider.ts';

/** What is known of a refund besides its state: no answer names its payment, a time, or a trace number. */
export const factsOf = (known: KnownRefund): Omit<RefundFacts, 'status' | 'rawStatus'> => ({
  providerRefundId: known.providerRefundId,
  providerPaymentId: known.providerPaymentId,
  amount: known.amount,
  failure: null,
  ourReference: null,
  createdAt: known.createdAt,
  traceReferences: [],
  sources: [],
  providerDetails: {},
});
