import type { IncomingHttpHeaders } from 'node:http';
import type { Fault, FaultInput, FaultKind, Operation } from './faults.ts';
import type { SandboxClock } from './clock.ts';
import type { Journal } from './journal.ts';
import type { WireMoney } from './money.ts';

/** A request as it arrived on a provider's port; `path` is below the simulator's base path. */
export interface ProviderRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** What goes back over the wire. `effect` says whether the request changed anything at the provider. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
  effect: boolean;
}

/** A request that was understood far enough to aim faults at it and to log it, but not executed yet. */
export interface ProviderCall {
  operation: Operation | undefined;
  references: string[];
  providerKey: string | null;
  account: string | null;
  /** Another provider's name for the same call: faults and the request log know it under both. */
  alsoKnownAs?: 'prism' | undefined;
  /** Calls with the same value run one after the other; undefined means no need to wait. */
  exclusive: string | undefined;
  /** Whether a fault can happen to this very call, where the simulator's own answer for its operation is too wide. */
  faultApplies?(kind: FaultKind): boolean;
  /** The answer while another call with the same `exclusive` runs; absent: this call waits for it. */
  whenBusy?(fault: Fault | undefined): Answer;
  /** Executes the request. Synchronous, so that nothing else happens between its checks and its effect. */
  run(fault: Fault | undefined): Answer;
}

/** `POST /control/payments`. */
export interface NewPayment {
  account?: string | undefined;
  reference?: string | undefined;
  amount: WireMoney;
  captured?: WireMoney | undefined;
  status: 'captured' | 'authorized' | 'pending';
  createdAt?: Date | undefined;
  capturedAt?: Date | undefined;
  method?: string | undefined;
  sources?: { account: string; amount: WireMoney; platformFee?: WireMoney | undefined }[] | undefined;
  items?: { id: string; title: string; quantity: string; unitPrice: WireMoney }[] | undefined;
  connector?: string | undefined;
  /** What the buyer paid, when that is not what the merchant gets. */
  paidByBuyer?: WireMoney | undefined;
  /** The provider's own word for the state, instead of `status`. */
  state?: string | undefined;
}

/** `POST /control/console-refund`: a refund that somebody made in the provider's own console. */
export interface ConsoleRefund {
  reference: string;
  amount: WireMoney;
  source?: { account: string; platformFee?: WireMoney | undefined } | undefined;
}

/** `POST /control/settle`: the end of pending refunds. */
export interface Settlement {
  refundId?: string | undefined;
  all?: true | undefined;
  status: 'succeeded' | 'failed' | 'canceled' | 'reversed';
  reason?: string | undefined;
  /** The bank's trace number is known from now on; without `value` one is invented. */
  trace?: { kind: 'arn' | 'rrn' | 'utr'; value?: string | undefined } | undefined;
}

/** `POST /control/webhooks`. */
export interface WebhookMode {
  mode: 'on' | 'off' | 'duplicate' | 'reorder' | 'forge';
  url?: string | undefined;
  /** The secret that signs events from now on, of this account. */
  secret?: string | undefined;
  account?: string | undefined;
}

/** One payment of `GET /control/ledger`: statuses in the provider's words, minor units as digit strings. */
export interface LedgerPayment {
  provider: string;
  reference: string;
  currency: string;
  capturedMinor: string;
  account: string;
  status: string;
  voided: boolean;
  releasedMinor: string;
  refunds: LedgerRefund[];
}

export interface LedgerRefund {
  id: string;
  status: string;
  amountMinor: string;
  currency: string;
  sources: { account: string; amountMinor: string; feeMinor: string }[];
  origin: 'api' | 'console';
  providerKey: string | null;
  ourReference: string | null;
  createdAt: string;
}

/** A ready payment with a well-known id, for trying things out. */
export interface ReadyPayment {
  reference: string;
  account: string;
  description: string;
}

/** What every simulator is made of. */
export interface SimulatorOptions {
  journal: Journal;
  clock: SandboxClock;
  /** Whether an empty simulator starts with the ready payments. */
  seed: boolean;
  webhookUrl: string | undefined;
}

/** One provider in the sandbox. The sandbox owns sockets, faults of the transport and the log; this owns behaviour. */
export interface Simulator {
  readonly provider: string;
  /** Port relative to SANDBOX_PORT. */
  readonly portOffset: number;
  readonly basePath: string;
  /** Fields of a new payment that few providers understand: all others refuse them. */
  readonly ownPaymentFields?: readonly ('paidByBuyer' | 'state')[];
  identify(request: ProviderRequest): ProviderCall;
  /** Throws a ControlError when this fault can never happen at this provider. */
  checkFault(fault: FaultInput): void;
  faultApplies(kind: FaultKind, operation: Operation): boolean;
  createPayment(payment: NewPayment): string;
  readyPayments(): ReadyPayment[];
  consoleRefund(refund: ConsoleRefund): string;
  /** Ends pending refunds and returns their ids. */
  settle(settlement: Settlement): string[];
  mode(): Record<string, unknown>;
  setMode(mode: Record<string, unknown>): void;
  setWebhooks(mode: WebhookMode): void;
  webhooks(): Record<string, unknown>;
  ledger(reference?: string): LedgerPayment[];
  credentials(baseUrl: string): Record<string, string>[];
  /** Lets everything happen that is due at the present simulated time. */
  tick(): void;
  /** Back to the ready payments; the journal was emptied before. */
  reset(): void;
  close(): void;
}
