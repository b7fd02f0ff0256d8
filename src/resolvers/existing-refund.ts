import type { RefundId } from '../ids.ts';

/** The refund that stands in the way; it is of the same merchant, and loaded as such. */
export const existingRefund = (problem: { readonly existingRefundId: string | null }): RefundId | null =>
  problem.existingRefundId as RefundId | null;
