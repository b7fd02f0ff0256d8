import type { LedgerPayment, LedgerRefund } from '../simulator.ts';
import type { PaymentRecord, RefundRecord } from './records.ts';
import type { Store } from './store.ts';

/** The simulator's books: every payment in order of arrival, or one of them. Statuses are common to the connectors. */
export function ledgerOf(store: Store, reference?: string): LedgerPayment[] {
  const payments = reference === undefined ? [...store.payments.values()] : [store.payments.get(reference)];
  return payments.flatMap((payment) => (payment === undefined ? [] : ledgerPayment(store, payment)));
}

function ledgerPayment(store: Store, payment: PaymentRecord): LedgerPayment {
  const { id, status, currency, account, amountMinor, capturedMinor } = payment;
  const held = status === 'authorized' || status === 'pending';
  return {
    provider: 'prism',
    reference: id,
    currency,
    capturedMinor: capturedMinor.toString(),
    account,
    status,
    voided: status === 'voided',
    releasedMinor: (held ? 0n : amountMinor - capturedMinor).toString(),
    refunds: store.refundsOf(id).map(ledgerRefund),
  };
}

function ledgerRefund(refund: RefundRecord): LedgerRefund {
  const amountMinor = refund.amountMinor.toString();
  return {
    id: refund.id,
    status: refund.status,
    amountMinor,
    currency: refund.currency,
    sources: [{ account: refund.account, amountMinor, feeMinor: '0' }],
    origin: refund.origin,
    providerKey: null,
    ourReference: refund.reference,
    createdAt: new Date(refund.at).toISOString(),
  };
}
