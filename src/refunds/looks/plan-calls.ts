import type {
  KnownRefund,
  Look,
  RefundFacts,
  RefundListPage,
  RefundListQuery,
} from '../../providers/provider.ts';

/** An answer, and how many requests it took. */
export interface Asked<T> {
  readonly look: Look<T>;
  readonly requests: number;
}

/** The calls a plan may make; a provider without a list gives none. */
export interface LookCalls {
  readonly readRefund: (known: KnownRefund) => Promise<Asked<RefundFacts>>;
  readonly listRefunds: ((query: RefundListQuery) => Promise<Asked<RefundListPage>>) | undefined;
  readonly canListByTime: boolean;
  readonly canListByPayment: boolean;
  /** Calls that run at the same time; more would only wait for each other, with their deadlines running. */
  readonly readsAtOnce: number;
  /** Calls that may be begun: what the account's budget allows before the caller's time is over. */
  readonly budget: number;
  /** Milliseconds that never go backwards. */
  readonly now: () => number;
}

/** What one call other than a page over time can answer. */
export const groupsOf = (calls: LookCalls, open: ReadonlyMap<string, KnownRefund>): KnownRefund[][] =>
  calls.canListByPayment && calls.listRefunds !== undefined
    ? [...Map.groupBy(open.values(), ({ providerPaymentId }) => providerPaymentId).values()]
    : [...open.values()].map((refund) => [refund]);
