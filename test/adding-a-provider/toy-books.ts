/** An answer before the network gets hold of it. */
export interface Answer {
  readonly status: number;
  readonly body: object;
  readonly effect: boolean;
}

export interface BookedRefund {
  readonly id: string;
  readonly payment: string;
  status: 'waiting' | 'succeeded' | 'failed' | 'stopped';
  readonly amount: number;
  readonly currency: string;
  /** What the caller wanted to be written there; null for one that was made by hand. */
  readonly note: string | null;
  readonly key: string | null;
  readonly made_at: string;
}

export interface BookedPayment {
  readonly id: string;
  readonly status: 'paid' | 'held' | 'open';
  readonly amount: number;
  readonly currency: string;
  readonly opened_at: string;
  readonly refunds: BookedRefund[];
}

export const refusal = (status: number, code: string): Answer => ({
  status,
  body: { error: { code } },
  effect: false,
});

const shown = ({ key: _key, ...refund }: BookedRefund): object => refund;

/** Toy Bank: payments and refunds in minor units, and keys that it never forgets. */
export class ToyBooks {
  readonly payments = new Map<string, BookedPayment>();
  readonly #keys = new Map<string, { readonly body: string; readonly refund: BookedRefund }>();
  readonly now: () => Date;
  /** Whether a new refund waits to be settled. */
  waits = false;
  /** A payment does not show its refunds for so long, in seconds. */
  lagSeconds = 0;

  constructor(now: () => Date) {
    this.now = now;
  }

  forgetKeys(): void {
    this.#keys.clear();
  }

  refunds(): BookedRefund[] {
    return [...this.payments.values()].flatMap(({ refunds }) => refunds);
  }

  readPayment(id: string): Answer {
    const payment = this.payments.get(id);
    if (payment === undefined) return refusal(404, 'no_such_payment');
    const newest = new Date(this.now().getTime() - this.lagSeconds * 1000).toISOString();
    const refunds = payment.refunds.filter(({ made_at: madeAt }) => madeAt <= newest).map(shown);
    return { status: 200, body: { ...payment, refunds }, effect: false };
  }

  readRefund(id: string): Answer {
    const refund = this.refunds().find((each) => each.id === id);
    if (refund === undefined) return refusal(404, 'no_such_refund');
    return { status: 200, body: shown(refund), effect: false };
  }

  createRefund(paymentId: string, key: string, body: string): Answer {
    const known = this.#keys.get(key);
    if (known !== undefined && known.body !== body) return refusal(409, 'key_taken');
    if (known !== undefined) return { status: 200, body: shown(known.refund), effect: false };
    const payment = this.payments.get(paymentId);
    if (payment === undefined) return refusal(404, 'no_such_payment');
    const { amount, note } = JSON.parse(body) as { amount: number; note: string };
    if (payment.status !== 'paid') return refusal(422, 'not_paid');
    if (amount > this.#left(payment)) return refusal(422, 'too_much');
    const refund = this.book(payment, amount, this.waits ? 'waiting' : 'succeeded', { key, note });
    this.#keys.set(key, { body, refund });
    return { status: 201, body: shown(refund), effect: true };
  }

  book(
    payment: BookedPayment,
    amount: number,
    status: BookedRefund['status'],
    { key, note }: Pick<BookedRefund, 'key' | 'note'>,
  ): BookedRefund {
    const id = `tr_${String(this.refunds().length + 1).padStart(6, '0')}`;
    const { currency, id: paymentId } = payment;
    const made = { id, payment: paymentId, status, amount, currency, note, key };
    const refund = { ...made, made_at: this.now().toISOString() };
    payment.refunds.push(refund);
    return refund;
  }

  #left({ amount, refunds }: BookedPayment): number {
    const gone = refunds.filter(({ status }) => status === 'waiting' || status === 'succeeded');
    return gone.reduce((left, refund) => left - refund.amount, amount);
  }
}
