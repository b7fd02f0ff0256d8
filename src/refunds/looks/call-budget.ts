import type { AccountHttp } from '../../providers/http.ts';

/** What a look may take of its account. */
export interface LookBudget {
  /** Only calls that can be begun within so many milliseconds are made; absent: all, however long they wait. */
  readonly withinMs?: number;
}

/**
 * The time for which a look of many refunds plans, in milliseconds: as long as a query waits at most, and as one read
 * may wait for its turn. What does not fit into it is put off, so that no queue grows.
 */
export const lookBudgetMs = 10_000;

/** One call is always made: it is what finds out that a pause is over, or that the provider is not there. */
export const callsWithin = (http: Pick<AccountHttp, 'readsWithin'>, withinMs: number): number =>
  withinMs === Infinity ? Infinity : Math.max(1, http.readsWithin(withinMs));
