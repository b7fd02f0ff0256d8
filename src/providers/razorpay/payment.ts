import type {
  AccountAccess,
  Look,
  PaymentFacts,
  PaymentSight,
  PaymentState,
  RefundFacts,
} from '../provider.ts';
import type { RazorpayCredentials } from './credentials.ts';
import { read } from './read.ts';
import { readAllPages } from './refund-pages.ts';
import { refundFacts } from './refund-status.ts';
import { refundWindowEnd } from './refund-window.ts';
import { type WirePayment, isPaymentId, wirePayment } from './wire.ts';

type Access = AccountAccess<RazorpayCredentials>;

/** The payment with all its refunds, read in parallel. An answer that cannot be read completely is `unavailable`. */
export async function readPayment(access: Access, providerPaymentId: string): Promise<Look<PaymentSight>> {
  // No such id exists there, and it must not enter a URL.
  if (!isPaymentId(providerPaymentId)) return { kind: 'absent' };
  const [payment, refunds] = await Promise.all([
    readWirePayment(access, providerPaymentId),
    readAllPages(access, providerPaymentId),
  ]);
  if (payment.kind !== 'found') return payment;
  if (refunds.kind !== 'found') return refunds;
  const wire = payment.value;
  // What returns a payment that was never captured is a release of the hold, not a refund.
  const made = isCaptured(wire) ? refunds.value.map((refund) => refundFacts(refund, wire.created_at)) : [];
  return { kind: 'found', value: { payment: paymentFacts(wire, made), refunds: made } };
}

/** `GET /payments/{id}` of a well-formed id. */
export function readWirePayment(access: Access, providerPaymentId: string): Promise<Look<WirePayment>> {
  const path = `/payments/${providerPaymentId}`;
  return read(access, path, wirePayment, ({ id }) => id === providerPaymentId);
}

/**
 * razorpay.com/docs/payments/payments, "Payment life cycle". `captured` stays through partial refunds; `refunded` is
 * also the end of a hold that was not captured in time.
 */
const states: ReadonlyMap<string, PaymentState> = new Map([
  ['created', 'PENDING'],
  ['authorized', 'AUTHORIZED'],
  ['captured', 'CAPTURED'],
  ['failed', 'FAILED'],
]);

const isCaptured = ({ captured, status }: WirePayment): boolean => captured ?? status === 'captured';

function stateOf(wire: WirePayment): PaymentState {
  if (wire.status === 'refunded') return isCaptured(wire) ? 'CAPTURED' : 'CANCELED';
  // A word that is not known is PENDING, the state in which nothing can be refunded; rawStatus keeps the word.
  return states.get(wire.status) ?? 'PENDING';
}

function paymentFacts(wire: WirePayment, refunds: readonly RefundFacts[]): PaymentFacts {
  const state = stateOf(wire);
  return {
    providerPaymentId: wire.id,
    handles: {},
    orderReference: wire.order_id ?? null,
    state,
    rawStatus: wire.status,
    amount: wire.money,
    // There is no partial capture (razorpay.com/docs/api/payments/capture).
    capturedMinor: isCaptured(wire) ? wire.money.minor : 0n,
    refundedMinor: isCaptured(wire) ? refundedMinor(wire, refunds) : 0n,
    refundableByProvider: state === 'CAPTURED',
    wholeOnly: false,
    method: wire.method ?? null,
    createdAt: wire.created_at,
    // Neither the time of the capture nor the end of a hold (3 to 5 days, or the order's own) is told.
    capturedAt: null,
    holdExpiresAt: null,
    refundWindowClosesAt: refundWindowEnd(wire.created_at),
    sources: [],
    items: [],
  };
}

/**
 * The sum of succeeded refunds. Whether `amount_refunded` counts those that are not final is not published, so it is
 * believed only where the list, with all that is not final, does not explain it: then one of the two lags behind, and
 * the larger sum is the safe one.
 */
function refundedMinor(wire: WirePayment, refunds: readonly RefundFacts[]): bigint {
  let succeeded = 0n;
  let open = 0n;
  for (const refund of refunds) {
    if (refund.status === 'SUCCEEDED') succeeded += refund.amount.minor;
    else if (refund.status !== 'FAILED') open += refund.amount.minor;
  }
  const told = BigInt(wire.amount_refunded ?? 0);
  return told > succeeded + open ? told : succeeded;
}
