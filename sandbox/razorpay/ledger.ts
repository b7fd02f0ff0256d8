import type { LedgerPayment, LedgerRefund } from '../simulator.ts';
import { getAccount } from './accounts.ts';
import type { PaymentRecord, RefundRecord } from './records.ts';
import type { Store } from './store.ts';
import { shownStatus } from './view.ts';

/** The simulator's books, for comparison with somebody else's: every payment in order of arrival, or one of them. */
export function ledgerOf(store: Store, reference?: string): LedgerPayment[] {
  const payments = reference === undefined ? [...store.payments.values()] : [store.payments.get(reference)];
  return payments.flatMap((payment) => (payment === undefined ? [] : ledgerPayment(store, payment)));
}

// The return of a payment that was never captured is a release: no refund of captured money.
function ledgerPayment(store: Store, payment: PaymentRecord): LedgerPayment {
  const { account } = getAccount(payment.scope);
  const amountMinor = payment.amountMinor.toString();
  const refunds = store.refundsOf(payment.id).filter(({ origin }) => origin !== 'automatic');
  return {
    provider: 'razorpay',
    reference: payment.id,
    currency: payment.currency,
    capturedMinor: payment.status === 'captured' ? amountMinor : '0',
    account,
    status: shownStatus(payment, store.totals(payment.id), store.settings),
    voided: payment.status === 'returned',
    releasedMinor: payment.status === 'returned' ? amountMinor : '0',
    refunds: refunds.map((refund) => ledgerRefund(refund, account)),
  };
}

function ledgerRefund(refund: RefundRecord, account: string): LedgerRefund {
  const amountMinor = refund.amountMinor.toString();
  const noted = refund.notes['refund_id'];
  return {
    id: refund.id,
    status: refund.status,
    amountMinor,
    currency: refund.currency,
    sources: [{ account, amountMinor, feeMinor: '0' }],
    origin: refund.origin === 'console' ? 'console' : 'api',
    providerKey: refund.providerKey,
    ourReference: refund.receipt ?? (noted === undefined ? null : String(noted)),
    createdAt: new Date(refund.at).toISOString(),
  };
}
