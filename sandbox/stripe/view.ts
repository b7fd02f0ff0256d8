import { chargeIdOf, derivedId } from './ids.ts';
import { hasCharge, isOpen, type PaymentRecord, type RefundRecord } from './records.ts';
import type { Settings } from './settings.ts';
import type { Totals } from './store.ts';

export type Json = Record<string, unknown>;

const PENDING_REASON_SINCE = '2025-04-30';

/** The payment intent (docs.stripe.com/api/payment_intents/object), as far as refunds need it. */
export function paymentView(payment: PaymentRecord): Json {
  const { id, status, amountMinor } = payment;
  return {
    id,
    object: 'payment_intent',
    amount: Number(amountMinor),
    amount_capturable: status === 'requires_capture' ? Number(amountMinor) : 0,
    amount_received: Number(payment.capturedMinor),
    canceled_at: payment.canceledAt === undefined ? null : secondsOf(payment.canceledAt),
    cancellation_reason: payment.cancellationReason ?? null,
    capture_method: payment.captureMethod,
    client_secret: `${id}_${derivedId('secret', id)}`,
    confirmation_method: 'automatic',
    created: secondsOf(payment.at),
    currency: payment.currency.toLowerCase(),
    customer: null,
    description: null,
    last_payment_error: payment.declined === true ? DECLINE : null,
    latest_charge: hasCharge(payment) ? chargeIdOf(id) : null,
    livemode: false,
    metadata: payment.metadata,
    next_action: null,
    payment_method: status === 'requires_payment_method' ? null : derivedId('pm', id),
    payment_method_types: ['card'],
    status,
  };
}

/** The charge that `expand` shows. `amount_refunded` is by the setting with or without refunds that have no end yet. */
export function chargeView(payment: PaymentRecord, totals: Totals, { countPending }: Settings): Json {
  const { id, capturedMinor } = payment;
  const refundedMinor = totals.succeededMinor + (countPending ? totals.openMinor : 0n);
  return {
    id: chargeIdOf(id),
    object: 'charge',
    amount: Number(payment.amountMinor),
    amount_captured: Number(capturedMinor),
    amount_refunded: Number(refundedMinor),
    balance_transaction: capturedMinor > 0n ? derivedId('txn', id) : null,
    captured: capturedMinor > 0n,
    created: secondsOf(payment.at),
    currency: payment.currency.toLowerCase(),
    customer: null,
    disputed: payment.disputed === true,
    failure_code: payment.declined === true ? DECLINE.code : null,
    livemode: false,
    metadata: payment.metadata,
    paid: payment.declined !== true,
    payment_intent: id,
    payment_method: derivedId('pm', id),
    refunded: capturedMinor > 0n && refundedMinor >= capturedMinor,
    status: payment.declined === true ? 'failed' : 'succeeded',
  };
}

/** The refund (docs.stripe.com/api/refunds/object); `pending_reason` only for versions that have it. */
export function refundView(refund: RefundRecord, version: string, now: number): Json {
  const { id, status } = refund;
  return {
    id,
    object: 'refund',
    amount: Number(refund.amountMinor),
    balance_transaction: status === 'requires_action' || status === 'canceled' ? null : derivedId('txn', id),
    charge: chargeIdOf(refund.paymentId),
    created: secondsOf(refund.at),
    currency: refund.currency.toLowerCase(),
    destination_details: { card: cardDetails(refund, now), type: 'card' },
    ...(status === 'failed' && { failure_balance_transaction: derivedId('txn_failure', id) }),
    ...(refund.failureReason !== undefined && { failure_reason: refund.failureReason }),
    metadata: refund.metadata,
    ...(status === 'requires_action' && { next_action: { type: 'display_details' } }),
    payment_intent: refund.paymentId,
    ...(status === 'pending' &&
      version.slice(0, PENDING_REASON_SINCE.length) >= PENDING_REASON_SINCE && {
        pending_reason: refund.pendingReason ?? 'processing',
      }),
    reason: refund.reason,
    receipt_number: null,
    source_transfer_reversal: null,
    status,
    transfer_reversal: null,
  };
}

/** Unix seconds, as all instants on the wire. */
export function secondsOf(instant: number): number {
  return Math.floor(instant / 1_000);
}

const DECLINE = {
  type: 'card_error',
  code: 'card_declined',
  decline_code: 'generic_decline',
  message: 'Your card was declined.',
} as const;

// The money moves before the bank tells a number (docs.stripe.com/refunds, "Trace a refund").
function cardDetails(refund: RefundRecord, now: number): Json {
  const { trace } = refund;
  const shown = isOpen(refund) ? 'pending' : 'refund';
  if (refund.status === 'failed' || refund.status === 'canceled')
    return { reference_status: 'unavailable', type: shown };
  const type = trace?.type ?? 'acquirer_reference_number';
  const known = trace !== undefined && trace.at <= now;
  return {
    ...(known && { reference: trace.value }),
    reference_status: known ? 'available' : 'pending',
    reference_type: type,
    type: shown,
  };
}
