import { Books } from '../books.ts';
import type { Journal } from '../journal.ts';
import { type PaymentRecord, type RefundRecord, STATES } from './records.ts';
import { DEFAULT_SETTINGS, type Settings } from './settings.ts';

/** Everything the simulator knows: payments by invoice and OpKey, what refunds take, and who waits for the clock. */
export class Store extends Books<PaymentRecord, RefundRecord, Settings> {
  readonly #byOpKey = new Map<string, string>();
  readonly #taken = new Map<string, bigint>();
  readonly #waiting = new Set<string>();
  readonly #processing = new Set<string>();

  /** Reads what the journal remembers. */
  constructor(journal: Journal) {
    super(journal, 'robokassa', DEFAULT_SETTINGS);
    this.load(journal);
  }

  findByOpKey(opKey: string): PaymentRecord | undefined {
    return this.payments.get(this.#byOpKey.get(opKey) ?? '');
  }

  /** What can still be refunded: OutSum less everything that is finished or processing, in the cabinet too. */
  leftMinor(payment: PaymentRecord): bigint {
    return payment.outMinor - (this.#taken.get(payment.id) ?? 0n);
  }

  /** Payments that are held or being credited. */
  waitingPayments(): PaymentRecord[] {
    return [...this.#waiting].flatMap((id) => this.payments.get(id) ?? []);
  }

  processingRefunds(): RefundRecord[] {
    return [...this.#processing].flatMap((id) => this.refunds.get(id) ?? []);
  }

  protected indexPayment(payment: PaymentRecord): void {
    this.#byOpKey.set(payment.opKey, payment.id);
    if (payment.state === STATES.held || payment.state === STATES.crediting) this.#waiting.add(payment.id);
    else this.#waiting.delete(payment.id);
  }

  protected indexRefund(refund: RefundRecord, before: RefundRecord | undefined): void {
    const change = taking(refund) - (before === undefined ? 0n : taking(before));
    this.#taken.set(refund.paymentId, (this.#taken.get(refund.paymentId) ?? 0n) + change);
    if (refund.status === 'processing') this.#processing.add(refund.id);
    else this.#processing.delete(refund.id);
  }
}

function taking({ status, amountMinor }: RefundRecord): bigint {
  return status === 'canceled' ? 0n : amountMinor;
}
