import { failure } from '../failure.ts';
import type { Failure } from '../../errors.ts';
import type { RefundFacts, TraceReference } from '../provider.ts';
import { refundWindowEnd } from './refund-window.ts';
import { type WireRefund, mapText } from './wire.ts';

/** The entry of `notes` that repeats the receipt. */
export const REFERENCE_ENTRY = 'refund_id';

/**
 * razorpay.com/docs/api/refunds/entity; `created` is not in it but in the connector of hyperswitch-prism. The "Reversed"
 * of one FAQ is no documented status and stays unrecognised.
 */
const statuses: ReadonlyMap<string, RefundFacts['status']> = new Map([
  ['created', 'PENDING'],
  ['pending', 'PENDING'],
  ['processed', 'SUCCEEDED'],
  ['failed', 'FAILED'],
]);

/** `processed` usually comes before the bank's reference; until then its value is null. */
const traceKinds: readonly (readonly [key: string, kind: TraceReference['kind']])[] = [
  ['arn', 'ARN'],
  ['rrn', 'RRN'],
  ['utr', 'UTR'],
];

/** The facts of a refund object. `paymentCreatedAt`, where it is known, tells why a refund failed. */
export function refundFacts(wire: WireRefund, paymentCreatedAt: Date | null): RefundFacts {
  const status = statuses.get(wire.status) ?? 'UNRECOGNISED';
  return {
    providerRefundId: wire.id,
    providerPaymentId: wire.payment_id,
    status,
    rawStatus: wire.status,
    amount: wire.money,
    failure: status === 'FAILED' ? failureOf(wire, paymentCreatedAt) : null,
    ourReference: ourReference(wire),
    createdAt: wire.created_at,
    traceReferences: traceKinds.flatMap(([key, kind]) => {
      const value = mapText(wire.acquirer_data, key);
      return value === undefined ? [] : [{ kind, value }];
    }),
    sources: [],
    providerDetails: providerDetails(wire),
  };
}

/** Which upload in the dashboard made it, and how fast it was made in the end. */
function providerDetails({ batch_id: batchId, speed_processed: speed }: WireRefund): Record<string, string> {
  return {
    ...(batchId === undefined ? {} : { batch_id: batchId }),
    ...(speed === undefined ? {} : { speed_processed: speed }),
  };
}

/** A refund object names no reason; the documentation knows two: the age of the payment, and the buyer's bank. */
function failureOf(wire: WireRefund, paymentCreatedAt: Date | null): Failure {
  if (paymentCreatedAt !== null && wire.created_at >= refundWindowEnd(paymentCreatedAt)) {
    const message = 'The bank returned nothing: the payment was more than six months old.';
    return failure('REFUND_WINDOW_EXPIRED', 'NEVER', message, wire.status);
  }
  const message = 'Razorpay ended this refund without returning money and names no reason.';
  return failure('PROVIDER_REJECTED', 'ASK_A_HUMAN', message, wire.status);
}

/** A receipt of others may stand beside our note, or the other way round: what looks like our key is ours. */
export function ourReference({ receipt, notes }: Pick<WireRefund, 'receipt' | 'notes'>): string | null {
  const given = [receipt, mapText(notes, REFERENCE_ENTRY)].filter(
    (text) => text !== undefined && text !== '',
  );
  return given.find((text) => text !== undefined && /^[0-9a-f]{40}$/.test(text)) ?? given[0] ?? null;
}
