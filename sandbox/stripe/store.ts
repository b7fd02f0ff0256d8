import { Books } from '../books.ts';
import type { Journal } from '../journal.ts';
import { isOpen, type PaymentRecord, type RefundRecord, takesMoney } from './records.ts';
import { DEFAULT_SETTINGS, type Settings } from './settings.ts';

/** What refunds take from a payment. A failed or canceled refund takes nothing. */
export interface Totals {
  succeededMinor: bigint;
  openMinor: bigint;
}

/** Everything the simulator knows: payments and refunds by account, and what refunds take. */
export class Store extends Books<PaymentRecord, RefundRecord, Settings> {
  readonly #totals = new Map<string, Totals>();

  /** Reads what the journal remembers. */
  constructor(journal: Journal) {
    super(journal, 'stripe', DEFAULT_SETTINGS);
    this.load(journal);
  }

  totals(paymentId: string): Totals {
    return this.#totals.get(paymentId) ?? { succeededMinor: 0n, openMinor: 0n };
  }

  /** What can still be refunded; refunds without an end count always, whatever the charge shows. */
  leftMinor(payment: PaymentRecord): bigint {
    const { succeededMinor, openMinor } = this.totals(payment.id);
    return payment.capturedMinor - succeededMinor - openMinor;
  }

  protected override get keyLifeMs(): number {
    return this.settings.keyLifeSeconds * 1_000;
  }

  protected indexPayment(): void {
    // Payments are found by id only: there is no list of them.
  }

  protected indexRefund(refund: RefundRecord, before: RefundRecord | undefined): void {
    if (before === undefined) {
      this.timeline(`refunds/${refund.scope}`).insert(refund);
      this.timeline(`refunds/${refund.scope}/${refund.paymentId}`).insert(refund);
    } else {
      this.#count(before, -1n);
    }
    this.#count(refund, 1n);
  }

  #count(refund: RefundRecord, sign: bigint): void {
    if (!takesMoney(refund)) return;
    const { succeededMinor, openMinor } = this.totals(refund.paymentId);
    const amountMinor = sign * refund.amountMinor;
    this.#totals.set(
      refund.paymentId,
      isOpen(refund)
        ? { succeededMinor, openMinor: openMinor + amountMinor }
        : { succeededMinor: succeededMinor + amountMinor, openMinor },
    );
  }
}
