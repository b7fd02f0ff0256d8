import type { Json, Scene } from '../connector.ts';
import type { PaymentRecord, RefundRecord } from '../records.ts';
import type { Store } from '../store.ts';

const APPROVED = { approved: true, response_code: '10000', response_summary: 'Approved' };

/** A payment with its balances. Prism needs `id`, `status` and `_links`. */
export function paymentView(store: Store, payment: PaymentRecord): Json {
  const { id, amountMinor, capturedMinor, currency, status, at } = payment;
  const { succeededMinor, pendingMinor } = store.totals(id);
  const refunded = succeededMinor + (store.settings.checkoutCountPending ? pendingMinor : 0n);
  const held = status === 'authorized' ? amountMinor : 0n;
  return {
    id,
    requested_on: new Date(at).toISOString(),
    source: { type: 'card', scheme: 'Visa', last4: '4242' },
    amount: Number(amountMinor),
    currency,
    payment_type: 'Regular',
    approved: status !== 'pending',
    status: statusOf(payment, refunded),
    balances: {
      total_authorized: status === 'pending' ? 0 : Number(amountMinor),
      total_voided: status === 'voided' ? Number(amountMinor) : 0,
      available_to_void: Number(held),
      total_captured: Number(capturedMinor),
      available_to_capture: Number(held),
      total_refunded: Number(refunded),
      available_to_refund: Number(store.leftMinor(payment)),
    },
    _links: { self: { href: `/payments/${id}` }, actions: { href: `/payments/${id}/actions` } },
  };
}

/** Everything that was done to a payment, newest first; a refund has no `approved` until its end is known. */
export function actionViews({ store, now, lagSeconds }: Scene, payment: PaymentRecord): Json[] {
  const { id, amountMinor, capturedMinor, capturedAt, voided, status, at } = payment;
  const own: Json[] = [];
  const part = id.slice('pay_'.length + 1); // ids of the payment's own actions follow from its id
  if (status !== 'pending') own.push(action(`act_a${part}`, 'Authorization', at, amountMinor, APPROVED));
  if (capturedAt !== undefined)
    own.push(action(`act_c${part}`, 'Capture', capturedAt, capturedMinor, APPROVED));
  if (voided !== undefined) {
    own.push(
      action(voided.id, 'Void', voided.at, amountMinor, {
        ...APPROVED,
        reference: voided.reference ?? undefined,
      }),
    );
  }
  const listed = store.refundsOf(id).filter((refund) => refund.at + lagSeconds * 1_000 <= now);
  return [...own, ...listed.map(refundView)].toReversed();
}

function refundView(refund: RefundRecord): Json {
  return action(refund.id, 'Refund', refund.at, refund.amountMinor, {
    ...outcomeOf(refund),
    reference: refund.reference ?? undefined,
  });
}

function action(id: string, type: string, at: number, amountMinor: bigint, rest: Json): Json {
  return { id, type, processed_on: new Date(at).toISOString(), amount: Number(amountMinor), ...rest };
}

function outcomeOf({ status, failure }: RefundRecord): Json {
  if (status === 'pending') return {};
  if (status === 'succeeded') return APPROVED;
  return { approved: false, response_code: '20005', response_summary: failure ?? 'Declined' };
}

function statusOf({ status, amountMinor, capturedMinor }: PaymentRecord, refundedMinor: bigint): string {
  if (status === 'pending') return 'Pending';
  if (status === 'authorized') return 'Authorized';
  if (status === 'voided') return 'Voided';
  if (refundedMinor >= capturedMinor) return 'Refunded';
  if (refundedMinor > 0n) return 'Partially Refunded';
  return capturedMinor < amountMinor ? 'Partially Captured' : 'Captured';
}
