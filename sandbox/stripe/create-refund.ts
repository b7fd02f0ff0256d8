import { fail, succeed } from './end-refund.ts';
import type { Form } from './form.ts';
import { mintId } from './ids.ts';
import type { PaymentRecord, RefundRecord } from './records.ts';
import { parseRefundRequest } from './refund-request.ts';
import { checkRefund, findCharged, findPayment } from './refund-rules.ts';
import type { Store } from './store.ts';

/** How a refund starts out when a fault decides it: waiting, or failed for a reason. */
export type Outcome = 'pending' | { failed: string };

export interface Origin {
  scope: string;
  providerKey: string | null;
  outcome: Outcome | undefined;
}

/** `POST /v1/refunds`: checks parameters and payment, and stores the refund. Throws the 400 or 404 of the first broken rule. */
export function createRefund(
  store: Store,
  form: Form,
  { scope, providerKey, outcome }: Origin,
  now: number,
): RefundRecord {
  const request = parseRefundRequest(form);
  const payment = request.byCharge
    ? findCharged(store, scope, request.id)
    : findPayment(store, scope, request.id, 'paymentUnknown');
  const amountMinor = checkRefund(store, payment, request.amountMinor, now);
  const { reason, metadata } = request;
  const open: RefundRecord = {
    ...blank(store, payment, amountMinor, now),
    reason,
    metadata,
    origin: 'api',
    providerKey,
  };
  const refund = started(store, open, outcome, now);
  store.putRefund(refund);
  return refund;
}

/** A refund made in the dashboard: the same rules, succeeds at once, without key and metadata. Throws as `createRefund`. */
export function createConsoleRefund(
  store: Store,
  payment: PaymentRecord,
  wantedMinor: bigint,
  now: number,
  id?: string,
): RefundRecord {
  const open = blank(store, payment, checkRefund(store, payment, wantedMinor, now), now);
  const refund = succeed(id === undefined ? open : { ...open, id }, store.settings, now);
  store.putRefund(refund);
  return refund;
}

function started(
  { settings }: Store,
  open: RefundRecord,
  outcome: Outcome | undefined,
  now: number,
): RefundRecord {
  if (typeof outcome === 'object') return fail(open, outcome.failed);
  if (settings.balance === 'pending') return { ...open, pendingReason: 'insufficient_funds' };
  if (outcome === 'pending' || settings.refunds === 'pending') return open;
  if (settings.refunds === 'requires_action') return { ...open, status: 'requires_action' };
  return succeed(open, settings, now);
}

function blank(store: Store, payment: PaymentRecord, amountMinor: bigint, now: number): RefundRecord {
  return {
    id: mintId('re'),
    seq: store.nextSeq(),
    scope: payment.scope,
    paymentId: payment.id,
    status: 'pending',
    currency: payment.currency,
    amountMinor,
    at: now,
    reason: null,
    metadata: {},
    origin: 'console',
    providerKey: null,
  };
}
