import type {
  AccountAccess,
  Look,
  PaymentFacts,
  PaymentSight,
  PaymentState,
  RefundFacts,
} from '../provider.ts';
import type { StripeCredentials } from './credentials.ts';
import { unavailable } from './errors.ts';
import { read } from './read.ts';
import { readAllPages } from './refund-pages.ts';
import { refundFacts } from './refund-status.ts';
import { type WirePayment, isPaymentId, mapText, wirePayment } from './wire.ts';

type Access = AccountAccess<StripeCredentials>;

/** The payment with all its refunds, read in parallel. An answer that cannot be read completely is `unavailable`. */
export async function readPayment(access: Access, providerPaymentId: string): Promise<Look<PaymentSight>> {
  // No such id exists there, and it must not enter a URL.
  if (!isPaymentId(providerPaymentId)) return { kind: 'absent' };
  const [payment, refunds] = await Promise.all([
    readWirePayment(access, providerPaymentId),
    readAllPages(access, providerPaymentId),
  ]);
  if (payment.kind !== 'found') return payment;
  if (refunds.kind === 'absent')
    return { kind: 'unavailable', failure: unavailable('Stripe shows this payment, but not its refunds.') };
  if (refunds.kind !== 'found') return refunds;
  // What returns a payment that was never captured is a release of the hold, not a refund.
  const made = stateOf(payment.value) === 'CAPTURED' ? refunds.value.map(refundFacts) : [];
  return { kind: 'found', value: { payment: paymentFacts(payment.value, made), refunds: made } };
}

/** The payment alone, with what can be said of it without its refunds. */
export async function readPaymentAlone(
  access: Access,
  providerPaymentId: string,
): Promise<Look<PaymentFacts>> {
  const look = await readWirePayment(access, providerPaymentId);
  return look.kind === 'found' ? { kind: 'found', value: paymentFacts(look.value, null) } : look;
}

/** `GET /payment_intents/{id}` of a well-formed id (docs.stripe.com/api/payment_intents/retrieve). */
function readWirePayment(access: Access, providerPaymentId: string): Promise<Look<WirePayment>> {
  const query = new URLSearchParams([['expand[]', 'latest_charge']]);
  const path = `/payment_intents/${providerPaymentId}?${query}`;
  return read(access, path, wirePayment, ({ id }) => id === providerPaymentId);
}

/**
 * docs.stripe.com/payments/paymentintents/lifecycle. `processing` and all `requires_...` but `requires_capture` are
 * PENDING, and so is a word that is not known: nothing can be refunded in that state; rawStatus keeps the word.
 */
const states: ReadonlyMap<string, PaymentState> = new Map([
  ['requires_capture', 'AUTHORIZED'],
  ['succeeded', 'CAPTURED'],
  ['canceled', 'CANCELED'],
]);

const stateOf = ({ status }: Pick<WirePayment, 'status'>): PaymentState => states.get(status) ?? 'PENDING';

/** @param refunds all of them, or null where they were not read */
export function paymentFacts(wire: WirePayment, refunds: readonly RefundFacts[] | null): PaymentFacts {
  const state = stateOf(wire);
  const charge = wire.latest_charge;
  const details = charge?.payment_method_details;
  const [method, ...otherMethods] = wire.payment_method_types ?? [];
  return {
    providerPaymentId: wire.id,
    handles: {},
    orderReference:
      mapText(wire.payment_details, 'order_reference') ?? mapText(wire.metadata, 'order_id') ?? null,
    state,
    rawStatus: wire.status,
    amount: wire.money,
    capturedMinor: state === 'CAPTURED' ? wire.receivedMinor : 0n,
    refundedMinor: refunds === null ? null : sumOfSucceeded(refunds),
    // A disputed charge takes no refunds (docs.stripe.com/error-codes, `charge_disputed`).
    refundableByProvider: state === 'CAPTURED' && charge?.disputed !== true,
    wholeOnly: false,
    method: details?.type ?? (otherMethods.length === 0 ? (method ?? null) : null),
    createdAt: wire.created,
    // `created` of the charge is when it was paid or held, not when it was captured.
    capturedAt: null,
    holdExpiresAt: state === 'AUTHORIZED' ? (details?.card?.capture_before ?? null) : null,
    refundWindowClosesAt: null,
    sources: [],
    items: [],
  };
}

/**
 * Only the list is believed: whether `amount_refunded` of a charge counts refunds that are pending, or that have failed
 * since, is not published.
 */
function sumOfSucceeded(refunds: readonly RefundFacts[]): bigint {
  let sum = 0n;
  for (const refund of refunds) if (refund.status === 'SUCCEEDED') sum += refund.amount.minor;
  return sum;
}
