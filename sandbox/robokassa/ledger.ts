import type { LedgerPayment, LedgerRefund } from '../simulator.ts';
import { getShop } from './accounts.ts';
import { CURRENCY } from './amount.ts';
import { type PaymentRecord, type RefundRecord, STATES, type StateCode } from './records.ts';
import type { Store } from './store.ts';

// Money of these states came from the buyer and is not back with the buyer.
const HAS_MONEY: ReadonlySet<StateCode> = new Set([STATES.crediting, STATES.suspended, STATES.paid]);

/** The simulator's books and the human's cabinet: also the refunds that no look-up shows. */
export function ledgerOf(store: Store, reference?: string): LedgerPayment[] {
  const payments = reference === undefined ? [...store.payments.values()] : [store.payments.get(reference)];
  return payments.flatMap((payment) => (payment === undefined ? [] : ledgerPayment(store, payment)));
}

function ledgerPayment(store: Store, payment: PaymentRecord): LedgerPayment {
  const { account } = getShop(payment.merchantLogin);
  const capturedMinor = HAS_MONEY.has(payment.state) ? payment.outMinor : 0n;
  return {
    provider: 'robokassa',
    reference: payment.id,
    currency: CURRENCY,
    capturedMinor: capturedMinor.toString(),
    account,
    status: String(payment.state),
    voided: capturedMinor === 0n && payment.releasedMinor > 0n,
    releasedMinor: payment.releasedMinor.toString(),
    refunds: store.refundsOf(payment.id).map((refund) => ledgerRefund(refund, account)),
  };
}

// Neither a key nor a reference of the shop: the provider takes none.
function ledgerRefund(refund: RefundRecord, account: string): LedgerRefund {
  const amountMinor = refund.amountMinor.toString();
  return {
    id: refund.id,
    status: refund.status,
    amountMinor,
    currency: CURRENCY,
    sources: [{ account, amountMinor, feeMinor: '0' }],
    origin: refund.origin === 'console' ? 'console' : 'api',
    providerKey: null,
    ourReference: null,
    createdAt: new Date(refund.at).toISOString(),
  };
}
