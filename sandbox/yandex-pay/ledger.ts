import type { LedgerPayment, LedgerRefund } from '../simulator.ts';
import { getMerchant } from './accounts.ts';
import type { OperationRecord, OrderRecord } from './records.ts';
import type { Store } from './store.ts';

/** The simulator's books, for comparison with somebody else's: every order in order of arrival, or one of them. */
export function ledgerOf(store: Store, reference?: string): LedgerPayment[] {
  const orders = reference === undefined ? [...store.payments.values()] : [store.payments.get(reference)];
  return orders.flatMap((order) => (order === undefined ? [] : ledgerPayment(store, order)));
}

function ledgerPayment(store: Store, order: OrderRecord): LedgerPayment {
  const { account } = getMerchant(order.merchantId);
  const refunds = store.refundsOf(order.id).filter(({ type }) => type === 'REFUND');
  return {
    provider: 'yandex-pay',
    reference: order.id,
    currency: order.currency,
    capturedMinor: order.capturedMinor.toString(),
    account,
    status: order.status,
    voided: order.capturedMinor === 0n && order.releasedMinor > 0n,
    releasedMinor: order.releasedMinor.toString(),
    refunds: refunds.map((refund) => ledgerRefund(refund, order.currency, account)),
  };
}

function ledgerRefund(refund: OperationRecord, currency: string, account: string): LedgerRefund {
  const amountMinor = refund.amountMinor.toString();
  return {
    id: refund.id,
    status: refund.status,
    amountMinor,
    currency,
    sources: [{ account, amountMinor, feeMinor: '0' }],
    origin: refund.origin === 'console' ? 'console' : 'api',
    providerKey: refund.externalId,
    ourReference: refund.externalId,
    createdAt: new Date(refund.at).toISOString(),
  };
}
