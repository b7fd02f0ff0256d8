import { Books } from '../books.ts';
import type { Journal } from '../journal.ts';
import type { PaymentRecord, RefundRecord } from './records.ts';
import { DEFAULT_SETTINGS, type Settings } from './settings.ts';

/** What refunds take from a payment; failed and reversed ones take nothing. */
export interface Totals {
  succeededMinor: bigint;
  pendingMinor: bigint;
}

/** Everything the simulator knows about the payments of all its connectors. */
export class Store extends Books<PaymentRecord, RefundRecord, Settings> {
  /** Reads what the journal remembers. */
  constructor(journal: Journal) {
    super(journal, 'prism', DEFAULT_SETTINGS);
    this.load(journal);
  }

  totals(paymentId: string): Totals {
    const taken = (status: RefundRecord['status']): bigint =>
      this.refundsOf(paymentId)
        .filter((refund) => refund.status === status)
        .reduce((sum, refund) => sum + refund.amountMinor, 0n);
    return { succeededMinor: taken('succeeded'), pendingMinor: taken('pending') };
  }

  /** What can still be refunded; pending refunds count. */
  leftMinor(payment: PaymentRecord): bigint {
    const { succeededMinor, pendingMinor } = this.totals(payment.id);
    return payment.capturedMinor - succeededMinor - pendingMinor;
  }

  protected indexPayment(): void {}

  protected indexRefund(): void {}
}
