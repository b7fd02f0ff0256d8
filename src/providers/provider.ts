import type { ZodType } from 'zod';
import type { Clock } from '../clock.ts';
import type { Failure } from '../errors.ts';
import type { Money } from '../money.ts';
import type {
  Evidence,
  FiscalReceipt,
  PaymentState,
  ProviderCode,
  RefundSpeed,
  TraceReference,
} from '../vocabulary.ts';
import type { AccountHttp, WireRequest } from './http.ts';

export type { Evidence, FiscalReceipt, PaymentState, ProviderCode, TraceReference };
export { providerCodes } from '../vocabulary.ts';

/** What an adapter needs of an account for one call: its secrets and an HTTP client bound to its limits. */
export interface AccountAccess<Credentials = unknown> {
  readonly code: string;
  readonly credentials: Credentials;
  readonly http: AccountHttp;
  /** For what depends on the date, such as whether a refusal is explained by the refund window. */
  readonly clock: Pick<Clock, 'now'>;
}

/** What we found out by asking. `absent` is the provider's definite "there is none", never our inability. */
export type Look<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unavailable'; readonly failure: Failure };

/** One seller's share of a split payment, in minor units of the payment's currency. */
export interface SourceFacts {
  readonly seller: string;
  readonly amountMinor: bigint;
  readonly platformFeeMinor: bigint | null;
}

/** A payment as its provider describes it now. */
export interface PaymentFacts {
  readonly providerPaymentId: string;
  readonly orderReference: string | null;
  readonly state: PaymentState;
  readonly rawStatus: string;
  readonly amount: Money;
  /** Zero until captured; never lowered by a refund. */
  readonly capturedMinor: bigint;
  /** The provider's own sum of succeeded refunds, or null where it tells none. */
  readonly refundedMinor: bigint | null;
  /** False only where the provider says definitely that no refund is possible. */
  readonly refundableByProvider: boolean;
  readonly method: string | null;
  readonly createdAt: Date;
  readonly capturedAt: Date | null;
  /** End of the hold of an authorized payment. */
  readonly holdExpiresAt: Date | null;
  /** The last instant at which the provider takes a refund, where it is known. */
  readonly refundWindowClosesAt: Date | null;
  /** Empty for a payment of one seller. */
  readonly sources: readonly SourceFacts[];
}

/** A payment with the refunds made there so far, by us or by anybody. */
export interface PaymentSight {
  readonly payment: PaymentFacts;
  readonly refunds: readonly RefundFacts[];
}

/**
 * A refund as its provider describes it now. `UNRECOGNISED` is a status word that this adapter does not
 * know (rule 8: never a guess).
 */
export interface RefundFacts {
  readonly providerRefundId: string;
  readonly providerPaymentId: string;
  readonly status: 'PENDING' | 'SUCCEEDED' | 'FAILED' | 'UNRECOGNISED';
  readonly rawStatus: string;
  readonly amount: Money;
  /** Null unless it failed, and for a failed one of a list that cannot tell why: `readRefund` tells. */
  readonly failure: Failure | null;
  /** Our reference (MONEY section 3) where the provider gave it back. */
  readonly ourReference: string | null;
  readonly createdAt: Date;
  readonly traceReferences: readonly TraceReference[];
  readonly sources: readonly SourceFacts[];
  /** What else is worth keeping, in the provider's words: safe, short, and no part of any decision. */
  readonly providerDetails: Readonly<Record<string, string>>;
}

/** What a provider would certainly refuse in an order, found without asking it. */
export interface OrderProblem {
  /** Where in the order, such as `["receipt", "items", "0", "quantity"]`. */
  readonly path: readonly string[];
  readonly message: string;
}

/** One leg to execute: everything from which the bytes to send are derived. Holds no row id. */
export interface RefundOrder {
  readonly providerPaymentId: string;
  readonly amount: Money;
  /** The derived provider key of this attempt, 40 hex digits; also our reference (MONEY section 3). */
  readonly providerKey: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly receipt: FiscalReceipt | null;
  /** How fast, where the provider has more than one way; absent: the provider's default. */
  readonly speed?: RefundSpeed;
  /** The sellers' shares of this leg of a split payment; absent for a payment of one seller. */
  readonly sources?: readonly SourceFacts[];
}

/** The five outcomes of a send (MONEY section 2). */
export type SendOutcome =
  | { readonly kind: 'accepted'; readonly refund: RefundFacts; readonly evidence: Evidence }
  | { readonly kind: 'refused'; readonly failure: Failure; readonly evidence: Evidence }
  | {
      readonly kind: 'deferred';
      readonly failure: Failure;
      readonly retryAfterMs: number | null;
      readonly evidence: Evidence;
    }
  | { readonly kind: 'not-sent'; readonly failure: Failure; readonly evidence: Evidence }
  | {
      readonly kind: 'unknown';
      readonly failure: Failure;
      readonly evidence: Evidence;
      /** The provider knows the key with other content: it may never be sent again, and no other one is tried. */
      readonly isKeyConflict?: true;
    };

