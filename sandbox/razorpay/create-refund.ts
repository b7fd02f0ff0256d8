import { ApiError } from './api-error.ts';
import { isId, mintId } from './ids.ts';
import { METHODS } from './methods.ts';
import type { PaymentRecord, RefundRecord } from './records.ts';
import { endRefund } from './end-refund.ts';
import { parseRefundRequest, type RefundRequest } from './refund-request.ts';
import { checkRefund, type Permission } from './refund-rules.ts';
import type { Store } from './store.ts';

/** How a refund starts out when a fault decides it. */
export type Outcome = 'pending' | 'failed';

export interface Origin {
  scope: string;
  providerKey: string | null;
  outcome: Outcome | undefined;
}

const LATE_FAILURE_MS = 60_000;

/** `POST /payments/{id}/refund`: checks id, body and payment, and stores the refund. Throws 400 for the first broken rule. */
export function createRefund(
  store: Store,
  paymentId: string,
  body: Record<string, unknown> | undefined,
  { scope, providerKey, outcome }: Origin,
  now: number,
): RefundRecord {
  const payment = findPayment(store, scope, paymentId);
  if (body === undefined) throw new ApiError('bodyUnreadable');
  const request = parseRefundRequest(body);
  const permission = checkRefund(store, payment, request, now);
  const open = { ...blank(store, payment, request, permission, now), origin: 'api' as const, providerKey };
  const { refunds, settleAfterSeconds, oldPayments } = store.settings;
  if (outcome === 'failed') return keep(store, { ...open, status: 'failed' });
  if (permission.isOld && oldPayments === 'fail-later') {
    return keep(store, { ...open, due: { at: now + LATE_FAILURE_MS, status: 'failed' } });
  }
  if (outcome === 'pending' || refunds === 'pending') {
    const due = { at: now + (settleAfterSeconds ?? 0) * 1_000, status: 'processed' as const };
    return keep(store, { ...open, due: settleAfterSeconds === null ? undefined : due });
  }
  return keep(store, endRefund(store, open, 'processed', now));
}

/** A refund made in the dashboard: the same rules, processed at once, without key and receipt. Throws as `createRefund`. */
export function createConsoleRefund(
  store: Store,
  payment: PaymentRecord,
  amountMinor: bigint,
  now: number,
  id?: string,
): RefundRecord {
  const request: RefundRequest = { amountMinor, speed: 'normal', notes: {}, receipt: null };
  const permission = checkRefund(store, payment, request, now);
  const open = blank(store, payment, request, permission, now);
  const named = id === undefined ? open : { ...open, id };
  return keep(store, endRefund(store, { ...named, origin: 'console', providerKey: null }, 'processed', now));
}

/** The automatic return of a payment that nobody captured. It takes nothing from the balance. */
export function returnPayment(store: Store, payment: PaymentRecord, now: number): RefundRecord {
  store.putPayment({ ...payment, status: 'returned' });
  const request: RefundRequest = { amountMinor: undefined, speed: 'normal', notes: {}, receipt: null };
  const permission = { amountMinor: payment.amountMinor, isOld: false };
  const open = blank(store, payment, request, permission, now);
  const refund = endRefund(store, { ...open, origin: 'automatic', providerKey: null }, 'processed', now);
  store.putRefund(refund);
  return refund;
}

/** The account's payment of this id. Throws 400 for a malformed, an unknown and a foreign id. */
export function findPayment(store: Store, scope: string, id: string): PaymentRecord {
  if (!isId('pay', id)) throw new ApiError('idMalformed', { id });
  const payment = store.payments.get(id);
  if (payment === undefined || payment.scope !== scope) throw new ApiError('idUnknown');
  return payment;
}

function keep(store: Store, refund: RefundRecord): RefundRecord {
  store.putRefund(refund);
  if (refund.status !== 'failed') store.spend(refund.amountMinor);
  return refund;
}

function blank(
  store: Store,
  payment: PaymentRecord,
  { notes, receipt, speed }: RefundRequest,
  { amountMinor }: Permission,
  now: number,
): Omit<RefundRecord, 'origin' | 'providerKey'> {
  const { instantRefunds, traceKind } = store.settings;
  const kindOfMethod = METHODS.get(payment.method);
  const fixedKind = traceKind === 'none' || traceKind === 'method' ? undefined : traceKind;
  return {
    id: mintId('rfnd'),
    seq: store.nextSeq(),
    scope: payment.scope,
    paymentId: payment.id,
    status: 'pending',
    currency: payment.currency,
    amountMinor,
    at: now,
    notes,
    receipt,
    speedRequested: speed,
    speedProcessed: speed === 'optimum' && instantRefunds === 'available' ? 'instant' : 'normal',
    traceKind: traceKind === 'method' ? kindOfMethod : fixedKind,
  };
}
