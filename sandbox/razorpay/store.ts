import { Books } from '../books.ts';
import type { Journal } from '../journal.ts';
import type { PaymentRecord, RefundRecord } from './records.ts';
import { DEFAULT_SETTINGS, type Settings } from './settings.ts';

/** What refunds take from a payment. A failed refund takes nothing. */
export interface Totals {
  processedMinor: bigint;
  pendingMinor: bigint;
}

/** Everything the simulator knows: payments and refunds by account, what refunds take, and who waits for the clock. */
export class Store extends Books<PaymentRecord, RefundRecord, Settings> {
  readonly #totals = new Map<string, Totals>();
  readonly #receipts = new Set<string>();
  readonly #authorized = new Set<string>();
  readonly #due = new Set<string>();

  /** Reads what the journal remembers. */
  constructor(journal: Journal) {
    super(journal, 'razorpay', DEFAULT_SETTINGS);
    this.load(journal);
  }

  totals(paymentId: string): Totals {
    return this.#totals.get(paymentId) ?? { processedMinor: 0n, pendingMinor: 0n };
  }

  /** What can still be refunded; pending refunds count always, whatever the payment shows. */
  leftMinor(payment: PaymentRecord): bigint {
    const { processedMinor, pendingMinor } = this.totals(payment.id);
    return payment.amountMinor - processedMinor - pendingMinor;
  }

  isReceiptUsed(scope: string, receipt: string): boolean {
    return this.#receipts.has(`${scope}/${receipt}`);
  }

  /** Takes from what refunds are paid from, or gives back when negative. */
  spend(amountMinor: bigint): void {
    const { balanceMinor } = this.settings;
    if (balanceMinor === null) return;
    this.putSettings({ ...this.settings, balanceMinor: (BigInt(balanceMinor) - amountMinor).toString() });
  }

  /** Payments that wait for their capture. */
  authorizedPayments(): PaymentRecord[] {
    return [...this.#authorized].flatMap((id) => this.payments.get(id) ?? []);
  }

  /** Pending refunds that end by themselves. */
  dueRefunds(): RefundRecord[] {
    return [...this.#due].flatMap((id) => this.refunds.get(id) ?? []);
  }

  protected override get keyLifeMs(): number {
    return this.settings.keyLifeSeconds * 1_000;
  }

  protected indexPayment(payment: PaymentRecord, before: PaymentRecord | undefined): void {
    if (before === undefined) {
      this.timeline(`payments/${payment.scope}`).insert(payment);
      this.timeline(`payments/${payment.scope}/${payment.orderId}`).insert(payment);
    }
    if (payment.status === 'authorized') this.#authorized.add(payment.id);
    else this.#authorized.delete(payment.id);
  }

  protected indexRefund(refund: RefundRecord, before: RefundRecord | undefined): void {
    if (before === undefined) {
      this.timeline(`refunds/${refund.scope}`).insert(refund);
      this.timeline(`refunds/${refund.scope}/${refund.paymentId}`).insert(refund);
      if (refund.receipt !== null) this.#receipts.add(`${refund.scope}/${refund.receipt}`);
    } else {
      this.#count(before, -1n);
    }
    this.#count(refund, 1n);
    if (refund.status === 'pending' && refund.due !== undefined) this.#due.add(refund.id);
    else this.#due.delete(refund.id);
  }

  #count(refund: RefundRecord, sign: bigint): void {
    const { processedMinor, pendingMinor } = this.totals(refund.paymentId);
    const amountMinor = sign * refund.amountMinor;
    this.#totals.set(refund.paymentId, {
      processedMinor: processedMinor + (refund.status === 'processed' ? amountMinor : 0n),
      pendingMinor: pendingMinor + (refund.status === 'pending' ? amountMinor : 0n),
    });
  }
}