/** The outcome of voiding a hold. `refused` carries what the payment was found to be, where that could be read. */
export type VoidOutcome =
  | { readonly kind: 'accepted'; readonly payment: PaymentFacts; readonly evidence: Evidence }
  | {
      readonly kind: 'refused';
      readonly payment: PaymentFacts | null;
      readonly failure: Failure;
      readonly evidence: Evidence;
    }
  | Exclude<SendOutcome, { kind: 'accepted' | 'refused' }>;

/** Which refunds of an account to list; newest first, pages of the provider's largest size. */
export interface RefundListQuery {
  readonly providerPaymentId?: string;
  readonly createdFrom?: Date;
  readonly createdTo?: Date;
  readonly cursor?: string;
}

export interface RefundListPage {
  readonly refunds: readonly RefundFacts[];
  readonly nextCursor: string | null;
}

/** How a lost answer is resolved (DESIGN section 6). */
export interface RecoveryPlan {
  /**
   * `LIST_AND_MATCH`: the refunds of a payment are read and matched by our reference. `NOTHING`: without an id
   * there is nothing to ask for, so that only a person can tell.
   */
  readonly lookUp: 'LIST_AND_MATCH' | 'NOTHING';
  /**
   * How long after the first send the same bytes may be sent again, in milliseconds; 0: never, since the provider
   * would take them for another refund.
   */
  readonly replayForMs: number;
  /** After that absence is looked at this much longer before a person has to decide, in milliseconds. */
  readonly readOnlyForMs: number;
  /** What a person does to find out, in the words of the provider's own console. */
  readonly instructions: string;
}

/** What a provider can do. Data: documentation and `providers { … }` are compiled from it. */
export interface Capabilities {
  readonly partialRefunds: boolean;
  readonly severalRefundsPerPayment: boolean;
  readonly splitRefunds: boolean;
  readonly itemRefunds: boolean;
  readonly receipts: boolean;
  readonly refundSpeeds: readonly RefundSpeed[];
  readonly voidAuthorized: boolean;
  readonly cancelRefund: boolean;
  readonly idempotencyHours: number;
  readonly listByPayment: boolean;
  readonly listByTime: boolean;
  readonly listPageSize: number;
  readonly concurrentOperationsPerPayment: 'ONE' | 'MANY';
  readonly refundWindowDays: number | null;
  readonly traceReferences: readonly TraceReference['kind'][];
  /** Whether a trace reference may come after the refund is final; false: with the final status, or never. */
  readonly lateTraceReferences: boolean;
  readonly externalRefunds: 'SEEN' | 'AGGREGATE' | 'INVISIBLE';
}

/**
 * The one interface to a provider. An adapter is stateless, knows no database and no GraphQL, and never
 * throws for what a provider says or fails to say: it returns it.
 */
export interface ProviderAdapter<Credentials = unknown> {
  readonly code: ProviderCode;
  readonly displayName: string;
  /** Changes when the bytes for one order change; stored with every attempt. */
  readonly wireVersion: string;
  readonly capabilities: Capabilities;
  readonly recovery: RecoveryPlan;
  /** The longest time a send may take, in milliseconds. */
  readonly sendDeadlineMs: number;
  /** Gaps between looks at a refund that is not final, in milliseconds; the last one repeats. */
  readonly lookGapsMs: readonly number[];
  /** A refund that is under way for longer is shown to a person, in milliseconds from its creation. */
  readonly pendingNormallyMs: number;
  /**
   * The watch window of a refund that succeeded: looked at once more so many milliseconds after its success,
   * ascending. What comes back later than the last of them is found by `syncRefund` only.
   */
  readonly watchAfterMs: readonly number[];
  readonly settings: {
    readonly credentials: ZodType<Credentials>;
    /** The provider's own name of the account, such as a shopId: belongs to one account only. */
    identityOf(credentials: Credentials): string;
    readonly defaultBaseUrl: string;
    /** Requests per second that are polite without an agreement. */
    readonly defaultRequestsPerSecond: number;
  };

  readPayment(access: AccountAccess<Credentials>, providerPaymentId: string): Promise<Look<PaymentSight>>;
  readRefund(access: AccountAccess<Credentials>, providerRefundId: string): Promise<Look<RefundFacts>>;
  listRefunds(access: AccountAccess<Credentials>, query: RefundListQuery): Promise<Look<RefundListPage>>;

  /** Everything that can be said against an order beforehand; asked before anything is reserved. */
  checkRefund(order: Omit<RefundOrder, 'providerKey'>): readonly OrderProblem[];
  /** The exact bytes for one order; throws only for an order to which `checkRefund` objects. */
  buildRefund(order: RefundOrder): WireRequest;
  /**
   * Sends stored bytes once. `order` tells what they mean, for classifying a refusal by re-reading state;
   * `mayStillSend` is asked right before the first byte.
   */
  sendRefund(
    access: AccountAccess<Credentials>,
    request: WireRequest,
    order: { readonly providerPaymentId: string; readonly amount: Money },
    mayStillSend: () => boolean,
  ): Promise<SendOutcome>;

  buildVoid(providerPaymentId: string, providerKey: string): WireRequest;
  sendVoid(
    access: AccountAccess<Credentials>,
    request: WireRequest,
    providerPaymentId: string,
    mayStillSend: () => boolean,
  ): Promise<VoidOutcome>;
}
