import type { AlertCode } from './alerts.ts';

/**
 * What became of a call: `refused` is any other 4xx, `failed` a 5xx, `lost` no complete answer, `not-sent` no byte
 * left, `circuit-open` not even tried.
 */
export const callResults = [
  'ok',
  'refused',
  'rate-limited',
  'failed',
  'lost',
  'not-sent',
  'circuit-open',
] as const;
export type CallResult = (typeof callResults)[number];

export interface ProviderCall {
  readonly account: string;
  readonly provider: string;
  readonly kind: 'send' | 'read';
  readonly result: CallResult;
  /** Without the wait for its turn. */
  readonly durationMs: number;
}

/**
 * What became of a request to a webhook URL. `stored` and `nothing` (about nothing of ours) were verified; what
 * follows `malformed` is to be sent again by the provider.
 */
export const webhookResults = [
  'stored',
  'nothing',
  'not-configured',
  'forged',
  'stale',
  'foreign',
  'malformed',
  'unverifiable',
  'full',
  'database-away',
  'overloaded',
  'failed',
] as const;
export type WebhookResult = (typeof webhookResults)[number];

/** How a request to `/graphql` ended, seen from outside. */
export const requestOutcomes = [
  'ok',
  'not-modified',
  'errors',
  'bad-request',
  'unauthenticated',
  'overloaded',
  'failed',
  'aborted',
] as const;
export type RequestOutcome = (typeof requestOutcomes)[number];

export interface GraphqlRequest {
  readonly type: 'query' | 'mutation' | 'none';
  readonly outcome: RequestOutcome;
  readonly durationMs: number;
}

/** What became of an attempt to deliver a webhook: `lost` is no answer, `gone` a 410, `given-up` the last refusal. */
export const deliveryResults = ['delivered', 'refused', 'lost', 'gone', 'given-up'] as const;
export type DeliveryResult = (typeof deliveryResults)[number];

/**
 * What is counted for those who run the service. Labels are codes of accounts and endpoints, providers and closed lists of words:
 * bounded, and nothing of a payer, a payment or a credential (I10, I11).
 */
export interface Metrics {
  alertRaised(code: AlertCode): void;
  legSent(account: string, outcome: string): void;
  providerCalled(call: ProviderCall): void;
  circuitChanged(account: string, isOpen: boolean): void;
  /** @param endpoint its code */
  eventTried(endpoint: string, result: DeliveryResult): void;
  /** @param account undefined: at a path of no account */
  webhookAnswered(account: string | undefined, result: WebhookResult | 'unknown-path'): void;
  graphqlStarted(): void;
  /** Follows every `graphqlStarted`, once. */
  graphqlAnswered(request: GraphqlRequest): void;
}

const ignore = (): void => undefined;

/** Counts nothing. */
export const noMetrics: Metrics = {
  alertRaised: ignore,
  legSent: ignore,
  providerCalled: ignore,
  circuitChanged: ignore,
  eventTried: ignore,
  webhookAnswered: ignore,
  graphqlStarted: ignore,
  graphqlAnswered: ignore,
};
