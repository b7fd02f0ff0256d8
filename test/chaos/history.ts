/** What a caller learned of a refund from one answer. */
export interface RefundSeen {
  readonly id: string;
  readonly status: string;
  readonly isFinal: boolean;
  readonly retries: number;
  readonly amountMinor: string;
}

/** How one request ended: with an answer that means something, or not. */
export type Answer =
  | { readonly kind: 'refund'; readonly refund: RefundSeen; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly codes: readonly string[] }
  /** Of cancelPayment, without a refund. */
  | { readonly kind: 'outcome'; readonly outcome: string }
  /** No answer, or one that says "again": the caller knows nothing. */
  | { readonly kind: 'none'; readonly why: string };

/** One request of a client and what it was answered. */
export interface Asked {
  readonly client: string;
  readonly merchant: string;
  readonly action: 'create' | 'conflict' | 'replay' | 'cancel' | 'retry' | 'void' | 'sync' | 'read';
  /** Of create, conflict, replay and void. */
  readonly key?: string;
  /** The provider's id of the payment. */
  readonly payment?: string;
  /** What a create asked for, where it named a figure. */
  readonly amountMinor?: string;
  readonly answer: Answer;
}

/** Everything that the clients of a run asked and were told, in the order of the answers. */
export class History {
  readonly asked: Asked[] = [];
  /** What must never be answered: another merchant's data, sums that do not add up, bugs. */
  readonly wrong: string[] = [];

  add(asked: Asked): void {
    this.asked.push(asked);
  }
}
