import type { ZodType } from 'zod';
import type { Clock } from '../clock.ts';
import type { Failure } from '../errors.ts';
import type { Currency, Money } from '../money.ts';
import type {
  Evidence,
  FiscalReceipt,
  PaymentState,
  ProviderCode,
  RefundReason,
  RefundSpeed,
  TraceReference,
} from '../vocabulary.ts';
import type { AccountHttp, WireRequest } from './http.ts';
import type { WebhookReceiver } from './webhook.ts';

export type { Evidence, FiscalReceipt, PaymentState, ProviderCode, TraceReference };

/** What an adapter needs of an account for one call: its secrets, its settings and an HTTP client bound to its limits. */
export interface AccountAccess<Credentials = unknown, Options = unknown> {
  readonly code: string;
  readonly credentials: Credentials;
  /** What is set for the account besides its secrets, such as an edition or an algorithm. */
  readonly options: Options;
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

/** What is left now of one line of a payment's cart: hundredths of its unit, and minor units of the payment's currency. */
export interface ItemFacts {
  /** The provider's own id of the line. */
  readonly item: string;
  readonly title: string;
  readonly leftHundredths: bigint;
  readonly leftMinor: bigint;
}

/** What a refund takes of one line: a quantity at its price, or, with a quantity of 0, only a part of its price. */
export interface ItemShare {
  readonly item: string;
  readonly quantityHundredths: bigint;
  readonly amountMinor: bigint;
}

/** A payment as its provider describes it now. */
export interface PaymentFacts {
  readonly providerPaymentId: string;
  /** What calls about the payment need besides its id, such as another name of it: kept with it, never secret. */
  readonly handles: Readonly<Record<string, string>>;
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
  /** True where only the whole payment can be refunded, at once. */
  readonly wholeOnly: boolean;
  readonly method: string | null;
  readonly createdAt: Date;
  readonly capturedAt: Date | null;
  /** End of the hold of an authorized payment. */
  readonly holdExpiresAt: Date | null;
  /** The last instant at which the provider takes a refund, where it is known. */
  readonly refundWindowClosesAt: Date | null;
  /** Empty for a payment of one seller. */
  readonly sources: readonly SourceFacts[];
  /** Empty where the provider knows no items, or refunds none. */
  readonly items: readonly ItemFacts[];
}

/** A payment with the refunds made there so far, by us or by anybody. */
export interface PaymentSight {
  readonly payment: PaymentFacts;
  readonly refunds: readonly RefundFacts[];
}

/**
 * A refund as its provider describes it now. `FAILED` and `CANCELED`: it ended without returning money, the latter
 * because somebody stopped it. `UNRECOGNISED` is a status word that this adapter does not know (rule 8: never a guess).
 */
export interface RefundFacts {
  readonly providerRefundId: string;
  readonly providerPaymentId: string;
  readonly status: 'PENDING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED' | 'UNRECOGNISED';
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
  /** Where the amount is the problem: the nearest ones that would work, in minor units, ascending. */
  readonly nearestMinor?: readonly bigint[];
}

/** One leg to execute: everything from which the bytes to send are derived. Holds no row id. */
export interface RefundOrder {
  readonly providerPaymentId: string;
  /** As the payment was read last. */
  readonly handles: Readonly<Record<string, string>>;
  readonly amount: Money;
  /** It takes all that is left at the provider. */
  readonly takesRest: boolean;
  /** Nothing of the payment was refunded or is under way. */
  readonly isFirst: boolean;
  /** What is left at the provider, line by line, before this order; empty where it knows no items. */
  readonly cart: readonly ItemFacts[];
  /** What the order takes of it; empty where items were neither named nor allocated. */
  readonly items: readonly ItemShare[];
  /** How many times an order of this attempt was sent before: a rebuilt one may need another name for its transport. */
  readonly sends: number;
  /** The derived provider key of this attempt, 40 hex digits; also our reference (MONEY section 3). */
  readonly providerKey: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Why, in our words: a provider that has such a field has fewer of them. */
  readonly reason: RefundReason;
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

/** A refund that is known by its id, and what we know of it besides. */
export interface KnownRefund {
  readonly providerRefundId: string;
  readonly providerPaymentId: string;
  /** What it should return, for a provider that does not repeat the amount in every answer. */
  readonly amount: Money;
  /** When the provider made it, as far as is known. */
  readonly createdAt: Date;
}

/** The payment that is to be stopped, as it was read a moment ago. */
export interface VoidTarget {
  readonly providerPaymentId: string;
  readonly handles: Readonly<Record<string, string>>;
  /** AUTHORIZED: a hold to release. PENDING: an unpaid payment to close, where `capabilities.cancelUnpaid`. */
  readonly state: Extract<PaymentState, 'AUTHORIZED' | 'PENDING'>;
}

/** What a provider takes as the amount of one refund of a currency, in minor units. */
export interface AmountRules {
  readonly minimumMinor: bigint;
  /** Every amount is a multiple of it. */
  readonly stepMinor: bigint;
  /** What stays refundable after a refund is nothing, or at least this much. */
  readonly leaveAtLeastMinor: bigint;
}

/** How an adapter lays a wish over the lines of a cart. `nearestMinor`: the nearest amounts that would work, ascending. */
export type Allocation =
  | { readonly kind: 'fits'; readonly shares: readonly ItemShare[] }
  | {
      readonly kind: 'misfit';
      /** Which line of the wish, where it is one. */
      readonly item: string | null;
      readonly message: string;
      readonly nearestMinor: readonly bigint[];
    };

/** An amount of any items, or these items: so much of each, or so much off its price. */
export type AllocationWish =
  | { readonly kind: 'amount'; readonly amountMinor: bigint }
  | {
      readonly kind: 'items';
      readonly items: readonly (
        | { readonly item: string; readonly quantityHundredths: bigint }
        | { readonly item: string; readonly amountMinor: bigint }
      )[];
    };

/** What became of the wish to stop a refund that the provider has accepted. */
export type CancelOutcome =
  | { readonly kind: 'accepted'; readonly refund: RefundFacts; readonly evidence: Evidence }
  | { readonly kind: 'refused'; readonly failure: Failure; readonly evidence: Evidence }
  /** Certainly not executed, and not because of the refund: the provider was busy, or refused the credentials. */
  | { readonly kind: 'deferred'; readonly failure: Failure; readonly evidence: Evidence }
  | { readonly kind: 'not-sent'; readonly failure: Failure; readonly evidence: Evidence }
  | { readonly kind: 'unknown'; readonly failure: Failure; readonly evidence: Evidence };

/** Which refunds of an account to list; newest first, pages of the provider's largest size. */
export interface RefundListQuery {
  readonly providerPaymentId?: string;
  readonly createdFrom?: Date;
  readonly createdTo?: Date;
  /** That of the payment, for a provider whose list tells none: without it the payment is read, too. */
  readonly currency?: Currency;
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
   * there is nothing to ask for, so that only a person can tell. `MESSAGES`: nothing can be asked for, and its
   * messages tell, by our reference.
   */
  readonly lookUp: 'LIST_AND_MATCH' | 'NOTHING' | 'MESSAGES';
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
  /**
   * Payments and their refunds can be read there; absent: they can. Where they cannot, the caller has to say what was
   * captured, and how a refund ended only a person can tell.
   */
  readonly readsPayments?: false;
  readonly partialRefunds: boolean;
  readonly severalRefundsPerPayment: boolean;
  readonly splitRefunds: boolean;
  readonly itemRefunds: boolean;
  readonly receipts: boolean;
  readonly refundSpeeds: readonly RefundSpeed[];
  readonly voidAuthorized: boolean;
  /** An unpaid payment can be closed, so that it is not paid any more. */
  readonly cancelUnpaid: boolean;
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
  /** The events of the adapter's receiver of webhooks; absent: it has none. */
  readonly webhooks?: readonly string[];
}

/** How a provider may differ from what a scenario of the conformance suite expects; a scenario says which it allows. */
export const deviationKinds = [
  /** There is no such thing at this provider, so that it cannot be met. */
  'IMPOSSIBLE',
  /** Nobody but a person can find out. */
  'LEFT_TO_A_PERSON',
  /** The answer to the send says no more than that it was accepted. */
  'ENDS_LATER',
  /** The provider's word for a refund that was stopped means that it failed. */
  'ENDS_AS_FAILED',
  /** The answer to the send is no proof; what became of it is found out by itself. */
  'FOUND_OUT',
  /** The provider's no to this cannot be told from any other, and counts as one. */
  'REFUSED',
  /** The answer tells neither the status nor the amount: what was ordered counts. */
  'NOT_TOLD',
  /** The word for this end is not known, so that it stays open. */
  'STAYS_OPEN',
  /** Its no is no proof: nothing is concluded from it, and nothing is reserved. */
  'NO_PROOF',
] as const;
export type DeviationKind = (typeof deviationKinds)[number];

/** Where an adapter differs in one scenario, and who says that its provider is like that. */
export interface Deviation {
  readonly instead: DeviationKind;
  /** One sentence for the table in the documentation. */
  readonly reason: string;
  /** The public document and its section. */
  readonly source: string;
}

/**
 * The one interface to a provider. An adapter is stateless, knows no database and no GraphQL, and never
 * throws for what a provider says or fails to say: it returns it.
 */
export interface ProviderAdapter<Credentials = unknown, Options = unknown> {
  readonly code: ProviderCode;
  /** Which of the ways to this provider: a version of its API, an edition or a connector; null where there is one. */
  readonly variant: string | null;
  readonly displayName: string;
  /** Changes when the bytes for one order change; stored with every attempt. */
  readonly wireVersion: string;
  /** Whether it can work on this machine; absent: it can. */
  readonly availability?: Availability;
  readonly capabilities: Capabilities;
  readonly recovery: RecoveryPlan;
  /** Where its provider differs from the scenarios of the conformance suite, by their names; absent: nowhere. */
  readonly deviations?: Readonly<Record<string, Deviation>>;
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
  /** Whoever knows the id of a refund there can read it: it is never shown, searched for or logged. */
  readonly hidesRefundId: boolean;
  /**
   * The bytes depend on what is left of the payment at the provider: it is read, and they are made anew, right before
   * a send, as long as no earlier send of the attempt may have been executed.
   */
  readonly buildsFromFreshPayment: boolean;
  /** Whether a payment of this state, in the provider's word, waits for something there, and takes no refund before. */
  isNotYetRefundable?(rawStatus: string): boolean;

