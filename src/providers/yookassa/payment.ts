import { readAs } from '../read-json.ts';
import type {
  AccountAccess,
  Look,
  PaymentFacts,
  PaymentSight,
  PaymentState,
  RefundFacts,
} from '../provider.ts';
import { authorization, type YooKassaCredentials } from './credentials.ts';
import { deniedBy, readFailure } from './errors.ts';
import { listRefunds } from './list-refunds.ts';
import { sourceFacts } from './refund-status.ts';
import { type WirePayment, isWireId, metadataText, wirePayment } from './wire.ts';

type Access = AccountAccess<YooKassaCredentials>;

/**
 * More refunds of one payment than this many pages of 100 are not counted here: the payment is `unavailable`. Also
 * the end of a list whose cursors never end.
 */
const MAX_PAGES = 50;

/** The payment with all its refunds, read in parallel. An answer that cannot be read completely is `unavailable`. */
export async function readPayment(access: Access, providerPaymentId: string): Promise<Look<PaymentSight>> {
  // No such id exists there, and it must not enter a URL.
  if (!isWireId(providerPaymentId)) return { kind: 'absent' };
  const [payment, refunds] = await Promise.all([
    readPaymentAlone(access, providerPaymentId),
    readAllRefunds(access, providerPaymentId),
  ]);
  if (payment.kind !== 'found') return payment;
  if (refunds.kind !== 'found') return refunds;
  return { kind: 'found', value: { payment: payment.value, refunds: refunds.value } };
}

/** The payment without its refunds. The GET answers 404, or 400 for "doesn't exist or access denied", for none. */
export async function readPaymentAlone(
  access: Access,
  providerPaymentId: string,
): Promise<Look<PaymentFacts>> {
  if (!isWireId(providerPaymentId)) return { kind: 'absent' };
  const request = { method: 'GET', path: `/payments/${providerPaymentId}`, headers: {}, body: null } as const;
  const result = await access.http.read(request, authorization(access.credentials));
  if (deniedBy(result, 404, 400)) return { kind: 'absent' };
  const wire =
    result.kind === 'answer' && result.status === 200 ? readAs(wirePayment, result.text) : undefined;
  if (wire === undefined || wire.id !== providerPaymentId) {
    return { kind: 'unavailable', failure: readFailure(result) };
  }
  return { kind: 'found', value: paymentFacts(wire) };
}

async function readAllRefunds(access: Access, providerPaymentId: string): Promise<Look<RefundFacts[]>> {
  const found = new Map<string, RefundFacts>();
  let cursor: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const query = cursor === undefined ? { providerPaymentId } : { providerPaymentId, cursor };
    const page = await listRefunds(access, query);
    if (page.kind !== 'found') return page;
    // Paging may show one twice when a new refund comes in between.
    for (const refund of page.value.refunds) found.set(refund.providerRefundId, refund);
    if (page.value.nextCursor === null) return { kind: 'found', value: [...found.values()] };
    cursor = page.value.nextCursor;
  }
  const failure = {
    code: 'PROVIDER_UNAVAILABLE',
    message: 'This payment has more refunds than can be read.',
    retry: 'ASK_A_HUMAN',
    providerCode: null,
  } as const;
  return { kind: 'unavailable', failure };
}

/** A refund never changes `succeeded` (yookassa.ru/developers, "Payment process"): look at the refunds for that. */
const states: ReadonlyMap<string, PaymentState> = new Map([
  ['pending', 'PENDING'],
  ['waiting_for_capture', 'AUTHORIZED'],
  ['succeeded', 'CAPTURED'],
  ['canceled', 'CANCELED'],
]);

export function paymentFacts(wire: WirePayment): PaymentFacts {
  // A status word that is not known is PENDING, the state in which nothing can be refunded; rawStatus keeps the word.
  const state = states.get(wire.status) ?? 'PENDING';
  const method = wire.payment_method?.type ?? null;
  return {
    providerPaymentId: wire.id,
    handles: {},
    orderReference: metadataText(wire.metadata, 'order_id'),
    state,
    rawStatus: wire.status,
    amount: wire.amount,
    // After a partial capture `amount` is what was captured.
    capturedMinor: state === 'CAPTURED' ? wire.amount.minor : 0n,
    refundedMinor: wire.refunded_amount?.minor ?? 0n,
    refundableByProvider: wire.refundable,
    wholeOnly: false,
    method,
    createdAt: wire.created_at,
    capturedAt: wire.captured_at ?? null,
    holdExpiresAt: wire.expires_at ?? null,
    refundWindowClosesAt: yearsLater(wire.created_at, method === 'sberbank' ? 1 : 3),
    sources: sourceFacts(wire.transfers),
    items: [],
  };
}

/** Three years from the payment's creation, SberPay one year (yookassa.ru/developers, "Refunds"). */
function yearsLater(from: Date, years: number): Date {
  const later = new Date(from);
  later.setUTCFullYear(later.getUTCFullYear() + years);
  return later;
}
