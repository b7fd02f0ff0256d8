import type { LedgerPayment, LedgerRefund } from '../simulator.ts';
import { getAccount } from './accounts.ts';
import { isoMinor } from './currencies.ts';
import type { PaymentRecord, RefundRecord } from './records.ts';
import type { Store } from './store.ts';

const REFERENCES = ['refund_ref', 'refund_id', 'order_id'] as const;

/**
 * The simulator's books, for comparison with somebody else's: every payment in order of arrival, or one of them, or those
 * of one account. Amounts are minor units of ISO 4217, unlike those on the wire.
 */
export function ledgerOf(store: Store, reference?: string, account?: string): LedgerPayment[] {
  const payments = reference === undefined ? [...store.payments.values()] : [store.payments.get(reference)];
  return payments
    .flatMap((payment) => (payment === undefined ? [] : ledgerPayment(store, payment)))
    .filter((payment) => account === undefined || payment.account === account);
}

function ledgerPayment(store: Store, payment: PaymentRecord): LedgerPayment {
  const { currency, status } = payment;
  const { account } = getAccount(payment.scope);
  return {
    provider: 'stripe',
    reference: payment.id,
    currency,
    capturedMinor: isoMinor(payment.capturedMinor, currency).toString(),
    account,
    status,
    voided: status === 'canceled' && payment.releasedMinor > 0n,
    releasedMinor: isoMinor(payment.releasedMinor, currency).toString(),
    refunds: store.refundsOf(payment.id).map((refund) => ledgerRefund(refund, account)),
  };
}

function ledgerRefund(refund: RefundRecord, account: string): LedgerRefund {
  const amountMinor = isoMinor(refund.amountMinor, refund.currency).toString();
  const named = REFERENCES.map((name) => refund.metadata[name]).find((value) => value !== undefined);
  return {
    id: refund.id,
    status: refund.status,
    amountMinor,
    currency: refund.currency,
    sources: [{ account, amountMinor, feeMinor: '0' }],
    origin: refund.origin,
    providerKey: refund.providerKey,
    ourReference: named ?? null,
    createdAt: new Date(refund.at).toISOString(),
  };
}