  /** How the provider tells of changes by itself; absent: it does not, or nothing of use. */
  readonly webhooks?: WebhookReceiver<Credentials, Options>;

  readPayment(
    access: AccountAccess<Credentials, Options>,
    providerPaymentId: string,
  ): Promise<Look<PaymentSight>>;
  readRefund(access: AccountAccess<Credentials, Options>, known: KnownRefund): Promise<Look<RefundFacts>>;
  listRefunds(
    access: AccountAccess<Credentials, Options>,
    query: RefundListQuery,
  ): Promise<Look<RefundListPage>>;

  /** What one refund may amount to in this currency. */
  amountRules(currency: Currency): AmountRules;
  /** Lays a wish over a cart, so that `buildRefund` takes it; absent where the provider knows no items. Pure. */
  allocate?(cart: readonly ItemFacts[], wish: AllocationWish): Allocation;
  /** Everything that can be said against an order beforehand; asked before anything is reserved. */
  checkRefund(order: Omit<RefundOrder, 'providerKey'>): readonly OrderProblem[];
  /** The exact bytes for one order; throws only for an order to which `checkRefund` objects. */
  buildRefund(order: RefundOrder): WireRequest;
  /**
   * Sends stored bytes once. `order` tells what they mean, for classifying a refusal by re-reading state;
   * `mayStillSend` is asked right before the first byte.
   */
  sendRefund(
    access: AccountAccess<Credentials, Options>,
    request: WireRequest,
    order: SentOrder,
    mayStillSend: () => boolean,
  ): Promise<SendOutcome>;

