import type { ForcedOutcome } from './connector.ts';
import type { PaymentRecord, RefundRecord } from './records.ts';
import type { Store } from './store.ts';

/** A refund that a connector lets through. */
export interface Accepted {
  id: string;
  amountMinor: bigint;
  reference: string | null;
  origin: RefundRecord['origin'];
  forced: ForcedOutcome | undefined;
}

/** Stores a refund as the mode or a fault says: pending, succeeded or failed at once. */
export function openRefund(
  store: Store,
  payment: PaymentRecord,
  { id, amountMinor, reference, origin, forced }: Accepted,
  now: number,
): RefundRecord {
  const usual = origin === 'api' && store.settings.refunds === 'pending' ? 'pending' : 'succeeded';
  const refund: RefundRecord = {
    id,
    seq: store.nextSeq(),
    at: now,
    connector: payment.connector,
    account: payment.account,
    paymentId: payment.id,
    status: forced?.status ?? usual,
    currency: payment.currency,
    amountMinor,
    reference,
    ...(forced?.failure !== undefined && { failure: forced.failure }),
    origin,
  };
  store.putRefund(refund);
  return refund;
}

/** A positive integer of minor units as JSON has it; undefined for anything else. */
export function wireMinor(value: unknown): bigint | undefined {
  return Number.isSafeInteger(value) && Number(value) > 0 ? BigInt(value as number) : undefined;
}
