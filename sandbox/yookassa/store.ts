import { Books } from '../books.ts';
import type { Journal } from '../journal.ts';
import type { PaymentRecord, RefundRecord } from './records.ts';
import { DEFAULT_SETTINGS, type Settings } from './settings.ts';
import { Totals } from './totals.ts';

/** Everything the simulator knows: payments and refunds by shop, what refunds take, and when holds end. */
export class Store extends Books<PaymentRecord, RefundRecord, Settings> {
  readonly #totals = new Map<string, Totals>();
  // The earliest end of a hold, so that the check for ended holds is cheap.
  #nextExpiry = Number.POSITIVE_INFINITY;

  /** Reads what the journal remembers. */
  constructor(journal: Journal) {
    super(journal, 'yookassa', DEFAULT_SETTINGS);
    this.load(journal);
  }

  totals(paymentId: string): Totals {
    const known = this.#totals.get(paymentId);
    if (known !== undefined) return known;
    const fresh = new Totals();
    this.#totals.set(paymentId, fresh);
    return fresh;
  }

  /** Holds that have ended by `now`. */
  endedHolds(now: number): PaymentRecord[] {
    if (now < this.#nextExpiry) return [];
    const ended: PaymentRecord[] = [];
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    for (const payment of this.payments.values()) {
      if (payment.status !== 'waiting_for_capture' || payment.expiresAt === undefined) continue;
      if (payment.expiresAt <= now) ended.push(payment);
      else this.#nextExpiry = Math.min(this.#nextExpiry, payment.expiresAt);
    }
    return ended;
  }

  protected indexPayment(payment: PaymentRecord, before: PaymentRecord | undefined): void {
    if (before === undefined) this.timeline(`payments/${payment.shopId}`).insert(payment);
    if (payment.status === 'waiting_for_capture' && payment.expiresAt !== undefined) {
      this.#nextExpiry = Math.min(this.#nextExpiry, payment.expiresAt);
    }
  }

  protected indexRefund(refund: RefundRecord, before: RefundRecord | undefined): void {
    const totals = this.totals(refund.paymentId);
    if (before === undefined) {
      this.timeline(`refunds/${refund.shopId}`).insert(refund);
      this.timeline(`refunds/${refund.shopId}/${refund.paymentId}`).insert(refund);
    } else {
      totals.remove(before);
    }
    totals.add(refund);
  }
}