  buildVoid(target: VoidTarget, providerKey: string): WireRequest;
  sendVoid(
    access: AccountAccess<Credentials, Options>,
    request: WireRequest,
    providerPaymentId: string,
    mayStillSend: () => boolean,
  ): Promise<VoidOutcome>;

  /** Stopping a refund that the provider has accepted; present exactly where `capabilities.cancelRefund`. */
  readonly cancel?: {
    /** Whether a refund in this status, in the provider's word, can still be stopped there. */
    isPossible(rawStatus: string): boolean;
    /** Asks once. Asking again is harmless: it stops, and never starts, anything. */
    send(
      access: AccountAccess<Credentials, Options>,
      known: KnownRefund,
      mayStillSend: () => boolean,
    ): Promise<CancelOutcome>;
  };
}

/** What the stored bytes of a send mean. */
export interface SentOrder {
  readonly providerPaymentId: string;
  readonly amount: Money;
  /** How many times these bytes, or others of their attempt, were sent before. */
  readonly sends: number;
}

/** Where in an account something is missing, such as `["options", "region"]`, and why. */
export interface MissingSetting {
  readonly path: readonly string[];
  readonly message: string;
}

/** What the configuration must know of a provider's accounts. */
export interface AccountSettings<Credentials = unknown, Options = unknown> {
  /** Secrets and names, strict. */
  readonly credentials: ZodType<Credentials>;
  /** What else is set for an account, strict; without anything it must be satisfied. */
  readonly options: ZodType<Options>;
  /** The provider's own name of the account, such as a shopId: belongs to one account only. Not secret. */
  identityOf(credentials: Credentials, options: Options): string;
  /** Whose name that is, where the account may be reached in two ways; absent: the provider's code. */
  identitySpaceOf?(options: Options, credentials: Credentials): string;
  /** What the parts of an account lack together, and where; never repeats a value. */
  missingOf?(credentials: Credentials, options: Options, baseUrl: string): MissingSetting | undefined;
  /** The production API; absent: every account names its own. */
  readonly defaultBaseUrl?: string;
  /** The same where it depends on the options, such as a region. */
  defaultBaseUrlOf?(options: Options): string;
  /** Other hosts of the same account by the name that `WireRequest.host` has. */
  otherBaseUrlsOf?(options: Options, baseUrl: string): Readonly<Record<string, string>>;
  /** Requests per second that are polite without an agreement. */
  readonly defaultRequestsPerSecond: number;
}

/** Whether the adapter of an account can work on this machine. */
export type Availability =
  /** Another adapter does the same work in its place; the message says which, and why. */
  | { readonly kind: 'substituted'; readonly message: string }
  | { readonly kind: 'unavailable'; readonly message: string };

/** A provider: the settings of its accounts, and the adapter for each way to reach it. */
export interface Provider<Credentials = unknown, Options = unknown> {
  /** Lower-case letters, digits and hyphens. Stored, so it never changes. */
  readonly code: ProviderCode;
  readonly displayName: string;
  /** For clients of the schema: a short name, and where the provider is, such as `Stripe (stripe.com).` */
  readonly description: string;
  readonly settings: AccountSettings<Credentials, Options>;
  /** One for each variant, the usual one first. */
  readonly adapters: readonly ProviderAdapter<Credentials, Options>[];
  /** The one for an account with these options and credentials. */
  adapterOf(options: Options, credentials: Credentials): ProviderAdapter<Credentials, Options>;
  /**
   * Loads what its adapters need, and gives the provider as it can be used then; asked once at start, where an account
   * needs it. Absent: nothing has to be loaded. Never rejects: what does not load is said by `availability`.
   */
  load?(): Promise<Provider<Credentials, Options>>;
}
