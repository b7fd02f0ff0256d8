import { ApiError } from './api-error.ts';
import type { Form } from './form.ts';
import { changedMetadata, integerOf, refuseUnknown, textOf, wordOf } from './params.ts';
import type { Metadata } from './records.ts';

/** Well-formed parameters of a refund; nothing of them was compared with the payment yet. */
export interface RefundRequest {
  /** A payment intent or, when `byCharge`, a charge. */
  id: string;
  byCharge: boolean;
  /** Undefined: what is left. */
  amountMinor: bigint | undefined;
  reason: string | null;
  metadata: Metadata;
}

const CONNECT = ['refund_application_fee', 'reverse_transfer'] as const;
const KNOWN = ['amount', 'charge', 'instructions_email', 'metadata', 'payment_intent', 'reason', ...CONNECT];
const REASONS = ['duplicate', 'fraudulent', 'requested_by_customer'];

/** Reads the parameters of `POST /v1/refunds` (docs.stripe.com/api/refunds/create). Throws the 400 of the first wrong one. */
export function parseRefundRequest(form: Form): RefundRequest {
  refuseUnknown(form, KNOWN);
  const paymentId = textOf(form, 'payment_intent');
  const chargeId = textOf(form, 'charge');
  if (paymentId !== undefined && chargeId !== undefined) throw new ApiError('chargeOrPayment');
  const id = paymentId ?? chargeId;
  if (id === undefined) throw new ApiError('parameterMissing', { id: 'payment_intent' }, 'payment_intent');
  for (const name of CONNECT) {
    if (wordOf(form, name, ['true', 'false']) === 'true') throw new ApiError('connectMissing', {}, name);
  }
  return {
    id,
    byCharge: paymentId === undefined,
    amountMinor: integerOf(form, 'amount', 1n),
    reason: wordOf(form, 'reason', REASONS) ?? null,
    metadata: changedMetadata(form, {}),
  };
}
