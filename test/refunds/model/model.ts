import type { RefundId } from '../../../src/ids.ts';
import type { CancelPaymentCommand, CancelOutcome } from '../../../src/refunds/cancel-payment.ts';
import type { CreateRefundCommand } from '../../../src/refunds/create-refund.ts';
import type { RefundStatus } from '../../../src/vocabulary.ts';

/** A payment of one run. */
export interface ModelPayment {
  readonly kind: 'plain' | 'split' | 'razorpay' | 'hold';
  readonly provider: 'yookassa' | 'razorpay';
  readonly account: string;
  readonly currency: 'RUB' | 'MYR';
  /** The provider's id. */
  readonly paymentId: string;
  readonly amountMinor: bigint;
  /** Refunds that were made in the provider's console. */
  consoleRefunds: number;
}

/** What a caller was promised with a key: this content is this refund, for ever. */
export interface RefundPromise {
  readonly command: CreateRefundCommand;
  readonly payment: ModelPayment;
  /** Null while the caller that made it never got an answer. */
  refundId: RefundId | null;
}

/** What a caller was told of a void. */
export interface VoidPromise {
  readonly command: CancelPaymentCommand;
  readonly payment: ModelPayment;
  outcome: CancelOutcome | 'REFUSED' | null;
}

/** What was seen of a refund last: final states stay, and versions grow. */
export interface Told {
  readonly status: RefundStatus;
  readonly version: number;
  readonly retries: number;
}

/** Everything that callers were promised in one run. */
export class Model {
  readonly payments: readonly ModelPayment[];
  readonly refunds = new Map<string, RefundPromise>();
  readonly voids = new Map<string, VoidPromise>();
  /** Keys that were refused: nothing may be remembered of them. */
  readonly refused = new Set<string>();
  readonly told = new Map<RefundId, Told>();
  /** Legs that ended by a person's verdict. */
  readonly verdicts = new Set<string>();
  /** Sent legs that had no provider's id after the last step, and refunds made elsewhere that were known then. */
  nameless: ReadonlySet<string> = new Set();
  readonly imported = new Set<string>();
  /** A list that hides what is new, and a key that is forgotten, together make a provider pay twice. */
  readonly kinds = new Set<string>();

  constructor(payments: readonly ModelPayment[]) {
    this.payments = payments;
  }

  payment(index: number): ModelPayment {
    return this.payments[index % this.payments.length]!;
  }

  /** One of the promises so far; undefined when there is none. */
  promise(index: number): RefundPromise | undefined {
    const all = [...this.refunds.values()];
    return all[index % Math.max(1, all.length)];
  }

  /** One of the refunds whose id a caller knows; of those that were seen in one of the states, if there are any. */
  known(index: number, ...states: readonly RefundStatus[]): KnownRefund | undefined {
    const all = [...this.refunds.values()].filter((each): each is KnownRefund => each.refundId !== null);
    const wanted = all.filter(({ refundId }) => states.includes(this.told.get(refundId)?.status ?? 'QUEUED'));
    const these = wanted.length > 0 ? wanted : all;
    return these[index % Math.max(1, these.length)];
  }
}

type KnownRefund = RefundPromise & { refundId: RefundId };
