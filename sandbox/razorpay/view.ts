import { DAY_SECONDS } from '../calendar.ts';
import { derivedDigits } from '../derived-digits.ts';
import type { PaymentRecord, RefundRecord } from './records.ts';
import type { Settings } from './settings.ts';
import type { Totals } from './store.ts';

export type Json = Record<string, unknown>;
type ShownStatus = 'created' | 'authorized' | 'captured' | 'refunded' | 'failed';

const METHOD_FIELDS: Record<string, Json> = {
  fpx: { bank: 'MB2U0227' },
  netbanking: { bank: 'HDFC' },
  upi: { vpa: 'buyer@exampleupi' },
  wallet: { wallet: 'touchngo' },
};
const NO_ERROR = {
  error_code: null,
  error_description: null,
  error_source: null,
  error_step: null,
  error_reason: null,
};
const PAYMENT_ERROR = {
  error_code: 'BAD_REQUEST_ERROR',
  error_description: 'Your payment has been cancelled. Try again or complete the payment later.',
  error_source: 'customer',
  error_step: 'payment_authentication',
  error_reason: 'payment_cancelled',
};

/** What a payment shows as refunded, by the setting with or without pending refunds. */
export function shownRefundedMinor(
  payment: PaymentRecord,
  totals: Totals,
  { countPending }: Settings,
): bigint {
  if (payment.status === 'returned') return payment.amountMinor;
  return totals.processedMinor + (countPending ? totals.pendingMinor : 0n);
}

/** The status that a payment shows: it stays `captured` until the whole amount is refunded. */
export function shownStatus(payment: PaymentRecord, totals: Totals, settings: Settings): ShownStatus {
  if (payment.status === 'returned') return 'refunded';
  if (payment.status !== 'captured') return payment.status;
  return shownRefundedMinor(payment, totals, settings) >= payment.amountMinor ? 'refunded' : 'captured';
}

/** The payment entity (docs api/payments/entity). Maps that are empty are `[]`, as at the provider. */
export function paymentView(payment: PaymentRecord, totals: Totals, settings: Settings): Json {
  const { currency, method, amountMinor } = payment;
  const refundedMinor = shownRefundedMinor(payment, totals, settings);
  const captured = payment.status === 'captured';
  const feeMinor = (amountMinor * 2n) / 100n;
  return {
    id: payment.id,
    entity: 'payment',
    amount: Number(amountMinor),
    currency,
    base_amount: Number(amountMinor),
    status: shownStatus(payment, totals, settings),
    order_id: payment.orderId,
    invoice_id: null,
    international: false,
    method,
    amount_refunded: Number(refundedMinor),
    refund_status: refundStatus(refundedMinor, amountMinor),
    captured,
    description: 'Simulated order',
    card_id: method === 'card' ? payment.id.replace('pay_', 'card_') : null,
    bank: null,
    wallet: null,
    vpa: null,
    ...METHOD_FIELDS[method],
    email: 'buyer@example.com',
    contact: '+60123456789',
    notes: [],
    fee: captured ? Number(feeMinor) : null,
    tax: captured ? Number((feeMinor * 6n) / 100n) : null,
    ...(payment.status === 'failed' ? PAYMENT_ERROR : NO_ERROR),
    acquirer_data: acquirerData(payment),
    created_at: secondsOf(payment.at),
  };
}

/** The `card` object that `?expand[]=card` adds. */
export function cardView(payment: PaymentRecord): Json {
  return {
    id: payment.id.replace('pay_', 'card_'),
    entity: 'card',
    name: 'Buyer',
    last4: '1111',
    network: 'Visa',
    type: 'credit',
    issuer: null,
    international: false,
    emi: false,
    sub_type: 'consumer',
  };
}

/** The refund entity (docs api/refunds/entity). `acquirer_data` holds null until the bank has told a number. */
export function refundView(refund: RefundRecord, now: number): Json {
  const { traceKind, trace } = refund;
  const known = trace !== undefined && trace.at <= now ? trace.value : null;
  return {
    id: refund.id,
    entity: 'refund',
    amount: Number(refund.amountMinor),
    currency: refund.currency,
    payment_id: refund.paymentId,
    notes: Object.keys(refund.notes).length === 0 ? [] : refund.notes,
    receipt: refund.receipt,
    acquirer_data: traceKind === undefined ? {} : { [traceKind]: known },
    created_at: secondsOf(refund.at),
    batch_id: null,
    status: refund.status,
    speed_processed: refund.speedProcessed,
    speed_requested: refund.speedRequested,
  };
}

/** Unix seconds, as all instants on the wire. */
export function secondsOf(instant: number): number {
  return Math.floor(instant / 1_000);
}

/** The instant at which an authorized payment goes back when nobody captures it. */
export function returnsAt(payment: PaymentRecord, { autoRefundDays }: Settings): number {
  return payment.at + autoRefundDays * DAY_SECONDS * 1_000;
}

function refundStatus(refundedMinor: bigint, amountMinor: bigint): 'partial' | 'full' | null {
  if (refundedMinor === 0n) return null;
  return refundedMinor >= amountMinor ? 'full' : 'partial';
}

function acquirerData({ id, method, status }: PaymentRecord): Json {
  if (status === 'created' || status === 'failed') return {};
  if (method === 'card') return { auth_code: derivedDigits(`code ${id}`, 6) };
  if (method === 'upi') return { rrn: derivedDigits(id, 12) };
  return { bank_transaction_id: derivedDigits(id, 7) };
}
