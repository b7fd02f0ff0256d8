import type { IncomingHttpHeaders } from 'node:http';
import type { FaultKind, Operation } from '../faults.ts';
import type { Answer } from '../simulator.ts';
import type { MerchantAccount } from './accounts.ts';
import type { ConnectorName, PaymentRecord, RefundRecord } from './records.ts';
import type { Store } from './store.ts';
import type { Refusal, TextKey } from './texts.ts';

export type Json = Record<string, unknown>;

/** A method and path that mean something at a connector. */
export interface Route {
  operation: Operation;
  /** The payment that every path of these APIs names. */
  id: string;
}

/** How a refund starts out when a fault decides it. */
export interface ForcedOutcome {
  status: 'pending' | 'failed';
  failure?: string | undefined;
}

/** What an operation works with: whose books, at a simulated instant, perhaps under a fault. */
export interface Scene {
  store: Store;
  account: MerchantAccount;
  now: number;
  forced: ForcedOutcome | undefined;
  /** New refunds are missing from lists for this long. */
  lagSeconds: number;
  /** A refund was made or ended, a hold was voided or not: adyen tells the merchant's server. */
  announce: Announce;
}

export interface Announce {
  refund(refund: RefundRecord): void;
  cancellation(payment: PaymentRecord, cancellation: Cancellation): void;
}

export interface Cancellation {
  id: string;
  reference: string | null;
  done: boolean;
}

/** The keys of the refusals that any request can meet. */
export interface CommonRefusals {
  key: TextKey;
  forbidden: TextKey;
  internal: TextKey;
  malformed: TextKey;
}

/** One connector's API as far as Prism calls it: paths, ids, requests, answers and errors. */
export interface Connector {
  readonly name: ConnectorName;
  readonly paymentIdForm: string;
  readonly refusals: CommonRefusals;
  mintPaymentId(): string;
  isPaymentId(text: string): boolean;
  mintRefundId(): string;
  /** Finds the operation of a request below `/{connector}`. */
  route(method: string, path: string): Route | undefined;
  /** The account whose credentials a request carries. */
  recognize(headers: IncomingHttpHeaders): MerchantAccount | undefined;
  /** Executes a call; `body` is undefined when it was no JSON object. Throws ApiError. */
  execute(scene: Scene, route: Route, body: Json | undefined): Answer;
  /** An error in this connector's form. */
  errorAnswer(refusal: Refusal): Answer;
  /** Whether a kind of fault, possible at the provider, can happen to this operation here. */
  faultApplies(kind: FaultKind, operation: Operation): boolean;
  /** The answer with another amount, or a status word that no documentation knows; undefined where it has none. */
  withAmount(body: unknown, change: (minor: number) => number): unknown;
  withStatus(body: unknown, word: string): unknown;
}
