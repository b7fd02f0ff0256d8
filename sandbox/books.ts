import type { Journal } from './journal.ts';
import { JournalBatch } from './journal-batch.ts';
import { KeyBook } from './key-book.ts';
import { type Placed, Timeline } from './timeline.ts';

const KEY_LIFE_MS = 24 * 3_600_000;

/**
 * Everything that a simulator knows, in indexed maps, and its way into the journal. Changes take effect in memory at
 * once; `commit` writes those since the last one as one transaction and must run before anybody is answered.
 */
export abstract class Books<
  Payment extends Placed,
  Refund extends Placed & { paymentId: string },
  Settings extends object,
> {
  readonly payments = new Map<string, Payment>();
  readonly refunds = new Map<string, Refund>();
  readonly keys: KeyBook;
  settings: Settings;
  protected readonly batch: JournalBatch;
  readonly #provider: string;
  readonly #refundIds = new Map<string, string[]>();
  readonly #timelines = new Map<string, Timeline>();
  #lastSeq = 0;

  constructor(journal: Journal, provider: string, defaults: Settings) {
    this.batch = new JournalBatch(journal);
    this.#provider = provider;
    this.settings = defaults;
    this.keys = new KeyBook(
      this.batch,
      this.kind('key'),
      journal.take(this.kind('key')),
      () => this.keyLifeMs,
    );
  }

  /** How long a key is remembered, by the simulated clock. */
  protected get keyLifeMs(): number {
    return KEY_LIFE_MS;
  }

  /** The name of a kind of entry in the journal. */
  protected kind(name: string): string {
    return `${this.#provider}.${name}`;
  }

  /** Reads what the journal remembers: for the end of the constructor, when the subclass has its own indexes. */
  protected load(journal: Journal): void {
    // The journal is this program's own file: its values have the types that were written.
    for (const value of journal.take(this.kind('payment')).values()) this.#keepPayment(value as Payment);
    for (const value of journal.take(this.kind('refund')).values()) this.#keepRefund(value as Refund);
    for (const value of journal.take(this.kind('settings')).values()) {
      this.settings = { ...this.settings, ...(value as Partial<Settings>) };
    }
  }

  /** A payment was stored; `before` is what it replaces. */
  protected abstract indexPayment(payment: Payment, before: Payment | undefined): void;

  /** A refund was stored; `before` is what it replaces. */
  protected abstract indexRefund(refund: Refund, before: Refund | undefined): void;

  nextSeq(): number {
    return ++this.#lastSeq;
  }

  putPayment(payment: Payment): void {
    this.#keepPayment(payment);
    this.batch.note(this.kind('payment'), payment.id, payment);
  }

  putRefund(refund: Refund): void {
    this.#keepRefund(refund);
    this.batch.note(this.kind('refund'), refund.id, refund);
  }

  putSettings(settings: Settings): void {
    this.settings = settings;
    this.batch.note(this.kind('settings'), 'all', settings);
  }

  /** The refunds of a payment, oldest first. */
  refundsOf(paymentId: string): Refund[] {
    return (this.#refundIds.get(paymentId) ?? []).flatMap((id) => this.refunds.get(id) ?? []);
  }

  /** The order of the objects that belong to a scope, such as the refunds of one account or of one payment. */
  timeline(scope: string): Timeline {
    const known = this.#timelines.get(scope);
    if (known !== undefined) return known;
    const fresh = new Timeline();
    this.#timelines.set(scope, fresh);
    return fresh;
  }

  /** Writes the changes since the last commit as one transaction. */
  commit(): void {
    this.batch.commit();
  }

  #keepPayment(payment: Payment): void {
    const before = this.payments.get(payment.id);
    this.payments.set(payment.id, payment);
    this.#lastSeq = Math.max(this.#lastSeq, payment.seq);
    this.indexPayment(payment, before);
  }

  #keepRefund(refund: Refund): void {
    const before = this.refunds.get(refund.id);
    if (before === undefined) {
      const ids = this.#refundIds.get(refund.paymentId);
      if (ids === undefined) this.#refundIds.set(refund.paymentId, [refund.id]);
      else ids.push(refund.id);
    }
    this.refunds.set(refund.id, refund);
    this.#lastSeq = Math.max(this.#lastSeq, refund.seq);
    this.indexRefund(refund, before);
  }
}
