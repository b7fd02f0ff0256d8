import type { LedgerPayment, LedgerRefund } from '../simulator.ts';
import { getShop } from './accounts.ts';
import type { PaymentRecord, RefundRecord } from './records.ts';
import type { Store } from './store.ts';
import { isoOf } from './view.ts';

/** The simulator's books, for comparison with somebody else's: every payment in order of arrival, or one of them. */
export function ledgerOf(store: Store, reference?: string): LedgerPayment[] {
  const payments = reference === undefined ? [...store.payments.values()] : [store.payments.get(reference)];
  return payments.flatMap((payment) => (payment === undefined ? [] : ledgerPayment(store, payment)));
}

function ledgerPayment(store: Store, payment: PaymentRecord): LedgerPayment {
  const { account } = getShop(payment.shopId);
  return {
    provider: 'yookassa',
    reference: payment.id,
    currency: payment.currency,
    capturedMinor: (payment.status === 'succeeded' ? payment.amountMinor : 0n).toString(),
    account,
    status: payment.status,
    voided: payment.status === 'canceled' && payment.releasedMinor > 0n,
    releasedMinor: payment.releasedMinor.toString(),
    refunds: store.refundsOf(payment.id).map((refund) => ledgerRefund(refund, account)),
  };
}

function ledgerRefund(refund: RefundRecord, account: string): LedgerRefund {
  const amountMinor = refund.amountMinor.toString();
  const sources = refund.sources.map((source) => ({
    account: source.accountId,
    amountMinor: source.amountMinor.toString(),
    feeMinor: (source.feeMinor ?? 0n).toString(),
  }));
  return {
    id: refund.id,
    status: refund.status,
    amountMinor,
    currency: refund.currency,
    sources: sources.length > 0 ? sources : [{ account, amountMinor, feeMinor: '0' }],
    origin: refund.origin,
    providerKey: refund.providerKey,
    ourReference: refund.metadata?.['refund_ref'] ?? null,
    createdAt: isoOf(refund.at),
  };
}
