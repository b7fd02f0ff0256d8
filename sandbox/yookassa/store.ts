import type { Journal, JournalEntry } from '../journal.ts';
import type { KeyRecord, PaymentRecord, RefundRecord } from './records.ts';
import { DEFAULT_SETTINGS, type Settings } from './settings.ts';
import { Timeline } from './timeline.ts';
import { Totals } from './totals.ts';

const KINDS = {
  payment: 'yookassa.payment',
  refund: 'yookassa.refund',
  key: 'yookassa.key',
  settings: 'yookassa.settings',
};

/** How long a key is remembered, by the simulated clock. */
export const KEY_LIFE_MS = 24 * 3_600_000;

/**
 * Everything the simulator knows, in indexed maps, and its way into the journal. Changes take effect in memory at once;
 * `commit` writes those since the last one as one transaction and must run before anybody is answered.
 */
export class Store {
  readonly #journal: Journal;
  #uncommitted: JournalEntry[] = [];
  #lastSeq = 0;
  settings: Settings = DEFAULT_SETTINGS;
  readonly payments = new Map<string, PaymentRecord>();
  readonly refunds = new Map<string, RefundRecord>();
  readonly #refundIds = new Map<string, string[]>();
  readonly #totals = new Map<string, Totals>();
  readonly #timelines = new Map<string, Timeline>();
  readonly #keys = new Map<string, KeyRecord>();
  #nextExpiry = Number.POSITIVE_INFINITY;

  /** Reads what the journal remembers. */
  constructor(journal: Journal) {
    this.#journal = journal;
    // The journal is this program's own file: its values have the types that were written.
    for (const value of journal.take(KINDS.payment).values()) this.#indexPayment(value as PaymentRecord);
    for (const value of journal.take(KINDS.refund).values()) this.#indexRefund(value as RefundRecord);
    for (const [id, value] of journal.take(KINDS.key)) this.#keys.set(id, value as KeyRecord);
    for (const value of journal.take(KINDS.settings).values()) {
      this.settings = { ...DEFAULT_SETTINGS, ...(value as Partial<Settings>) };
    }
  }

  nextSeq(): number {
    return ++this.#lastSeq;
  }

  /** The earliest end of a hold, so that the check for ended holds is cheap. */
  get nextExpiry(): number {
    return this.#nextExpiry;
  }

  putPayment(payment: PaymentRecord): void {
    this.#indexPayment(payment);
    this.#note(KINDS.payment, payment.id, payment);
  }

  putRefund(refund: RefundRecord): void {
    this.#indexRefund(refund);
    this.#note(KINDS.refund, refund.id, refund);
  }

  putSettings(settings: Settings): void {
    this.settings = settings;
    this.#note(KINDS.settings, 'all', settings);
  }

  totals(paymentId: string): Totals {
    const known = this.#totals.get(paymentId);
    if (known !== undefined) return known;
    const fresh = new Totals();
    this.#totals.set(paymentId, fresh);
    return fresh;
  }

  /** The refunds of a payment, oldest first. */
  refundsOf(paymentId: string): RefundRecord[] {
    return (this.#refundIds.get(paymentId) ?? []).flatMap((id) => this.refunds.get(id) ?? []);
  }

  /** The order of a shop's payments, of its refunds, or of the refunds of one payment. */
  timeline(scope: string): Timeline {
    const known = this.#timelines.get(scope);
    if (known !== undefined) return known;
    const fresh = new Timeline();
    this.#timelines.set(scope, fresh);
    return fresh;
  }

  findKey(shopId: string, key: string, now: number): KeyRecord | undefined {
    const record = this.#keys.get(`${shopId}:${key}`);
    return record !== undefined && now - record.at < KEY_LIFE_MS ? record : undefined;
  }

  putKey(shopId: string, key: string, record: KeyRecord): void {
    this.#dropOldKeys(record.at);
    const id = `${shopId}:${key}`;
    this.#keys.delete(id); // to the end: the map stays in order of age
    this.#keys.set(id, record);
    this.#note(KINDS.key, id, record);
  }

  forgetKey(shopId: string, key: string): void {
    const id = `${shopId}:${key}`;
    if (this.#keys.delete(id)) this.#note(KINDS.key, id, null);
  }

  /** Writes the changes since the last commit as one transaction. */
  commit(): void {
    if (this.#uncommitted.length === 0) return;
    this.#journal.append(this.#uncommitted);
    this.#uncommitted = []; // kept when the journal throws: the next commit tries again
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

  #indexPayment(payment: PaymentRecord): void {
    if (!this.payments.has(payment.id)) this.timeline(`payments/${payment.shopId}`).insert(payment);
    this.payments.set(payment.id, payment);
    this.#lastSeq = Math.max(this.#lastSeq, payment.seq);
    if (payment.status === 'waiting_for_capture' && payment.expiresAt !== undefined) {
      this.#nextExpiry = Math.min(this.#nextExpiry, payment.expiresAt);
    }
  }

  #indexRefund(refund: RefundRecord): void {
    const totals = this.totals(refund.paymentId);
    const before = this.refunds.get(refund.id);
    if (before === undefined) {
      this.timeline(`refunds/${refund.shopId}`).insert(refund);
      this.timeline(`refunds/${refund.shopId}/${refund.paymentId}`).insert(refund);
      const ids = this.#refundIds.get(refund.paymentId);
      if (ids === undefined) this.#refundIds.set(refund.paymentId, [refund.id]);
      else ids.push(refund.id);
    } else {
      totals.remove(before);
    }
    totals.add(refund);
    this.refunds.set(refund.id, refund);
    this.#lastSeq = Math.max(this.#lastSeq, refund.seq);
  }

  #dropOldKeys(now: number): void {
    for (const [id, record] of this.#keys) {
      if (now - record.at < KEY_LIFE_MS) return;
      this.#keys.delete(id);
      this.#note(KINDS.key, id, null);
    }
  }

  #note(kind: string, id: string, value: unknown): void {
    this.#uncommitted.push({ kind, id, value });
  }
}
