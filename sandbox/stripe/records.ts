/**
 * What the simulator stores. Instants are simulated milliseconds since 1970, currencies upper case, amounts minor units
 * of Stripe's wire.
 */
export interface PaymentRecord {
  id: string;
  seq: number;
  /** The account id. */
  scope: string;
  status: PaymentStatus;
  currency: string;
  amountMinor: bigint;
  capturedMinor: bigint;
  /** Held money that went back without a refund. */
  releasedMinor: bigint;
  captureMethod: 'automatic' | 'manual';
  at: number;
  capturedAt?: number | undefined;
  canceledAt?: number | undefined;
  cancellationReason?: string | undefined;
  /** The card was declined: there is a charge, which failed. */
  declined?: true | undefined;
  disputed?: true | undefined;
  metadata: Metadata;
}

export type PaymentStatus = 'requires_payment_method' | 'requires_capture' | 'succeeded' | 'canceled';

export type Metadata = Record<string, string>;

export type RefundStatus = 'pending' | 'requires_action' | 'succeeded' | 'failed' | 'canceled';

export interface RefundRecord {
  id: string;
  seq: number;
  scope: string;
  paymentId: string;
  status: RefundStatus;
  currency: string;
  amountMinor: bigint;
  at: number;
  reason: string | null;
  metadata: Metadata;
  pendingReason?: string | undefined;
  failureReason?: string | undefined;
  /** The bank's number and the instant from which it is known. */
  trace?: { value: string; at: number; type: TraceType } | undefined;
  origin: 'api' | 'console';
  providerKey: string | null;
}

export type TraceType = 'acquirer_reference_number' | 'retrieval_reference_number';

/** Whether a refund takes money from its payment. */
export function takesMoney({ status }: Pick<RefundRecord, 'status'>): boolean {
  return status !== 'failed' && status !== 'canceled';
}

/** Whether a refund has no end yet. */
export function isOpen({ status }: Pick<RefundRecord, 'status'>): boolean {
  return status === 'pending' || status === 'requires_action';
}

/** Whether money was asked for: only then there is a charge. */
export function hasCharge({ status, declined, releasedMinor }: PaymentRecord): boolean {
  return status === 'succeeded' || status === 'requires_capture' || declined === true || releasedMinor > 0n;
}
